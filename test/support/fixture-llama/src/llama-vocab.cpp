// The vocabulary of a model; the fixture knows none.
#include "llama.h"

const llama_vocab * llama_model_get_vocab(const llama_model *) {
    return nullptr;
}

const char * llama_vocab_type_name(const llama_vocab *) {
    return "no vocab";
}
