#include "ggml-bitnet.h"
#include "bitnet-lut-kernels.h"

const char * ggml_bitnet_lut_kernels(void) {
    return BITNET_LUT_KERNELS;
}
