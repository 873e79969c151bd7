#include "ggml.h"

const char * ggml_backend_cuda_reg(void) {
    return "CUDA";
}
