// The C interface of libingot_image.so: pictures in files to pixels. Plain data, so that the component and the library
// that loads it need not be built together.
#pragma once
#include <stdint.h>

extern "C" {

// Raised with every incompatible change.
#define INGOT_IMAGE_ABI 1

// Rows from the top, channels interleaved: 3 (red, green, blue) or 1 (grey) bytes per pixel.
struct IngotImage {
  uint32_t width, height, channels;
  uint8_t* pixels;  // width * height * channels; freed by ingot_image_free
};

// Returns INGOT_IMAGE_ABI of the component.
int ingot_image_abi(void);
// Decodes BMP, JPEG, JPEG 2000, TIFF, PNG, WebP, PBM, PGM or PPM, told by its first bytes. False, with a static text
// in `reason`, when the bytes are none of these, damaged, or take more than `max_bytes` of pixels. Thread-safe.
bool ingot_image_decode(const uint8_t* bytes, uint64_t size, uint64_t max_bytes, IngotImage* image,
                        const char** reason);
void ingot_image_free(IngotImage* image);

}  // extern "C"
