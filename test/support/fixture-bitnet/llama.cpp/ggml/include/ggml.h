#pragma once

#ifdef __cplusplus
extern "C" {
#endif

int ggml_cpu_has_avx(void);

#ifdef __cplusplus
}
#endif
