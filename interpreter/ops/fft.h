/* interpreter/ops/fft.h -- Fourier transforms of real numbers, in int16, int32 and float32, with the arithmetic and the
 * memory of KISS FFT (mborgerding/kissfft v130, as built into the reference runtime).
 *
 * A transform of n real numbers is one of n / 2 complex ones (even samples real, odd ones imaginary) and a step that
 * takes the spectra of the two apart. Integers are divided by the radix before every stage, so that nothing overflows,
 * and by 2 before that step: the spectrum is n times smaller than the definition says. Products are rounded to nearest.
 * The state has [12 + 264 bytes: records][n / 2 twiddle factors][n / 2 complex work area][n / 4 factors of the step].
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "interpreter/model.h"

enum { THM_FFT_RECORDS = 12 + 264, THM_FFT_STAGES = 32 };

struct thm_fft_plan { /* at the start of the state */
    uint32_t points;  /* complex */
    uint32_t inverse;
    uint32_t stages;
    uint8_t radix[THM_FFT_STAGES]; /* from the outermost stage to the innermost */
};

/* One kind of number. State and data lie at multiples of 4 and of the number's size. */
struct thm_fft {
    enum thm_type type;
    uint32_t bytes; /* of a number */
    /* The plan is there: fill in the factors. */
    void (*start)(void *state);
    void (*forward)(void *state, const void *samples, void *spectrum); /* n numbers; n / 2 + 1 complex ones */
    void (*backward)(void *state, const void *spectrum, void *samples);
};
const struct thm_fft *thm_fft_find(int32_t type); /* NULL: there is none */

/* Lengths: even, their half a product of 2, 3, 4 and 5 and at least 2. For others KISS FFT needs a heap. */
bool thm_fft_plan(struct thm_fft_plan *plan, int32_t length, bool inverse);
uint64_t thm_fft_bytes(const struct thm_fft *f, int32_t length); /* length > 0 */
