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
