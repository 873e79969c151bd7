#include "words.h"
int is_number(const char *word) { return *word >= '0' && *word <= '9'; }
