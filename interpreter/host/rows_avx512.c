/* interpreter/host/rows_avx512.c -- ADD, SUB and MUL, sixteen elements at a time. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2,avx512f")))
#include "interpreter/host/elements_avx512.h"
#include "interpreter/host/rows_template.h"
#include "interpreter/host/x86.h"

ROWS(add_i8_avx512, thm_add, i8, add)
ROWS(add_i16_avx512, thm_add, i16, add)
ROWS(mul_i8_avx512, thm_mul, i8, mul)
ROWS(mul_i16_avx512, thm_mul, i16, mul)
#else
typedef int nothing_for_this_cpu;
#endif
