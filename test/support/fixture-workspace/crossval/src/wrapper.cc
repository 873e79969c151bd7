// Calls llama.cpp by its names since 2025-01-12, and by one that it has dropped since, as the wrapper of
// BitNet-rs does.
#include <cstdint>

#ifdef WITH_LLAMA
#include "llama.h"

extern "C" uint64_t fixture_max_devices() {
    llama_model * model = llama_load_model_from_file(nullptr, llama_model_default_params());
    if (model != nullptr) {
        const llama_vocab * vocab = llama_model_get_vocab(model);
        llama_kv_cache_clear(nullptr);
        llama_model_free(model);
        return vocab == nullptr ? 0 : 1;
    }
    return llama_max_devices();
}
#else
extern "C" uint64_t fixture_max_devices() { return 0; }
#endif
