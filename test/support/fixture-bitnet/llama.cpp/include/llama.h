// The functions as they were called in 2024: a model is loaded by llama_load_model_from_file, and
// llama_model_get_vocab is not there.
#pragma once

#include "ggml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct llama_model;

struct llama_model_params {
    int32_t n_gpu_layers;
};

void llama_backend_init(void);
void llama_backend_free(void);

const char * llama_print_system_info(void);
bool         llama_supports_mmap(void);
size_t       llama_max_devices(void);

struct llama_model * llama_load_model_from_file(const char * path_model, struct llama_model_params params);

#ifdef __cplusplus
}
#endif
