#pragma once
void push(long value);
long pop(void);
