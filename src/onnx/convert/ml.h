// What the converters of ai.onnx.ml share.
#pragma once
#include "onnx/convert/convert.h"
#include "ops/score_transform.h"

namespace ingot::onnx {

PostTransform post_transform(const Conversion& c);
// classlabels_strings, or the integer labels of attribute `ints`.
Tensor class_labels(const Conversion& c, const char* ints);
// The labels at indices [n].
ir::ValueId emit_labels(Conversion& c, ir::ValueId index, Tensor labels);

// ml_trees.cc
void convert_tree_ensemble(Conversion& c);
void convert_tree_classifier(Conversion& c);
void convert_tree_regressor(Conversion& c);

}  // namespace ingot::onnx
