#include "ggml.h"

using backend_reg = const char * (*)();

static const backend_reg registry[] = {
#ifdef GGML_USE_CUDA
    ggml_backend_cuda_reg,
#endif
    ggml_backend_cpu_reg,
};

size_t ggml_backend_reg_count(void) {
    return sizeof registry / sizeof registry[0];
}

const char * ggml_backend_reg_name(size_t index) {
    return index < ggml_backend_reg_count() ? registry[index]() : nullptr;
}
