// A calculator in reverse Polish notation: rpn 1 2 + 4 x
#include <stdio.h>
#include <stdlib.h>
#include "stack.h"
#include "words.h"

int main(int count, char **words) {
  for (int i = 1; i < count; i++) {
    if (is_number(words[i])) {
      push(atol(words[i]));
      continue;
    }
    long b = pop(), a = pop();
    push(*words[i] == '+' ? a + b : *words[i] == 'x' ? a * b : a - b);
  }
  return printf("%ld\n", pop()) < 0;
}
