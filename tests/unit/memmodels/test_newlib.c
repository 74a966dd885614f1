#include "memmodels/heap.h"
#include "tests/testing.h"
int main(void) { return 0; }
