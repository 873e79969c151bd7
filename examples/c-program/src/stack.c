#include "stack.h"
static long values[64];
static int used;
void push(long value) {
  if (used < 64) values[used++] = value;
}
long pop(void) { return used > 0 ? values[--used] : 0; }
