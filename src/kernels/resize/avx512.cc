#include "kernels/isa/intrinsics.h"

#include "kernels/resize/resize.h"

#include "kernels/isa/avx512_begin.h"
namespace ingot::kernels::avx512 {
namespace {
#include "kernels/isa/vec_avx512.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/resize/resize-inl.h"
}  // namespace

ResizeFunctions resize_functions(DType dtype) { return find_resize(dtype); }

}  // namespace ingot::kernels::avx512
#include "kernels/isa/avx512_end.h"
