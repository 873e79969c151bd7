#pragma once
int is_number(const char *word);
