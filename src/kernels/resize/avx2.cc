#include "kernels/isa/intrinsics.h"

#include "kernels/resize/resize.h"

#include "kernels/isa/avx2_begin.h"
namespace ingot::kernels::avx2 {
namespace {
#include "kernels/isa/vec_avx2.h"
#include "kernels/isa/vec_storage.h"
#include "kernels/resize/resize-inl.h"
}  // namespace

ResizeFunctions resize_functions(DType dtype) { return find_resize(dtype); }

}  // namespace ingot::kernels::avx2
#include "kernels/isa/avx2_end.h"
