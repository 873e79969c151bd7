#include "ggml.h"

#include <stdlib.h>

struct ggml_context {
    size_t mem_size;
};

const char * ggml_version(void) {
    return "0.25.1";
}

const char * ggml_commit(void) {
    return "fixture";
}

struct ggml_context * ggml_init(struct ggml_init_params params) {
    struct ggml_context * ctx = malloc(sizeof *ctx);
    if (ctx != NULL) {
        ctx->mem_size = params.mem_size;
    }
    return ctx;
}

void ggml_free(struct ggml_context * ctx) {
    free(ctx);
}
