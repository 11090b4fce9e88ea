#include "cuda/cudnn.h"

#include <cstring>

#include "cuda/cudnn_graph.h"

namespace ingot::cuda {
namespace {

using device::Activation;
using device::Convolution;

constexpr size_t kMaxPlans = 5;
constexpr const char* kPrefix = "cuDNN ";

// The convolution and what follows it.
class ConvolutionGraph : public CudnnGraph {
 public:
  ConvolutionGraph(const Convolution& c, dnn::Handle handle) : convolution_(c), type_(cudnn_data_type(c.dtype)) {
    const Descriptor x = activation(0, c.h, c.w, c.c), w = weights();
    int steps = (c.bias ? 1 : 0) + (c.residual ? 1 : 0) + (c.activation != Activation::kNone ? 1 : 0);
    Descriptor y = result(steps == 0);
    add_convolution(x, w, y);
    const auto then = [&](int mode, const Descriptor* b) {
      const Descriptor next = result(--steps == 0);
      pointwise({mode, y, b}, next);
      y = next;
    };
    size_t index = 3;
    if (c.bias) {
      const Descriptor bias = operand(index++, {1, c.m, 1, 1}, {c.m, 1, c.m, c.m}, type_);
      then(dnn::kAdd, &bias);
    }
    if (c.residual) {
      const Descriptor residual = activation(index, c.out_h, c.out_w, c.m);
      then(dnn::kAdd, &residual);
    }
    if (c.activation == Activation::kRelu) then(dnn::kRelu, nullptr);
    if (c.activation == Activation::kSilu) then(dnn::kSwish, nullptr);
    finish(handle);
  }

 private:
  Descriptor activation(size_t index, int64_t h, int64_t w, int64_t c) {
    return operand(index, {convolution_.n, c, h, w}, {h * w * c, 1, w * c, c}, type_);
  }
  Descriptor weights() {
    const Convolution& c = convolution_;
    const auto [kh, kw] = c.kernel;
    const int64_t channels = c.c / c.groups;
    return operand(1, {c.m, channels, kh, kw}, {kh * kw * channels, 1, kw * channels, channels}, type_);
  }
  // Sums stay in f32 between the operations; what is stored has the convolution's type.
  Descriptor result(bool last) {
    const Convolution& c = convolution_;
    if (last) return activation(2, c.out_h, c.out_w, c.m);
    return inner({c.n, c.m, c.out_h, c.out_w}, {c.out_h * c.out_w * c.m, 1, c.out_w * c.m, c.m}, dnn::kF32);
  }

  void add_convolution(const Descriptor& x, const Descriptor& w, const Descriptor& y) {
    const Convolution& c = convolution_;
    Descriptor math(dnn::kConvolution);
    const int64_t spatial = 2;
    math.set_int(dnn::kConvolutionCompute, dnn::kTypeDataType, dnn::kF32);
    math.set_int(dnn::kConvolutionMode, dnn::kTypeConvolutionMode, dnn::kCrossCorrelation);
    math.set(dnn::kConvolutionSpatialDims, dnn::kTypeInt64, 1, &spatial);
    math.set(dnn::kConvolutionDilations, dnn::kTypeInt64, 2, c.dilation.data());
    math.set(dnn::kConvolutionStrides, dnn::kTypeInt64, 2, c.stride.data());
    math.set(dnn::kConvolutionPrePads, dnn::kTypeInt64, 2, c.pad_begin.data());
    math.set(dnn::kConvolutionPostPads, dnn::kTypeInt64, 2, c.pad_end.data());
    math = keep(std::move(math), "a convolution");
    Descriptor forward(dnn::kConvolutionForward);
    const float alpha = 1, beta = 0;
    forward.set_descriptor(dnn::kForwardConvolution, math);
    forward.set_descriptor(dnn::kForwardX, x);
    forward.set_descriptor(dnn::kForwardW, w);
    forward.set_descriptor(dnn::kForwardY, y);
    forward.set(dnn::kForwardAlpha, dnn::kTypeFloat, 1, &alpha);
    forward.set(dnn::kForwardBeta, dnn::kTypeFloat, 1, &beta);
    add(std::move(forward), "a convolution");
  }

  Convolution convolution_;
  int type_;
};

// Whether the engine computes f32 as precisely as the convolution asks: tensor cores take it as TF32.
bool keeps_precision(const Descriptor& config, const Convolution& convolution) {
  if (convolution.dtype != DType::kF32) return true;
  constexpr int32_t kNotes[] = {dnn::kNoteDownConvert, dnn::kNoteTensorCore};
  return !has_note(config, std::span(kNotes).first(convolution.tf32 ? 1 : 2));
}

std::shared_ptr<const ConvolutionGraph> graph_of(const Convolution& convolution, Stream stream) {
  if (!cudnn().library.found()) fail(Code::kUnsupported, "cuDNN is missing: {}", cudnn().library.detail());
  if (convolution.activation == Activation::kGeluTanh) fail(Code::kUnsupported, "cuDNN's part has no GELU");
  return std::make_shared<const ConvolutionGraph>(convolution, cudnn_handle(stream));
}

}  // namespace

const SharedLibrary& cudnn_library() { return cudnn().library; }

std::string cudnn_version() {
  if (!cudnn().library.found()) return "";
  const size_t version = cudnn().version();
  return fmt::format("{}.{}.{}", version / 10000, version % 10000 / 100, version % 100);
}

std::vector<Candidate> convolutions(const Convolution& convolution, Stream stream, bool fallback) {
  const auto takes = [&](const Descriptor& config) { return keeps_precision(config, convolution); };
  return cudnn_candidates(graph_of(convolution, stream), stream, {takes, kMaxPlans, fallback}, kPrefix);
}

std::unique_ptr<device::Operation> kept_convolution(const Convolution& convolution, const std::string& name,
                                                    const KeptText& text, Stream stream) {
  const auto graph = graph_of(convolution, stream);
  return text ? kept_plan(graph, *text, stream) : named_plan(graph, name.substr(std::strlen(kPrefix)), stream);
}

}  // namespace ingot::cuda
