#include "kernels/pointwise/pointwise.h"
#include "kernels/pointwise/typed.h"

namespace ingot::kernels {
namespace {

constexpr int64_t kTypedTile = 256;

class TypedProgramKernel : public BoundKernel {
 public:
  TypedProgramKernel(const Problem& problem, const PointwiseBody& body)
      : loop_(loop_of(problem, body, arithmetic_ns(body, 1), kTypedTile)),
        program_(compile_typed(source_of(problem, body))) {}

  void run(const RunArgs& args) const noexcept override {
    args.parallel.run(loop_.tasks(), [&](int64_t task) {
      Body body(program_, loop_);
      loop_.run(task, args.inputs, args.outputs, body);
    });
  }

 private:
  // Runs the steps over each tile: values of instructions live in slots, results are copied out.
  class Body {
   public:
    Body(const TypedProgram& program, const Loop& loop) : program_(program), inputs_(loop.operands()) {
      for (size_t i = inputs_; i < program.types.size(); ++i) values_[i] = slots_[program.slots[i]];
    }
    void bind(size_t port, const void* data) {
      if (port < inputs_) {
        values_[port] = data;
      } else {
        outputs_[port - inputs_] = static_cast<std::byte*>(const_cast<void*>(data));
      }
    }
    void splat(size_t port, const void* element) {
      const size_t bytes = bytes_of(static_cast<int64_t>(port)), all = bytes * kTypedTile;
      std::memcpy(splats_[port], element, bytes);
      for (size_t done = bytes; done < all; done *= 2) std::memcpy(splats_[port] + done, splats_[port], done);
      values_[port] = splats_[port];
    }
    void run(int64_t count) {
      for (const TypedStep& step : program_.steps) {
        TypedArgs args;
        args.result = const_cast<void*>(values_[step.result]);
        for (size_t k = 0; k < step.operand_count; ++k) args.operands[k] = values_[step.operands[k]];
        args.count = count;
        args.alpha = step.alpha;
        args.beta = step.beta;
        step.run(args);
      }
      for (size_t i = 0; i < program_.results.size(); ++i) {
        const int64_t result = program_.results[i];
        std::memmove(outputs_[i], values_[result], count * bytes_of(result));
      }
    }

   private:
    size_t bytes_of(int64_t value) const { return static_cast<size_t>(dtype_bits(program_.types[value])) / 8; }

    const TypedProgram& program_;
    size_t inputs_;
    const void* values_[kMaxTypedValues];
    std::byte* outputs_[kMaxLoopOperands];
    alignas(64) std::byte slots_[kMaxTypedSlots][kTypedTile * 8];
    alignas(64) std::byte splats_[kMaxTypedInputs][kTypedTile * 8];
  };

  Loop loop_;
  TypedProgram program_;
};

}  // namespace

std::unique_ptr<BoundKernel> bind_typed_program(const Problem& problem) {
  return std::make_unique<TypedProgramKernel>(problem, body_of(problem));
}

}  // namespace ingot::kernels
