#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ggml_context;

struct ggml_init_params {
    size_t mem_size;
    void * mem_buffer;
};

const char * ggml_version(void);
const char * ggml_commit(void);

struct ggml_context * ggml_init(struct ggml_init_params params);
void                  ggml_free(struct ggml_context * ctx);

size_t       ggml_backend_reg_count(void);
const char * ggml_backend_reg_name(size_t index);
const char * ggml_backend_cpu_reg(void);
const char * ggml_backend_cuda_reg(void);

#ifdef __cplusplus
}
#endif
