#include "dlpack.h"

#include <nanobind/stl/string.h>

#include <ingot/ingot.hpp>

namespace nb = nanobind;
using ingot::Shape;

namespace {

// dlpack.h of DLPack 1.x, what we use of it.
constexpr int kCpu = 1, kCuda = 2, kExtension = 12, kCudaManaged = 13;  // DLDeviceType; the null device is an extension
struct Device {
  int32_t type, id;
};
struct DataType {
  uint8_t code, bits;
  uint16_t lanes;
  bool operator==(const DataType& other) const {
    return code == other.code && bits == other.bits && lanes == other.lanes;
  }
};
struct DlTensor {
  void* data;
  Device device;
  int32_t rank;
  DataType dtype;
  int64_t* shape;
  int64_t* strides;  // in elements; null: dense and row-major
  uint64_t byte_offset;
};
struct Managed {
  DlTensor tensor;
  void* context;
  void (*deleter)(Managed*);
};
struct ManagedVersioned {
  uint32_t major, minor;
  void* context;
  void (*deleter)(ManagedVersioned*);
  uint64_t flags;
  DlTensor tensor;
};

struct Row {
  ingot_dtype dtype;
  DataType type;
};
constexpr Row kTypes[] = {
    {INGOT_F32, {2, 32, 1}},        {INGOT_F64, {2, 64, 1}},        {INGOT_F16, {2, 16, 1}},
    {INGOT_BF16, {4, 16, 1}},       {INGOT_I8, {0, 8, 1}},          {INGOT_I16, {0, 16, 1}},
    {INGOT_I32, {0, 32, 1}},        {INGOT_I64, {0, 64, 1}},        {INGOT_U8, {1, 8, 1}},
    {INGOT_U16, {1, 16, 1}},        {INGOT_U32, {1, 32, 1}},        {INGOT_U64, {1, 64, 1}},
    {INGOT_BOOL, {6, 8, 1}},        {INGOT_C64, {5, 64, 1}},        {INGOT_C128, {5, 128, 1}},
    {INGOT_F8E4M3FN, {10, 8, 1}},   {INGOT_F8E4M3FNUZ, {11, 8, 1}}, {INGOT_F8E5M2, {12, 8, 1}},
    {INGOT_F8E5M2FNUZ, {13, 8, 1}}, {INGOT_F8E8M0, {14, 8, 1}},
};

[[noreturn]] void refuse(const std::string& why) { throw nb::buffer_error(why.c_str()); }

Device device_of(const std::string& name) {
  if (name == "cpu") return {kCpu, 0};
  return name == "null" ? Device{kExtension, 0} : Device{kCuda, std::stoi(name.substr(name.find(':') + 1))};
}

std::string name_of(const Device& device) {
  if (device.type == kCuda || device.type == kCudaManaged) return "cuda:" + std::to_string(device.id);
  if (device.type == kExtension) return "null";
  refuse("tensors of DLPack's device type " + std::to_string(device.type) + " are not taken");
}

// The value and its sizes live as long as the tensor that is handed out.
template <class Handed> struct Export {
  Handed handed{};
  ingot::Value value;
  Shape shape, strides;
};

template <class Handed> Handed* make_export(const ingot::Value& value) {
  const ingot_tensor tensor = value.tensor();
  const Row* row = nullptr;
  for (const Row& each : kTypes) row = each.dtype == tensor.type.dtype ? &each : row;
  if (row == nullptr) refuse("DLPack has no such element type");
  auto made = std::make_unique<Export<Handed>>();
  made->value = value.share();
  made->shape = value.shape();
  made->strides.assign(made->shape.size(), 1);
  for (size_t i = made->shape.size(); i-- > 1;) made->strides[i - 1] = made->strides[i] * made->shape[i];
  made->handed.tensor = {const_cast<void*>(tensor.data),
                         device_of(value.device()),
                         static_cast<int32_t>(made->shape.size()),
                         row->type,
                         made->shape.data(),
                         made->strides.data(),
                         0};
  made->handed.context = made.get();
  made->handed.deleter = [](Handed* self) { delete static_cast<Export<Handed>*>(self->context); };
  return &made.release()->handed;
}

// A capsule that nobody took frees what it holds.
template <class Handed> void drop(PyObject* capsule, const char* name) {
  if (PyCapsule_IsValid(capsule, name) == 0) return;
  auto* handed = static_cast<Handed*>(PyCapsule_GetPointer(capsule, name));
  if (handed->deleter != nullptr) handed->deleter(handed);
}

constexpr const char* kName = "dltensor";
constexpr const char* kVersionedName = "dltensor_versioned";

nb::object to_capsule(const ingot::Value& value, bool versioned) {
  PyObject* capsule = nullptr;
  if (versioned) {
    auto* handed = make_export<ManagedVersioned>(value);
    handed->major = 1;
    capsule =
        PyCapsule_New(handed, kVersionedName, [](PyObject* self) { drop<ManagedVersioned>(self, kVersionedName); });
  } else {
    capsule = PyCapsule_New(make_export<Managed>(value), kName, [](PyObject* self) { drop<Managed>(self, kName); });
  }
  return nb::steal(capsule);
}

// Row-major without gaps; sizes of 1 may have any stride.
bool is_dense(const DlTensor& tensor) {
  if (tensor.strides == nullptr) return true;
  int64_t expected = 1;
  for (int32_t i = tensor.rank; i-- > 0;) {
    if (tensor.shape[i] == 0) return true;
    if (tensor.shape[i] != 1 && tensor.strides[i] != expected) return false;
    expected *= tensor.shape[i];
  }
  return true;
}

template <class Handed> ingot::Value take(nb::handle capsule, const char* name, const char* used, bool is_bool) {
  auto* handed = static_cast<Handed*>(PyCapsule_GetPointer(capsule.ptr(), name));
  const DlTensor& tensor = handed->tensor;
  const Row* row = nullptr;
  for (const Row& each : kTypes) row = each.type == tensor.dtype ? &each : row;
  if (row == nullptr) refuse("the tensor's element type has no ONNX type");
  if (!is_dense(tensor)) refuse("a strided tensor in device memory: make it contiguous first");
  const std::string device = name_of(tensor.device);
  const ingot_dtype dtype = is_bool && row->dtype == INGOT_U8 ? INGOT_BOOL : row->dtype;
  const ingot_tensor_type type{dtype, static_cast<size_t>(tensor.rank), tensor.shape};
  ingot_value* value = nullptr;
  ingot::check(ingot_value_borrow_device(
      &type, device.c_str(), reinterpret_cast<uintptr_t>(tensor.data) + tensor.byte_offset, handed,
      [](void* owner) {
        auto* self = static_cast<Handed*>(owner);
        if (self->deleter != nullptr) self->deleter(self);
      },
      &value));
  PyCapsule_SetName(capsule.ptr(), used);  // the value holds it now
  PyCapsule_SetDestructor(capsule.ptr(), nullptr);
  return ingot::Value(value);
}

ingot::Value from_capsule(nb::handle capsule, bool is_bool) {
  if (PyCapsule_IsValid(capsule.ptr(), kVersionedName) != 0) {
    const auto* handed = static_cast<const ManagedVersioned*>(PyCapsule_GetPointer(capsule.ptr(), kVersionedName));
    if (handed->major != 1) refuse("DLPack of major version " + std::to_string(handed->major));
    return take<ManagedVersioned>(capsule, kVersionedName, "used_dltensor_versioned", is_bool);
  }
  if (PyCapsule_IsValid(capsule.ptr(), kName) == 0) refuse("no DLPack capsule, or one that was taken already");
  return take<Managed>(capsule, kName, "used_dltensor", is_bool);
}

}  // namespace

void ingot_python::bind_dlpack(nb::module_& module) {
  module.def("to_dlpack", to_capsule, nb::arg("value"), nb::arg("versioned") = false,
             "A capsule that shares the value's memory.");
  module.def("from_dlpack", from_capsule, nb::arg("capsule"), nb::arg("is_bool") = false,
             "A value over a capsule's device memory; the capsule is used up.");
  module.def("dlpack_device", [](const ingot::Value& value) {
    const Device device = device_of(value.device());
    return nb::make_tuple(device.type, device.id);
  });
}
