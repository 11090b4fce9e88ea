#include "apps/cli/npy.h"

#include <fmt/core.h>

#include <cstring>
#include <fstream>
#include <map>

namespace ingot::cli {
namespace {

constexpr char kMagic[] = "\x93NUMPY";

struct TypeName {
  const char* npy;
  ingot_dtype dtype;
  size_t bytes;
};
constexpr TypeName kTypes[] = {{"<f4", INGOT_F32, 4}, {"<f8", INGOT_F64, 8},   {"<f2", INGOT_F16, 2},
                               {"|i1", INGOT_I8, 1},  {"<i2", INGOT_I16, 2},   {"<i4", INGOT_I32, 4},
                               {"<i8", INGOT_I64, 8}, {"|u1", INGOT_U8, 1},    {"<u2", INGOT_U16, 2},
                               {"<u4", INGOT_U32, 4}, {"<u8", INGOT_U64, 8},   {"|b1", INGOT_BOOL, 1},
                               {"<c8", INGOT_C64, 8}, {"<c16", INGOT_C128, 16}};

[[noreturn]] void reject(const std::string& path, const std::string& reason) {
  throw Exception(INGOT_INVALID_ARGUMENT, path + ": " + reason);
}

// The text after 'key': up to the next separator at this level.
std::string field(const std::string& header, const std::string& key, const std::string& path) {
  const size_t at = header.find("'" + key + "':");
  if (at == std::string::npos) reject(path, "the header lacks " + key);
  size_t first = header.find_first_not_of(' ', at + key.size() + 3);
  const char close = header[first] == '(' ? ')' : ',';
  const size_t last = header.find(close, first);
  return header.substr(first, (last == std::string::npos ? header.size() : last + (close == ')')) - first);
}

Shape parse_shape(const std::string& text, const std::string& path) {
  Shape shape;
  for (size_t at = 0; at < text.size();) {
    if (text[at] < '0' || text[at] > '9') {
      ++at;
      continue;
    }
    size_t used = 0;
    try {
      shape.push_back(std::stoll(text.substr(at), &used));
    } catch (const std::exception&) {
      reject(path, "a size that is no number");
    }
    at += used;
  }
  return shape;
}

const TypeName* find_type(ingot_dtype dtype) {
  for (const auto& type : kTypes) {
    if (type.dtype == dtype) return &type;
  }
  return nullptr;
}

std::u32string to_utf32(const std::string& text) {
  std::u32string result;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const int extra = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    char32_t code = extra == 3 ? lead & 0x07 : extra == 2 ? lead & 0x0f : extra == 1 ? lead & 0x1f : lead;
    for (int k = 1; k <= extra && i + static_cast<size_t>(k) < text.size(); ++k) {
      code = (code << 6) | (static_cast<unsigned char>(text[i + static_cast<size_t>(k)]) & 0x3f);
    }
    result.push_back(code);
    i += static_cast<size_t>(extra) + 1;
  }
  return result;
}

void write_header(std::ofstream& file, const std::string& descr, const Shape& shape) {
  std::string sizes;
  for (const int64_t size : shape) sizes += std::to_string(size) + ",";
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, sizes);
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  file.write(kMagic, 6);
  const char version[] = {1, 0};
  file.write(version, 2);
  const auto length = static_cast<uint16_t>(header.size());
  file.write(reinterpret_cast<const char*>(&length), 2);
  file << header;
}

void write_strings(std::ofstream& file, const Value& value) {
  std::vector<std::u32string> strings;
  size_t longest = 1;
  for (size_t i = 0; i < value.count(); ++i) {
    strings.push_back(to_utf32(value.string(i)));
    longest = std::max(longest, strings.back().size());
  }
  write_header(file, fmt::format("<U{}", longest), value.shape());
  for (auto& text : strings) {
    text.resize(longest, 0);
    file.write(reinterpret_cast<const char*>(text.data()), static_cast<std::streamsize>(longest * 4));
  }
}

}  // namespace

Value read_npy(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw Exception(INGOT_NOT_FOUND, "cannot open " + path);
  const auto size = static_cast<size_t>(file.tellg());
  file.seekg(0);
  char head[12] = {};
  file.read(head, 10);
  if (!file || std::memcmp(head, kMagic, 6) != 0) reject(path, "this is no .npy file");
  uint32_t length = 0;
  if (head[6] == 1) {
    uint16_t small;
    std::memcpy(&small, head + 8, 2);
    length = small;
  } else {
    file.read(head + 10, 2);
    std::memcpy(&length, head + 8, 4);
  }
  if (length > size) reject(path, "truncated");
  std::string header(length, 0);
  file.read(header.data(), length);
  if (!file) reject(path, "truncated");
  if (field(header, "fortran_order", path).find("True") != std::string::npos) {
    reject(path, "column-major arrays are not read: save numpy.ascontiguousarray(x)");
  }
  const std::string descr = field(header, "descr", path);
  for (const auto& type : kTypes) {
    if (descr.find(std::string("'") + type.npy + "'") == std::string::npos) continue;
    const Shape shape = parse_shape(field(header, "shape", path), path);
    const auto left = size - static_cast<size_t>(file.tellg());
    size_t bytes = type.bytes;
    for (const int64_t each : shape) {
      if (each != 0 && bytes > left / static_cast<size_t>(each)) reject(path, "truncated");
      bytes *= static_cast<size_t>(each);
    }
    Value value = Value::allocate(type.dtype, shape);
    file.read(static_cast<char*>(value.mutable_data()), static_cast<std::streamsize>(bytes));
    if (!file && bytes > 0) reject(path, "truncated");
    return value;
  }
  reject(path, "element type " + descr + " is not read");
}

void write_npy(const std::string& path, const Value& value) {
  std::ofstream file(path, std::ios::binary);
  if (!file) throw Exception(INGOT_IO, "cannot create " + path);
  const ingot_tensor tensor = value.tensor();
  if (tensor.type.dtype == INGOT_STRING) {
    write_strings(file, value);
  } else if (const TypeName* type = find_type(tensor.type.dtype); type != nullptr) {
    write_header(file, type->npy, value.shape());
    file.write(static_cast<const char*>(tensor.data), static_cast<std::streamsize>(value.count() * type->bytes));
  } else {
    const bool wide = tensor.type.dtype == INGOT_BF16;
    const int per_byte =
        tensor.type.dtype == INGOT_U2 || tensor.type.dtype == INGOT_I2                                        ? 4
        : tensor.type.dtype == INGOT_U4 || tensor.type.dtype == INGOT_I4 || tensor.type.dtype == INGOT_F4E2M1 ? 2
                                                                                                              : 1;
    const size_t bytes =
        wide ? value.count() * 2 : (value.count() + static_cast<size_t>(per_byte) - 1) / static_cast<size_t>(per_byte);
    write_header(file, wide ? "<u2" : "|u1", per_byte > 1 ? Shape{static_cast<int64_t>(bytes)} : value.shape());
    file.write(static_cast<const char*>(tensor.data), static_cast<std::streamsize>(bytes));
  }
  if (!file) throw Exception(INGOT_IO, "cannot write " + path);
}

}  // namespace ingot::cli
