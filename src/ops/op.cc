#include "ops/op.h"

#include "base/hash.h"
#include "ops/op_io.h"

namespace ingot {

uint64_t Op::hash() const {
  ByteWriter writer;
  write_op(writer, *this);
  return hash64(writer.bytes());
}

bool Op::operator==(const Op& other) const {
  if (def_ != other.def_) return false;
  if (fields_ == other.fields_) return true;
  ByteWriter mine, theirs;
  write_op(mine, *this);
  write_op(theirs, other);
  return as_text(mine.bytes()) == as_text(theirs.bytes());
}

}  // namespace ingot
