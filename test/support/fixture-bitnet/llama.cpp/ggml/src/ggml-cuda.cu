// One real kernel, so that a compiler of CUDA has something to compile.
static __global__ void scale(float * values, float by, int count) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) values[i] *= by;
}

extern "C" const char * ggml_backend_cuda_reg(void) {
    scale<<<1, 32>>>(nullptr, 1.0f, 0);
    return "CUDA";
}
