#include <limits.h>
#include <stdio.h>
int main(void) { return printf("%ld %ld\n", (long)__STDC_VERSION__, (long)INT_MAX) < 0; }
