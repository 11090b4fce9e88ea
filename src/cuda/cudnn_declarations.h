// The part of cuDNN's graph interface that we call; numbers as in cudnn_graph.h (a test compares them).
#pragma once
#include <cstdint>

namespace ingot::cuda::dnn {

using Handle = struct DnnHandle*;
using Descriptor = void*;

// cudnnBackendDescriptorType_t
inline constexpr int kPointwise = 0, kConvolution = 1, kHeuristics = 4, kExecutionPlan = 5, kConvolutionForward = 10,
                     kEngineConfig = 3, kEngine = 2, kKnobChoice = 7, kPointwiseOperation = 13, kGraph = 15,
                     kVariantPack = 16, kTensor = 17, kMatmul = 18, kMatmulOperation = 19, kReduction = 21,
                     kReductionOperation = 22, kSdpaForward = 41;
// cudnnBackendAttributeType_t
inline constexpr int kTypeHandle = 0, kTypeDataType = 1, kTypeBool = 2, kTypeInt64 = 3, kTypeFloat = 4, kTypeDouble = 5,
                     kTypePointer = 6, kTypeConvolutionMode = 7, kTypeHeuristicMode = 8, kTypeKnob = 9,
                     kTypeNumericalNote = 11, kTypePointwiseMode = 14, kTypeDescriptor = 15,
                     kTypeReductionOperator = 18, kTypeChar = 24;
// cudnnBackendAttributeName_t
inline constexpr int kPointwiseMode = 0, kPointwiseMath = 1, kPointwiseAxis = 9;
inline constexpr int kConvolutionCompute = 100, kConvolutionMode = 101, kConvolutionDilations = 102,
                     kConvolutionStrides = 103, kConvolutionPostPads = 104, kConvolutionPrePads = 105,
                     kConvolutionSpatialDims = 106;
inline constexpr int kHeuristicMode = 200, kHeuristicGraph = 201, kHeuristicResults = 202;
inline constexpr int kConfigEngine = 300, kConfigKnobs = 302, kEngineGraph = 1300, kEngineIndex = 1301,
                     kEngineNumericalNote = 1303;
inline constexpr int kKnobType = 600, kKnobValue = 601, kMaxKnobs = 44;
inline constexpr int kPlanHandle = 400, kPlanConfig = 401, kPlanWorkspace = 402, kPlanText = 405;
inline constexpr int kForwardAlpha = 700, kForwardBeta = 701, kForwardConvolution = 702, kForwardW = 703,
                     kForwardX = 704, kForwardY = 705;
inline constexpr int kOperationPointwise = 750, kOperationX = 751, kOperationB = 752, kOperationY = 753,
                     kOperationT = 758;
inline constexpr int kGraphHandle = 800, kGraphOperations = 801;
inline constexpr int kTensorAlignment = 900, kTensorDataType = 901, kTensorDims = 902, kTensorStrides = 903,
                     kTensorId = 906, kTensorVirtual = 907, kTensorByValue = 908;
inline constexpr int kMatmulCompute = 1500, kMatmulA = 1520, kMatmulB = 1521, kMatmulC = 1522, kMatmulMath = 1523;
inline constexpr int kReductionOperator = 1600, kReductionCompute = 1601, kReductionX = 1610, kReductionY = 1611,
                     kReductionMath = 1612;
inline constexpr int kSdpaQ = 2800, kSdpaK = 2801, kSdpaV = 2802, kSdpaY = 2803, kSdpaScale = 2805;
inline constexpr int kPackIds = 1000, kPackPointers = 1001, kPackWorkspace = 1003;
// values
inline constexpr int kF32 = 0, kF16 = 2, kI32 = 4, kBF16 = 9, kBool = 11;
inline constexpr int kCrossCorrelation = 1, kHeuristicA = 3, kHeuristicFallback = 2;
inline constexpr int kAdd = 0, kMultiply = 1, kDivide = 6, kSubtract = 9, kExp = 13, kLog = 15, kRelu = 100,
                     kSwish = 106, kGreaterOrEqual = 303, kIndex = 501, kSelect = 601;
inline constexpr int kReduceSum = 0, kReduceMax = 3;
inline constexpr int kNoteTensorCore = 0, kNoteDownConvert = 1, kNoteNondeterministic = 4;

}  // namespace ingot::cuda::dnn
