#include "ops/sequence.h"

#include "ops/bodies.h"
#include "tensor/elements.h"

namespace ingot {
namespace {

// Type of the elements of input 0, which must be a sequence.
const Type& element_type(const InferContext& context) {
  const Type& type = context.input(0).type;
  context.require(type.kind == Type::Kind::kSequence, "expected a sequence, got {}", type.text());
  return *type.element;
}

void require_position(const InferContext& context, size_t index) {
  if (!context.has(index)) return;
  const DType dtype = context.dtype(index);
  context.require(dtype == DType::kI64 || dtype == DType::kI32, "a position in a sequence is {}", dtype_name(dtype));
}

// Input `index` as a position, made non-negative; below `count`.
size_t position(const EvalContext& context, size_t index, size_t size, size_t count) {
  const Tensor& tensor = context.tensor(index);
  if (tensor.count() != 1) fail(Code::kInvalidArgument, "a position in a sequence is {}", tensor.type_text());
  const int64_t given = read_int(tensor, 0);
  const int64_t at = given < 0 ? given + static_cast<int64_t>(size) : given;
  if (at < 0 || at >= static_cast<int64_t>(count)) {
    fail(Code::kInvalidArgument, "position {} in a sequence of {} elements", given, size);
  }
  return static_cast<size_t>(at);
}

}  // namespace

static void infer(const SequenceConstruct&, InferContext& context) {
  const Type& type = context.input(0).type;
  for (size_t i = 1; i < context.input_count(); ++i) {
    context.require(context.input(i).type == type, "a sequence of {} and {}", type.text(),
                    context.input(i).type.text());
  }
  context.set_output(0, Fact(Type::sequence(type)));
}

static void eval(const SequenceConstruct&, EvalContext& context) {
  std::vector<Value> items;
  for (size_t i = 0; i < context.input_count(); ++i) items.push_back(context.input(i));
  context.set_output(0, Value::sequence(std::move(items)));
}

const OpDef SequenceConstruct::def =
    define_op<SequenceConstruct, infer, eval>({"sequence_construct", "the sequence of the inputs", 1, -1, 1});

static void infer(const SequenceEmpty& op, InferContext& context) {
  context.set_output(0, Fact(Type::sequence(Type::tensor(op.dtype))));
}

static void eval(const SequenceEmpty&, EvalContext& context) { context.set_output(0, Value::sequence({})); }

const OpDef SequenceEmpty::def =
    define_op<SequenceEmpty, infer, eval>({"sequence_empty", "a sequence of nothing", 0, 0, 1});

static void infer(const SequenceInsert&, InferContext& context) {
  const Type& type = element_type(context);
  context.require(context.input(1).type == type, "{} inserted in a sequence of {}", context.input(1).type.text(),
                  type.text());
  require_position(context, 2);
  context.set_output(0, Fact(context.input(0).type));
}

static void eval(const SequenceInsert&, EvalContext& context) {
  std::vector<Value> items = context.input(0).items();
  const size_t at = context.has(2) ? position(context, 2, items.size(), items.size() + 1) : items.size();
  items.insert(items.begin() + static_cast<int64_t>(at), context.input(1));
  context.set_output(0, Value::sequence(std::move(items)));
}

const OpDef SequenceInsert::def = define_op<SequenceInsert, infer, eval>(
    {"sequence_insert", "the sequence with one more element before a position", 2, 3, 1});

static void infer(const SequenceErase&, InferContext& context) {
  element_type(context);
  require_position(context, 1);
  context.set_output(0, Fact(context.input(0).type));
}

static void eval(const SequenceErase&, EvalContext& context) {
  std::vector<Value> items = context.input(0).items();
  if (items.empty()) fail(Code::kInvalidArgument, "an element erased from an empty sequence");
  const size_t at = context.has(1) ? position(context, 1, items.size(), items.size()) : items.size() - 1;
  items.erase(items.begin() + static_cast<int64_t>(at));
  context.set_output(0, Value::sequence(std::move(items)));
}

const OpDef SequenceErase::def =
    define_op<SequenceErase, infer, eval>({"sequence_erase", "the sequence without one element", 1, 2, 1});

static void infer(const SequenceAt&, InferContext& context) {
  require_position(context, 1);
  context.set_output(0, Fact(element_type(context)));
}

static void eval(const SequenceAt&, EvalContext& context) {
  const auto& items = context.input(0).items();
  context.set_output(0, items[position(context, 1, items.size(), items.size())]);
}

const OpDef SequenceAt::def =
    define_op<SequenceAt, infer, eval>({"sequence_at", "one element of the sequence", 2, 2, 1});

static void infer(const SequenceLength&, InferContext& context) {
  element_type(context);
  context.set_output(0, DType::kI64, DimShape{});
}

static void eval(const SequenceLength&, EvalContext& context) {
  context.set_output(0, Tensor::scalar<int64_t>(static_cast<int64_t>(context.input(0).items().size())));
}

const OpDef SequenceLength::def =
    define_op<SequenceLength, infer, eval>({"sequence_length", "how many elements the sequence has", 1, 1, 1});

static void infer(const ConcatFromSequence&, InferContext& context) {
  const Type& type = element_type(context);
  context.require(type.is_tensor(), "a sequence of {} cannot be joined", type.text());
  context.set_output(0, Fact(type));
}

// Calls copy(position within the part, position within the whole) for every element of a part that starts at `start`
// of `axis`.
template <class Copy>
static void for_each_of_part(const Shape& part, const Shape& whole, int64_t axis, int64_t start, const Copy& copy) {
  const auto split = part.begin() + axis;
  const int64_t outer = element_count({part.begin(), split}), inner = element_count({split, part.end()});
  const int64_t stride = element_count({whole.begin() + axis, whole.end()});
  const int64_t offset = start * element_count({split + 1, part.end()});
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < inner; ++i) copy(o * inner + i, o * stride + offset + i);
  }
}

static void eval(const ConcatFromSequence& op, EvalContext& context) {
  const auto& items = context.input(0).items();
  if (items.empty()) fail(Code::kInvalidArgument, "an empty sequence cannot be joined");
  const Tensor& first = items[0].tensor();
  const int64_t axis = normalize_axis(op.axis, first.rank() + (op.new_axis ? 1 : 0));
  Shape shape = first.shape();
  if (op.new_axis) {
    shape.insert(shape.begin() + axis, static_cast<int64_t>(items.size()));
  } else {
    shape[static_cast<size_t>(axis)] = 0;
  }
  for (const Value& item : items) {
    const Tensor& tensor = item.tensor();
    Shape rest = tensor.shape(), wanted = first.shape();
    if (!op.new_axis && rest.size() == wanted.size()) {
      shape[static_cast<size_t>(axis)] += rest[static_cast<size_t>(axis)];
      rest[static_cast<size_t>(axis)] = wanted[static_cast<size_t>(axis)] = 0;
    }
    if (rest != wanted || tensor.dtype() != first.dtype()) {
      fail(Code::kInvalidArgument, "{} and {} cannot be joined", first.type_text(), tensor.type_text());
    }
  }
  Tensor& y = context.output(0, first.dtype(), shape);
  int64_t start = 0;
  for (const Value& item : items) {
    const Tensor& tensor = item.tensor();
    if (op.new_axis) {
      store_slice(tensor, y, axis, start++);
      continue;
    }
    for_each_of_part(tensor.shape(), shape, axis, start,
                     [&](int64_t from, int64_t to) { copy_element(tensor, from, y, to); });
    start += tensor.dim(axis);
  }
}

const OpDef ConcatFromSequence::def =
    define_op<ConcatFromSequence, infer, eval>({"concat_from_sequence", "the elements joined along an axis", 1, 1, 1});

static void infer(const SplitToSequence& op, InferContext& context) {
  if (context.shape(0)) context.axis(op.axis, 0);
  require_position(context, 1);
  context.set_output(0, Fact(Type::sequence(context.input(0).type)));
}

// Sizes of the parts along an axis of `size`.
static std::vector<int64_t> part_sizes(const EvalContext& context, int64_t size) {
  if (!context.has(1)) return std::vector<int64_t>(static_cast<size_t>(size), 1);
  const Tensor& split = context.tensor(1);
  std::vector<int64_t> sizes = to_ints(split);
  if (split.rank() > 0) {
    int64_t rest = size;
    for (const int64_t part : sizes) {
      if (part < 0 || part > rest) fail(Code::kInvalidArgument, "parts {} of an axis of {}", shape_text(sizes), size);
      rest -= part;
    }
    if (rest != 0) fail(Code::kInvalidArgument, "parts {} of an axis of {}", shape_text(sizes), size);
    return sizes;
  }
  const int64_t each = sizes[0];
  if (each <= 0) fail(Code::kInvalidArgument, "an axis split in parts of {}", each);
  sizes.assign(static_cast<size_t>(size / each), each);
  if (size % each != 0) sizes.push_back(size % each);
  return sizes;
}

static void eval(const SplitToSequence& op, EvalContext& context) {
  const Tensor& x = context.tensor(0);
  const int64_t axis = normalize_axis(op.axis, x.rank());
  std::vector<Value> items;
  int64_t start = 0;
  for (const int64_t size : part_sizes(context, x.dim(axis))) {
    Shape shape = x.shape();
    shape[static_cast<size_t>(axis)] = size;
    Tensor part(x.dtype(), shape);
    for_each_of_part(shape, x.shape(), axis, start, [&](int64_t to, int64_t from) { copy_element(x, from, part, to); });
    if (!context.has(1) && !op.keepdims) {
      shape.erase(shape.begin() + axis);
      part = part.reshaped(shape);
    }
    items.push_back(std::move(part));
    start += size;
  }
  context.set_output(0, Value::sequence(std::move(items)));
}

const OpDef SplitToSequence::def = define_op<SplitToSequence, infer, eval>(
    {"split_to_sequence", "the sequence of the parts of a tensor along an axis", 1, 2, 1});

}  // namespace ingot
