#include "ggml.h"

const char * ggml_backend_cpu_reg(void) {
    // A call into libggml-base, so that the link between the two is a real one.
    ggml_context * ctx = ggml_init({ 0, nullptr });
    ggml_free(ctx);
    return "CPU";
}
