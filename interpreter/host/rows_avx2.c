/* interpreter/host/rows_avx2.c -- ADD, SUB and MUL, eight elements at a time. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2")))
#include "interpreter/host/elements_avx2.h"
#include "interpreter/host/rows_template.h"
#include "interpreter/host/x86.h"

ROWS(add_i8_avx2, thm_add, i8, add)
ROWS(add_i16_avx2, thm_add, i16, add)
ROWS(mul_i8_avx2, thm_mul, i8, mul)
ROWS(mul_i16_avx2, thm_mul, i16, mul)
#else
typedef int nothing_for_this_cpu;
#endif
