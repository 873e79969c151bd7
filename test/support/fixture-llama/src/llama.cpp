#include "llama.h"

#include <cstring>

void llama_backend_init(void) {
    ggml_free(ggml_init({ 0, nullptr }));
}

void llama_backend_free(void) {}

const char * llama_print_system_info(void) {
    // No std::string: its header takes longer to compile than all the rest.
    static char info[256];
    info[0] = 0;
    for (size_t i = 0; i < ggml_backend_reg_count(); i++) {
        std::strcat(info, ggml_backend_reg_name(i));
        std::strcat(info, " : FIXTURE = 1 | ");
    }
    return info;
}

bool llama_supports_mmap(void) {
    return true;
}

size_t llama_max_devices(void) {
    return 16;
}

llama_model_params llama_model_default_params(void) {
    return { 0 };
}

// A stub: the fixture has no models.
llama_model * llama_model_load_from_file(const char *, llama_model_params) {
    return nullptr;
}

void llama_model_free(llama_model *) {}

llama_memory * llama_get_memory(const llama_context *) {
    return nullptr;
}

void llama_memory_clear(llama_memory *, bool) {}

llama_model * llama_load_model_from_file(const char * path, llama_model_params params) {
    return llama_model_load_from_file(path, params);
}
