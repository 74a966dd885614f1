#include "interpreter/ops/fft.h"
#include <stddef.h>

_Static_assert(sizeof(struct thm_fft_plan) <= THM_FFT_RECORDS, "plan");

extern const struct thm_fft thm_fft_int16, thm_fft_int32, thm_fft_float32;

const struct thm_fft *thm_fft_find(int32_t type)
{
    static const struct thm_fft *const kinds[] = { &thm_fft_int16, &thm_fft_int32, &thm_fft_float32 };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if ((int32_t)kinds[i]->type == type)
            return kinds[i];
    return NULL;
}

/* Fours first, then at most one two, then threes and fives. */
bool thm_fft_plan(struct thm_fft_plan *plan, int32_t length, bool inverse)
{
    static const uint8_t radices[] = { 4, 2, 3, 5 };
    if (length < 4 || length % 2)
        return false;
    uint32_t rest = (uint32_t)length / 2;
    *plan = (struct thm_fft_plan){ .points = rest, .inverse = inverse };
    for (size_t i = 0; i < sizeof radices; i++)
        for (; rest % radices[i] == 0; rest /= radices[i])
            plan->radix[plan->stages++] = radices[i];
    return rest == 1;
}

uint64_t thm_fft_bytes(const struct thm_fft *f, int32_t length)
{
    uint64_t points = (uint64_t)length / 2;
    return THM_FFT_RECORDS + 2 * f->bytes * (points + points * 3 / 2);
}
