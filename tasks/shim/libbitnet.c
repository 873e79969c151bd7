// libbitnet, the shim: microsoft/BitNet compiles its kernels into libggml and makes no library of this
// name, and BitNet-rs looks for the name. It holds no kernels; it says what it is, and is tied to the
// libllama of the same build.
#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

// Of llama.h, which not every installation has.
extern const char *llama_print_system_info(void);

EXPORT const char *bitnet_shim_provenance(void);
EXPORT const char *bitnet_shim_system_info(void);

// One line of JSON. Its name is how others tell the shim from a genuine libbitnet.
const char *bitnet_shim_provenance(void) {
  return "{\"libbitnet\":\"shim\",\"madeBy\":\"bitnet-tasks\",\"source\":\"" SHIM_SOURCE "\"}";
}

// Without a call into it the linker would leave libllama out.
const char *bitnet_shim_system_info(void) { return llama_print_system_info(); }
