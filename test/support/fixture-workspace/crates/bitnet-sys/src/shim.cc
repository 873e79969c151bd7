// A model knew its vocabulary's size itself.
#include "llama.h"

int fixture_vocabulary(const llama_model * model) { return llama_n_vocab(model); }
