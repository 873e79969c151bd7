// The functions as they were called in 2024: a model is loaded by llama_load_model_from_file and knows its
// vocabulary itself, and a batch is told its first position. llama_model_get_vocab is not there.
#pragma once

#include "ggml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct llama_model;
struct llama_context;
// struct llama_vocab; // TODO: add in the future

typedef int32_t llama_token;
typedef int32_t llama_pos;
typedef int32_t llama_seq_id;

typedef struct llama_batch {
    int32_t n_tokens;
    llama_token * token;
    llama_pos * pos;
    llama_pos all_pos_0;
    llama_seq_id all_seq_id;
} llama_batch;

struct llama_model_params {
    int32_t n_gpu_layers;
};

void llama_backend_init(void);
void llama_backend_free(void);

const char * llama_print_system_info(void);
bool         llama_supports_mmap(void);
size_t       llama_max_devices(void);

struct llama_model_params llama_model_default_params(void);
struct llama_model * llama_load_model_from_file(const char * path_model, struct llama_model_params params);
void                 llama_free_model(struct llama_model * model);
int32_t              llama_n_vocab(const struct llama_model * model);

struct llama_batch llama_batch_get_one(
              llama_token * tokens,
                  int32_t   n_tokens,
                llama_pos   pos_0,
             llama_seq_id   seq_id);
int32_t   llama_decode(struct llama_context * ctx, struct llama_batch batch);
int32_t   llama_get_kv_cache_used_cells(const struct llama_context * ctx);
llama_pos llama_kv_cache_seq_pos_max(struct llama_context * ctx, llama_seq_id seq_id);
void      llama_kv_cache_clear(struct llama_context * ctx);

#ifdef __cplusplus
}
#endif
