#include <stdio.h>
#include "messages.h"
int main(void) {
  for (unsigned i = 0; i < sizeof messages / sizeof *messages; i++)
    printf("%s: %s\n", messages[i][0], messages[i][1]);
  return 0;
}
