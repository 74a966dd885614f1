/* The transforms against the definition, for lengths that use every radix. The golden vectors have powers of two only.
 */
#include "interpreter/ops/fft.h"
#include "tests/testing.h"
#include <math.h>

#define MOST 120

static const int32_t lengths[] = { 4, 6, 8, 10, 12, 18, 20, 24, 30, 36, 50, 60, 64, 90, 100, 120 };

static uint8_t state_memory[4096] __attribute__((aligned(16)));

static void *make_state(const struct thm_fft *f, int32_t length, bool inverse)
{
    struct thm_fft_plan plan;
    assert_true(thm_fft_plan(&plan, length, inverse));
    assert_true(thm_fft_bytes(f, length) <= sizeof state_memory);
    memcpy(state_memory, &plan, sizeof plan);
    f->start(state_memory);
    return state_memory;
}

/* Numbers within -1..1 that follow no pattern. */
static double sample(int32_t i)
{
    return ((i * 7919 + 13) % 2003) / 1001.5 - 1;
}

static void spectrum_of(int32_t n, int32_t k, double *real, double *imaginary)
{
    *real = *imaginary = 0;
    for (int32_t i = 0; i < n; i++) {
        *real += sample(i) * cos(-2 * M_PI * i * k / n);
        *imaginary += sample(i) * sin(-2 * M_PI * i * k / n);
    }
}

static void float32__gives_the_spectrum(void **state)
{
    const struct thm_fft *f = thm_fft_find(THM_FLOAT32);
    float in[MOST], out[MOST + 2];
    double real, imaginary;
    (void)state;
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
        int32_t n = lengths[l];
        for (int32_t i = 0; i < n; i++)
            in[i] = (float)sample(i);
        f->forward(make_state(f, n, false), in, out);
        for (int32_t k = 0; k <= n / 2; k++) {
            spectrum_of(n, k, &real, &imaginary);
            assert_true(fabs((double)out[2 * k] - real) < 1e-4 && fabs((double)out[2 * k + 1] - imaginary) < 1e-4);
        }
    }
}

static void integers__give_the_spectrum_divided_by_the_length(void **state)
{
    const struct thm_fft *f16 = thm_fft_find(THM_INT16), *f32 = thm_fft_find(THM_INT32);
    int16_t in16[MOST], out16[MOST + 2];
    int32_t in32[MOST], out32[MOST + 2];
    double real, imaginary;
    (void)state;
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
        int32_t n = lengths[l];
        for (int32_t i = 0; i < n; i++) {
            in16[i] = (int16_t)lround(sample(i) * 32000);
            in32[i] = (int32_t)lround(sample(i) * 2e9);
        }
        f16->forward(make_state(f16, n, false), in16, out16);
        f32->forward(make_state(f32, n, false), in32, out32);
        for (int32_t k = 0; k <= n / 2; k++) {
            spectrum_of(n, k, &real, &imaginary);
            assert_true(fabs(out16[2 * k] - real * 32000 / n) < 12 &&
                        fabs(out16[2 * k + 1] - imaginary * 32000 / n) < 12);
            assert_true(fabs(out32[2 * k] - real * 2e9 / n) < 40 && fabs(out32[2 * k + 1] - imaginary * 2e9 / n) < 40);
        }
    }
}

static void float32__backward_gives_the_samples_times_the_length(void **state)
{
    const struct thm_fft *f = thm_fft_find(THM_FLOAT32);
    float in[MOST], spectrum[MOST + 2], out[MOST];
    (void)state;
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
        int32_t n = lengths[l];
        for (int32_t i = 0; i < n; i++)
            in[i] = (float)sample(i);
        f->forward(make_state(f, n, false), in, spectrum);
        f->backward(make_state(f, n, true), spectrum, out);
        for (int32_t i = 0; i < n; i++)
            assert_true(fabsf(out[i] / (float)n - in[i]) < 1e-5f);
    }
}

static void state__has_the_size_of_the_reference(void **state)
{
    (void)state;
    assert_int_equal(thm_fft_bytes(thm_fft_find(THM_INT16), 512), 2836); /* the micro_speech preprocessor */
    assert_int_equal(thm_fft_bytes(thm_fft_find(THM_INT16), 16), 356);
    assert_int_equal(thm_fft_bytes(thm_fft_find(THM_INT32), 32), 596);
    assert_int_equal(thm_fft_bytes(thm_fft_find(THM_FLOAT32), 64), 916);
}

static void lengths_that_need_a_heap__are_refused(void **state)
{
    static const int32_t bad[] = { INT32_MIN, -4, 0, 1, 2, 5, 14, 22, 26, 2 * 7 * 64, INT32_MAX - 1 };
    struct thm_fft_plan plan;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(thm_fft_plan(&plan, bad[i], false));
    assert_true(thm_fft_plan(&plan, 1 << 30, false));
    assert_null(thm_fft_find(THM_INT8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(float32__gives_the_spectrum),
        cmocka_unit_test(integers__give_the_spectrum_divided_by_the_length),
        cmocka_unit_test(float32__backward_gives_the_samples_times_the_length),
        cmocka_unit_test(state__has_the_size_of_the_reference),
        cmocka_unit_test(lengths_that_need_a_heap__are_refused),
    };
    return cmocka_run_group_tests_name("fft", tests, NULL, NULL);
}
