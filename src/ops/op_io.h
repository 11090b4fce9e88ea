// Operators as bytes: field names and values, so that a plan of an older release reads with new fields at defaults.
#pragma once
#include "base/bytes.h"
#include "ops/op.h"

namespace ingot {

void write_op(ByteWriter& writer, const Op& op);
// Rejects unknown operators, unknown fields, wrong kinds and enumeration values out of range.
Op read_op(ByteReader& reader);

void write_tensor(ByteWriter& writer, const Tensor& tensor);
Tensor read_tensor(ByteReader& reader);
void write_dims(ByteWriter& writer, const DimShape& dims);
DimShape read_dims(ByteReader& reader);
void write_type(ByteWriter& writer, const Type& type);
Type read_type(ByteReader& reader);

}  // namespace ingot
