// What a GPU's libraries offer for convolutions, products and attention, and the choice among it and own kernels.
#pragma once
#include "cuda/choice.h"
#include "cuda/driver.h"

namespace ingot::cuda {

// As device::Device has it; of one thread, in the GPU's context.
class LibraryChoices {
 public:
  // `gpu`: its name and driver, which together with `architecture` a choice holds for; measured on `device`, which
  // works on `stream` of `context`. Choices are kept in `store` and counted in `effort`.
  LibraryChoices(device::Device& device, std::shared_ptr<device::Store> store, std::string gpu,
                 std::string architecture, Context context, Stream stream, device::Effort& effort)
      : device_(device),
        store_(std::move(store)),
        gpu_(std::move(gpu)),
        architecture_(std::move(architecture)),
        context_(context),
        stream_(stream),
        effort_(effort) {}

  std::unique_ptr<device::Operation> convolution(const device::Convolution& c, const device::OwnOperation* own);
  std::unique_ptr<device::Operation> matrix_product(const device::MatrixProduct& p, const device::OwnOperation* own);
  std::unique_ptr<device::Operation> attention(const device::Attention& a, const device::OwnOperation& own);
  void recall(std::span<const device::LibraryProblem> problems);

 private:
  static constexpr double kPatience = 20;  // seconds for making candidates, in all

  // Of cuDNN and, where the convolution is a matrix product, of cuBLASLt. cuDNN's fallback in f32 with an epilogue
  // takes a second to make and is up to fifteen times slower than the own kernel: it is for convolutions that have
  // none.
  std::vector<Candidate> candidates(const device::Convolution& c, bool fallback) const;
  // What a choice holds for: this GPU, driver and these versions of libraries.
  tuning::Key choice_key(const std::string& problem, const std::string& libraries) const;
  // A choice that is ready to be made.
  struct Prepared {
    Choice choice;
    // Where there is an own operation: why a library proposed nothing, once candidates were asked for.
    std::shared_ptr<std::string> reason;
  };
  Prepared prepared(const device::Convolution& c, const device::OwnOperation* own);
  Prepared prepared(const device::MatrixProduct& p, const device::OwnOperation* own);
  Prepared prepared(const device::Attention& a, const device::OwnOperation* own);
  // Of what the libraries give and of `own`, where there is one; `again` makes one of the libraries' from its name and
  // the text that was kept of it, or gives null.
  using Again = std::function<std::unique_ptr<device::Operation>(const std::string& name,
                                                                 const std::optional<std::string>& text)>;
  Prepared prepared(const device::OwnOperation* own, const std::string& problem, std::string libraries,
                    std::vector<int64_t> bytes, const std::function<std::vector<Candidate>()>& of_libraries,
                    const Again& again);
  std::unique_ptr<device::Operation> chosen(Prepared prepared);
  void count(const Chosen& chosen);
  // What makes cuDNN's plan without its compiler later, where there is such a text.
  void keep_text(const tuning::Key& key, const std::string& name, const device::Operation& of_library) const;

  device::Device& device_;
  const std::shared_ptr<device::Store> store_;
  const std::string gpu_, architecture_;
  const Context context_;
  const Stream stream_;
  device::Effort& effort_;
  double patience_ = kPatience, unsaved_ = 0;  // seconds: what is left; what the store has not saved
  Experiences engines_;
  std::map<std::string, Chosen> recalled_;  // by the choice's key, until it is asked for
};

}  // namespace ingot::cuda
