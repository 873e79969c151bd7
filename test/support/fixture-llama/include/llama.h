#pragma once

#include "ggml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct llama_model;
struct llama_vocab;
struct llama_context;
struct llama_memory;

struct llama_model_params {
    int32_t n_gpu_layers;
};

void llama_backend_init(void);
void llama_backend_free(void);

const char * llama_print_system_info(void);
bool         llama_supports_mmap(void);
size_t       llama_max_devices(void);

struct llama_model_params  llama_model_default_params(void);
struct llama_model       * llama_load_model_from_file(const char * path_model, struct llama_model_params params);
struct llama_model       * llama_model_load_from_file(const char * path_model, struct llama_model_params params);
void                       llama_model_free(struct llama_model * model);
const struct llama_vocab * llama_model_get_vocab(const struct llama_model * model);
struct llama_memory      * llama_get_memory(const struct llama_context * ctx);
void                       llama_memory_clear(struct llama_memory * memory, bool data);
const char               * llama_vocab_type_name(const struct llama_vocab * vocab);

#ifdef __cplusplus
}
#endif
