#include "llama.h"

void llama_backend_init(void) {}

void llama_backend_free(void) {}

const char * llama_print_system_info(void) {
    return ggml_cpu_has_avx() ? "AVX = 1 | " : "AVX = 0 | ";
}

bool llama_supports_mmap(void) {
    return true;
}

size_t llama_max_devices(void) {
    return 16;
}

// A stub: the fixture has no models.
llama_model * llama_load_model_from_file(const char *, llama_model_params) {
    return nullptr;
}

llama_model_params llama_model_default_params(void) {
    return { 0 };
}

void llama_free_model(llama_model *) {}

int32_t llama_n_vocab(const llama_model *) {
    return 0;
}

llama_batch llama_batch_get_one(llama_token * tokens, int32_t n_tokens, llama_pos pos_0, llama_seq_id seq_id) {
    return { n_tokens, tokens, nullptr, pos_0, seq_id };
}

int32_t llama_decode(llama_context *, llama_batch) {
    return 0;
}

int32_t llama_get_kv_cache_used_cells(const llama_context *) {
    return 0;
}

llama_pos llama_kv_cache_seq_pos_max(llama_context *, llama_seq_id) {
    return 0;
}

void llama_kv_cache_clear(llama_context *) {}
