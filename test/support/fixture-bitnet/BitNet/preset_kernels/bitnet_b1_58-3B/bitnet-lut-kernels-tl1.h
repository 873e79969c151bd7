#define BITNET_LUT_KERNELS "preset tl1"
