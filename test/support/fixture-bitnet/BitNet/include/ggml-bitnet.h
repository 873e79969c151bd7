#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

size_t quantize_i2_s(const float * src, void * dst, int64_t rows, int64_t columns, const float * weights);

const char * ggml_bitnet_lut_kernels(void);

#ifdef __cplusplus
}
#endif
