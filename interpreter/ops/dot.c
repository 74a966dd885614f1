#include "interpreter/ops/dot.h"

#define SIDE 8

/* Not inlined: the compiler would fill the stack of the emulated task. */
__attribute__((noinline)) static void side_by_side(float *restrict sum, const float *restrict x,
                                                   const float *restrict w, size_t step, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        for (size_t k = 0; k < SIDE; k++)
            sum[k] += x[i] * w[k * step + (size_t)i];
}

void thm_dots_portable(float *sum, int32_t rows, const float *x, const float *w, size_t step, int32_t n)
{
    int32_t done = 0;
    for (; done + SIDE <= rows; done += SIDE)
        side_by_side(sum + done, x, w + (size_t)done * step, step, n);
    for (; done < rows; done++)
        sum[done] = thm_dot_f32(sum[done], x, w + (size_t)done * step, n);
}
