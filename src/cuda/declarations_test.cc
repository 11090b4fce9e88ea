// Our declarations of cuBLASLt and cuDNN against NVIDIA's headers, where there are any.
#include <gtest/gtest.h>

#include "cuda/cublas.h"
#include "cuda/cublas_declarations.h"
#include "cuda/cudnn.h"
#include "cuda/cudnn_declarations.h"

#if __has_include(<cublasLt.h>) && __has_include(<cuda_runtime.h>)
#include <cublasLt.h>
#endif
#if __has_include(<cudnn.h>) && __has_include(<cuda_runtime.h>)
#include <cudnn.h>
#endif

namespace ingot::cuda {
namespace {

TEST(Libraries, EachSaysWhereItIsOrWhyItIsMissing) {
  EXPECT_FALSE(cublas_library().detail().empty());
  EXPECT_FALSE(cudnn_library().detail().empty());
}

#ifdef CUBLAS_VER_MAJOR
static_assert(lt::kComputeF32 == CUBLAS_COMPUTE_32F && lt::kComputeTf32 == CUBLAS_COMPUTE_32F_FAST_TF32);
static_assert(lt::kTypeF32 == CUDA_R_32F && lt::kTypeF16 == CUDA_R_16F && lt::kTypeBF16 == CUDA_R_16BF);
static_assert(lt::kDescTransA == CUBLASLT_MATMUL_DESC_TRANSA && lt::kDescTransB == CUBLASLT_MATMUL_DESC_TRANSB);
static_assert(lt::kDescEpilogue == CUBLASLT_MATMUL_DESC_EPILOGUE && lt::kDescBias == CUBLASLT_MATMUL_DESC_BIAS_POINTER);
static_assert(lt::kDescBiasType == CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE);
static_assert(lt::kLayoutBatch == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT);
static_assert(lt::kLayoutStride == CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET);
static_assert(lt::kPreferenceWorkspace == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
static_assert(lt::kEpilogueNone == CUBLASLT_EPILOGUE_DEFAULT && lt::kEpilogueRelu == CUBLASLT_EPILOGUE_RELU);
static_assert(lt::kEpilogueBias == CUBLASLT_EPILOGUE_BIAS && lt::kEpilogueGelu == CUBLASLT_EPILOGUE_GELU);
static_assert(sizeof(lt::Algo) == sizeof(cublasLtMatmulAlgo_t));
static_assert(sizeof(lt::Heuristic) == sizeof(cublasLtMatmulHeuristicResult_t));
#endif

#ifdef CUDNN_MAJOR
static_assert(dnn::kPointwise == CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
static_assert(dnn::kConvolution == CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR &&
              dnn::kEngine == CUDNN_BACKEND_ENGINE_DESCRIPTOR);
static_assert(dnn::kEngineConfig == CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
static_assert(dnn::kKnobChoice == CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
static_assert(dnn::kTypeKnob == CUDNN_TYPE_KNOB_TYPE && dnn::kTypeChar == CUDNN_TYPE_CHAR);
static_assert(dnn::kConfigKnobs == CUDNN_ATTR_ENGINECFG_KNOB_CHOICES);
static_assert(dnn::kEngineIndex == CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
static_assert(dnn::kKnobType == CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE);
static_assert(dnn::kKnobValue == CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE && dnn::kMaxKnobs >= CUDNN_KNOB_TYPE_COUNTS);
static_assert(dnn::kPlanText == CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION);
static_assert(dnn::kHeuristics == CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
static_assert(dnn::kExecutionPlan == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
static_assert(dnn::kConvolutionForward == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
static_assert(dnn::kPointwiseOperation == CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
static_assert(dnn::kGraph == CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
static_assert(dnn::kVariantPack == CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
static_assert(dnn::kTensor == CUDNN_BACKEND_TENSOR_DESCRIPTOR);
static_assert(dnn::kMatmul == CUDNN_BACKEND_MATMUL_DESCRIPTOR);
static_assert(dnn::kMatmulOperation == CUDNN_BACKEND_OPERATION_MATMUL_DESCRIPTOR);
static_assert(dnn::kReduction == CUDNN_BACKEND_REDUCTION_DESCRIPTOR);
static_assert(dnn::kReductionOperation == CUDNN_BACKEND_OPERATION_REDUCTION_DESCRIPTOR);
static_assert(dnn::kTypeReductionOperator == CUDNN_TYPE_REDUCTION_OPERATOR_TYPE);
static_assert(dnn::kPointwiseAxis == CUDNN_ATTR_POINTWISE_AXIS);
static_assert(dnn::kOperationT == CUDNN_ATTR_OPERATION_POINTWISE_TDESC);
static_assert(dnn::kTensorByValue == CUDNN_ATTR_TENSOR_IS_BY_VALUE);
static_assert(dnn::kMatmulCompute == CUDNN_ATTR_MATMUL_COMP_TYPE);
static_assert(dnn::kMatmulA == CUDNN_ATTR_OPERATION_MATMUL_ADESC && dnn::kMatmulB == CUDNN_ATTR_OPERATION_MATMUL_BDESC);
static_assert(dnn::kMatmulC == CUDNN_ATTR_OPERATION_MATMUL_CDESC &&
              dnn::kMatmulMath == CUDNN_ATTR_OPERATION_MATMUL_DESC);
static_assert(dnn::kReductionOperator == CUDNN_ATTR_REDUCTION_OPERATOR);
static_assert(dnn::kReductionCompute == CUDNN_ATTR_REDUCTION_COMP_TYPE);
static_assert(dnn::kReductionX == CUDNN_ATTR_OPERATION_REDUCTION_XDESC);
static_assert(dnn::kReductionY == CUDNN_ATTR_OPERATION_REDUCTION_YDESC);
static_assert(dnn::kReductionMath == CUDNN_ATTR_OPERATION_REDUCTION_DESC);
static_assert(dnn::kI32 == CUDNN_DATA_INT32 && dnn::kBool == CUDNN_DATA_BOOLEAN);
static_assert(dnn::kMultiply == CUDNN_POINTWISE_MUL && dnn::kDivide == CUDNN_POINTWISE_DIV);
static_assert(dnn::kSubtract == CUDNN_POINTWISE_SUB && dnn::kExp == CUDNN_POINTWISE_EXP);
static_assert(dnn::kLog == CUDNN_POINTWISE_LOG && dnn::kGreaterOrEqual == CUDNN_POINTWISE_CMP_GE);
static_assert(dnn::kIndex == CUDNN_POINTWISE_GEN_INDEX && dnn::kSelect == CUDNN_POINTWISE_BINARY_SELECT);
static_assert(dnn::kReduceSum == CUDNN_REDUCE_TENSOR_ADD && dnn::kReduceMax == CUDNN_REDUCE_TENSOR_MAX);
static_assert(dnn::kNoteNondeterministic == CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC);
#if CUDNN_VERSION >= 91301
static_assert(dnn::kSdpaForward == CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR);
static_assert(dnn::kSdpaQ == CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC && dnn::kSdpaK == CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC);
static_assert(dnn::kSdpaV == CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC && dnn::kSdpaY == CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC);
static_assert(dnn::kSdpaScale == CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC);
#endif
static_assert(dnn::kTypeHandle == CUDNN_TYPE_HANDLE && dnn::kTypeDataType == CUDNN_TYPE_DATA_TYPE);
static_assert(dnn::kTypeBool == CUDNN_TYPE_BOOLEAN && dnn::kTypeInt64 == CUDNN_TYPE_INT64);
static_assert(dnn::kTypeFloat == CUDNN_TYPE_FLOAT && dnn::kTypePointer == CUDNN_TYPE_VOID_PTR);
static_assert(dnn::kTypeConvolutionMode == CUDNN_TYPE_CONVOLUTION_MODE);
static_assert(dnn::kTypeHeuristicMode == CUDNN_TYPE_HEUR_MODE && dnn::kTypeDescriptor == CUDNN_TYPE_BACKEND_DESCRIPTOR);
static_assert(dnn::kTypeNumericalNote == CUDNN_TYPE_NUMERICAL_NOTE);
static_assert(dnn::kTypePointwiseMode == CUDNN_TYPE_POINTWISE_MODE);
static_assert(dnn::kPointwiseMode == CUDNN_ATTR_POINTWISE_MODE &&
              dnn::kPointwiseMath == CUDNN_ATTR_POINTWISE_MATH_PREC);
static_assert(dnn::kConvolutionCompute == CUDNN_ATTR_CONVOLUTION_COMP_TYPE);
static_assert(dnn::kConvolutionMode == CUDNN_ATTR_CONVOLUTION_CONV_MODE);
static_assert(dnn::kConvolutionDilations == CUDNN_ATTR_CONVOLUTION_DILATIONS);
static_assert(dnn::kConvolutionStrides == CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES);
static_assert(dnn::kConvolutionPostPads == CUDNN_ATTR_CONVOLUTION_POST_PADDINGS);
static_assert(dnn::kConvolutionPrePads == CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS);
static_assert(dnn::kConvolutionSpatialDims == CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS);
static_assert(dnn::kHeuristicMode == CUDNN_ATTR_ENGINEHEUR_MODE);
static_assert(dnn::kHeuristicGraph == CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH);
static_assert(dnn::kHeuristicResults == CUDNN_ATTR_ENGINEHEUR_RESULTS);
static_assert(dnn::kConfigEngine == CUDNN_ATTR_ENGINECFG_ENGINE);
static_assert(dnn::kEngineGraph == CUDNN_ATTR_ENGINE_OPERATION_GRAPH);
static_assert(dnn::kEngineNumericalNote == CUDNN_ATTR_ENGINE_NUMERICAL_NOTE);
static_assert(dnn::kPlanConfig == CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
static_assert(dnn::kPlanWorkspace == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
static_assert(dnn::kForwardAlpha == CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA);
static_assert(dnn::kForwardBeta == CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA);
static_assert(dnn::kForwardConvolution == CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC);
static_assert(dnn::kForwardW == CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W);
static_assert(dnn::kForwardX == CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X);
static_assert(dnn::kForwardY == CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y);
static_assert(dnn::kOperationPointwise == CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR);
static_assert(dnn::kOperationX == CUDNN_ATTR_OPERATION_POINTWISE_XDESC);
static_assert(dnn::kOperationB == CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
static_assert(dnn::kOperationY == CUDNN_ATTR_OPERATION_POINTWISE_YDESC);
static_assert(dnn::kGraphOperations == CUDNN_ATTR_OPERATIONGRAPH_OPS);
static_assert(dnn::kTensorAlignment == CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT);
static_assert(dnn::kTensorDataType == CUDNN_ATTR_TENSOR_DATA_TYPE && dnn::kTensorDims == CUDNN_ATTR_TENSOR_DIMENSIONS);
static_assert(dnn::kTensorStrides == CUDNN_ATTR_TENSOR_STRIDES && dnn::kTensorId == CUDNN_ATTR_TENSOR_UNIQUE_ID);
static_assert(dnn::kTensorVirtual == CUDNN_ATTR_TENSOR_IS_VIRTUAL);
static_assert(dnn::kPackIds == CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
static_assert(dnn::kPackPointers == CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
static_assert(dnn::kPackWorkspace == CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
static_assert(dnn::kF32 == CUDNN_DATA_FLOAT && dnn::kF16 == CUDNN_DATA_HALF && dnn::kBF16 == CUDNN_DATA_BFLOAT16);
static_assert(dnn::kCrossCorrelation == CUDNN_CROSS_CORRELATION && dnn::kHeuristicA == CUDNN_HEUR_MODE_A);
static_assert(dnn::kHeuristicFallback == CUDNN_HEUR_MODE_FALLBACK && dnn::kAdd == CUDNN_POINTWISE_ADD);
static_assert(dnn::kRelu == CUDNN_POINTWISE_RELU_FWD && dnn::kSwish == CUDNN_POINTWISE_SWISH_FWD);
static_assert(dnn::kNoteTensorCore == CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
static_assert(dnn::kNoteDownConvert == CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS);
#endif

}  // namespace
}  // namespace ingot::cuda
