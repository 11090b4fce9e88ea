#include "ops/ops.h"

#include <string>
#include <unordered_map>

// One block per group of the list below.
#include "ops/binary.h"
#include "ops/bitcast.h"
#include "ops/cast.h"
#include "ops/fused.h"
#include "ops/unary.h"
#include "ops/where.h"

#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/gather_elements.h"
#include "ops/gather_nd.h"
#include "ops/non_zero.h"
#include "ops/one_hot.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/reverse_sequence.h"
#include "ops/scatter_elements.h"
#include "ops/shape_of.h"
#include "ops/sizes.h"
#include "ops/slice.h"
#include "ops/squeeze.h"
#include "ops/tensor_scatter.h"
#include "ops/tile.h"
#include "ops/transpose.h"
#include "ops/trilu.h"
#include "ops/unique.h"

#include "ops/affine_grid.h"
#include "ops/chain.h"
#include "ops/col2im.h"
#include "ops/conv.h"
#include "ops/conv_integer.h"
#include "ops/conv_transpose.h"
#include "ops/deform_conv.h"
#include "ops/fourier.h"
#include "ops/grid_sample.h"
#include "ops/group_norm.h"
#include "ops/group_query_attention.h"
#include "ops/hardmax.h"
#include "ops/if.h"
#include "ops/image_decoder.h"
#include "ops/inverse.h"
#include "ops/label_encoder.h"
#include "ops/layer_norm.h"
#include "ops/lrn.h"
#include "ops/maps.h"
#include "ops/matmul_nbits.h"
#include "ops/max_unpool.h"
#include "ops/nll_loss.h"
#include "ops/normalizer.h"
#include "ops/pool.h"
#include "ops/resize.h"
#include "ops/roi.h"
#include "ops/score_transform.h"
#include "ops/siblings.h"
#include "ops/softmax.h"
#include "ops/svm.h"
#include "ops/tree_ensemble.h"

#include "ops/arg_reduce.h"
#include "ops/binary.h"
#include "ops/bitcast.h"
#include "ops/cast.h"
#include "ops/col2im.h"
#include "ops/concat.h"
#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/cumulative.h"
#include "ops/custom.h"
#include "ops/deform_conv.h"
#include "ops/det.h"
#include "ops/einsum.h"
#include "ops/expand.h"
#include "ops/eye_like.h"
#include "ops/fourier.h"
#include "ops/fused.h"
#include "ops/gather.h"
#include "ops/gather_elements.h"
#include "ops/gather_nd.h"
#include "ops/grid_sample.h"
#include "ops/group_norm.h"
#include "ops/group_query_attention.h"
#include "ops/hardmax.h"
#include "ops/if.h"
#include "ops/inverse.h"
#include "ops/label_encoder.h"
#include "ops/layer_norm.h"
#include "ops/loop.h"
#include "ops/lrn.h"
#include "ops/maps.h"
#include "ops/matmul.h"
#include "ops/matmul_integer.h"
#include "ops/matmul_nbits.h"
#include "ops/max_unpool.h"
#include "ops/mel_weight_matrix.h"
#include "ops/nll_loss.h"
#include "ops/non_max_suppression.h"
#include "ops/non_zero.h"
#include "ops/normalizer.h"
#include "ops/one_hot.h"
#include "ops/optional.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/quantize_linear.h"
#include "ops/random.h"
#include "ops/range.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/resize.h"
#include "ops/reverse_sequence.h"
#include "ops/roi.h"
#include "ops/softmax.h"

#include "ops/arg_reduce.h"
#include "ops/cumulative.h"
#include "ops/det.h"
#include "ops/einsum.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/top_k.h"

#include "ops/attention.h"
#include "ops/linear_attention.h"
#include "ops/recurrent.h"
#include "ops/rotary_embedding.h"

#include "ops/conv_integer.h"
#include "ops/matmul_integer.h"
#include "ops/quantize_linear.h"

#include "ops/group_query_attention.h"
#include "ops/if.h"
#include "ops/inverse.h"
#include "ops/matmul_nbits.h"
#include "ops/score_transform.h"
#include "ops/svm.h"
#include "ops/tree_ensemble.h"

#include "ops/group_query_attention.h"
#include "ops/if.h"
#include "ops/image_decoder.h"
#include "ops/inverse.h"
#include "ops/label_encoder.h"
#include "ops/loop.h"
#include "ops/maps.h"
#include "ops/matmul_nbits.h"
#include "ops/normalizer.h"
#include "ops/optional.h"
#include "ops/scan.h"
#include "ops/scatter_elements.h"
#include "ops/score_transform.h"
#include "ops/sequence.h"
#include "ops/sequence_map.h"
#include "ops/shape_of.h"
#include "ops/sizes.h"
#include "ops/slice.h"
#include "ops/softmax.h"
#include "ops/squeeze.h"
#include "ops/strings.h"
#include "ops/svm.h"
#include "ops/tensor_scatter.h"
#include "ops/tf_idf_vectorizer.h"
#include "ops/tile.h"
#include "ops/top_k.h"
#include "ops/transpose.h"
#include "ops/tree_ensemble.h"
#include "ops/trilu.h"
#include "ops/unary.h"
#include "ops/unique.h"
#include "ops/where.h"

#include "ops/eye_like.h"
#include "ops/mel_weight_matrix.h"
#include "ops/random.h"
#include "ops/range.h"

namespace ingot {
namespace {

// Grouped as the converters are; within a group by name.
// clang-format off
const OpDef* const kAll[] = {
    // pointwise
    &Binary::def,
    &Bitcast::def,
    &Cast::def,
    &Fused::def,
    &Unary::def,
    &Where::def,
    // movement
    &Compress::def,
    &Concat::def,
    &Expand::def,
    &Gather::def,
    &GatherElements::def,
    &GatherNd::def,
    &NonZero::def,
    &OneHot::def,
    &Pad::def,
    &Reshape::def,
    &ReverseSequence::def,
    &ScatterElements::def,
    &ScatterNd::def,
    &ShapeOf::def,
    &Sizes::def,
    &Slice::def,
    &Squeeze::def,
    &TensorScatter::def,
    &Tile::def,
    &Transpose::def,
    &Trilu::def,
    &Unique::def,
    &Unsqueeze::def,
    // nn
    &AffineGrid::def,
    &Chain::def,
    &Col2Im::def,
    &Conv::def,
    &ConvTranspose::def,
    &DeformConv::def,
    &GridSample::def,
    &GroupNorm::def,
    &Hardmax::def,
    &LayerNorm::def,
    &Lrn::def,
    &MaxRoiPool::def,
    &MaxUnpool::def,
    &NllLoss::def,
    &Pool::def,
    &Resize::def,
    &RoiAlign::def,
    &Softmax::def,
    // math
    &ArgReduce::def,
    &Cumulative::def,
    &Det::def,
    &Einsum::def,
    &Inverse::def,
    &MatMul::def,
    &Reduce::def,
    &Siblings::def,
    &TopK::def,
    // recurrent, attention
    &Attention::def,
    &GroupQueryAttention::def,
    &LinearAttention::def,
    &Recurrent::def,
    &RotaryEmbedding::def,
    // quantization
    &ConvInteger::def,
    &DequantizeLinear::def,
    &DynamicQuantizeLinear::def,
    &MatMulInteger::def,
    &MatMulNBits::def,
    &QLinearConv::def,
    &QLinearMatMul::def,
    &QuantizeLinear::def,
    // control flow, sequences
    &ConcatFromSequence::def,
    &If::def,
    &Loop::def,
    &MakeOptional::def,
    &OptionalGetElement::def,
    &OptionalHasElement::def,
    &Scan::def,
    &SequenceAt::def,
    &SequenceConstruct::def,
    &SequenceEmpty::def,
    &SequenceErase::def,
    &SequenceInsert::def,
    &SequenceLength::def,
    &SequenceMap::def,
    &SplitToSequence::def,
    // generators
    &EyeLike::def,
    &MelWeightMatrix::def,
    &Multinomial::def,
    &Random::def,
    &Range::def,
    // signal, vision
    &Dft::def,
    &NonMaxSuppression::def,
    &Stft::def,
    // text
    &RegexFullMatch::def,
    &StringConcat::def,
    &StringNormalizer::def,
    &StringSplit::def,
    &TfIdfVectorizer::def,
    // ml
    &CastMap::def, &DictVectorizer::def, &LabelEncoder::def, &Normalizer::def, &OneHotEncoder::def,
    &ScoreTransform::def, &Svm::def, &TreeEnsemble::def, &ZipMap::def,
    &Custom::def,
};
// clang-format on

}  // namespace

std::span<const OpDef* const> all_ops() { return kAll; }

const OpDef* find_op(std::string_view name) {
  static const auto by_name = [] {
    std::unordered_map<std::string_view, const OpDef*> map;
    for (const OpDef* def : kAll) map.emplace(def->name, def);
    return map;
  }();
  const auto found = by_name.find(name);
  return found != by_name.end() ? found->second : nullptr;
}

}  // namespace ingot
