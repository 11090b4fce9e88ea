// What passes know of the machine: which fused forms have kernels. Plain data, filled from the kernel tables.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tensor/dtype.h"

namespace ingot::passes {

struct Target {
  std::string name = "cpu";
  bool channels_last = true;         // convolution, pooling and resizing run on channels-last activations
  bool conv_epilogue = true;         // pointwise operators after a convolution run inside it
  bool matmul_epilogue = true;       // the same for matrix products
  bool fused_pointwise = true;       // chains of pointwise operators run as one step
  bool merge_siblings = true;        // products of one input become one product
  bool chains = true;                // a depthwise convolution runs in one step with those before and after it
  bool half_floats = false;          // operators run on f16 and bf16 as they are
  bool join_products = false;        // products of one input become one wide product, whose columns are read in place
  bool attention = true;             // attention is one step that keeps the scores in cache
  bool integer_products = false;     // products of integers of 8 bits run as they are, with an epilogue on f32
  size_t max_body = 40;              // instructions in one fused group or epilogue
  size_t max_operands = 24;          // inputs and results of one fused group; a concatenation is one
  size_t max_joined = 4;             // concatenations that one fused group reads where their parts lie
  size_t max_epilogue_operands = 8;  // operands of one epilogue besides the product
  std::vector<DType> pointwise_types = {DType::kF32};  // elements that fused groups compute on
  // Elements that products compute on with an epilogue of one or several of pointwise_types; others want one type all
  // over.
  std::vector<DType> mixed_epilogue_types;
};

}  // namespace ingot::passes
