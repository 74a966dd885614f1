/* Time of an inference with every variant of the kernels, and how much of one core's int8 speed it reaches; time to set
 * a model up.
 * usage: bench_models MODEL.tflite...
 * The speed of the core is measured in the same run: products of int8 from the first-level cache with the widest
 * instruction that the CPU has for them, and nothing else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "interpreter/kernels.h"
#include "tests/packing.h"
#if defined __x86_64__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#include <sys/auxv.h>
#endif

#define ARENA    (64u << 20)
#define SECONDS  0.3
#define SAMPLE   200e-6 /* seconds, at least */
#define SET_UPS  20
#define FILE_MAX (64 << 20)

static uint8_t *arena;
static double peak; /* GMAC/s */
static int slower;  /* variants that are slower than the portable code */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may use the core */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define ROUNDS 100000
#define SUMS   10 /* independent, to hide the time one addition takes */

/* MACs of one call; the sums are stored so that nothing is optimised away. in: the constraint for a vector register. */
#define PEAK(name, isa, in, vec, load, zero, step, macs)                                  \
    __attribute__((target(isa))) static double name(const int8_t *data, int8_t *out)      \
    {                                                                                     \
        vec sum[SUMS], x = load((const void *)data), w = load((const void *)(data + 64)); \
        for (int k = 0; k < SUMS; k++)                                                    \
            sum[k] = zero;                                                                \
        for (int i = 0; i < ROUNDS; i++)                                                  \
            for (int k = 0; k < SUMS; k++) {                                              \
                step;                                                                     \
                __asm__ volatile("" : "+" in(sum[k]));                                    \
            }                                                                             \
        for (int k = 0; k < SUMS; k++)                                                    \
            memcpy(out + k, &sum[k], 1);                                                  \
        return (double)(macs)*SUMS * ROUNDS;                                              \
    }

#if defined __x86_64__
PEAK(peak_avx512, "avx512f,avx512vnni", "x", __m512i, _mm512_loadu_si512, _mm512_setzero_si512(),
     sum[k] = _mm512_dpbusd_epi32(sum[k], x, w), 64)
PEAK(peak_avx2, "avx2", "x", __m256i, _mm256_loadu_si256, _mm256_setzero_si256(),
     sum[k] = _mm256_add_epi32(sum[k], _mm256_madd_epi16(x, w)), 16)

static double peak_macs(const int8_t *data, int8_t *out)
{
    return __builtin_cpu_supports("avx512vnni") ? peak_avx512(data, out)
           : __builtin_cpu_supports("avx2")     ? peak_avx2(data, out)
                                                : 0;
}
#elif defined __aarch64__
PEAK(peak_dotprod, "arch=armv8.2-a+dotprod", "w", int32x4_t, vld1q_s32, vdupq_n_s32(0),
     sum[k] = vdotq_s32(sum[k], vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w)), 16)
PEAK(peak_neon, "arch=armv8-a", "w", int32x4_t, vld1q_s32, vdupq_n_s32(0),
     sum[k] = vmlal_s16(sum[k], vget_low_s16(vreinterpretq_s16_s32(x)), vget_low_s16(vreinterpretq_s16_s32(w))), 4)

static double peak_macs(const int8_t *data, int8_t *out)
{
    return getauxval(AT_HWCAP) & HWCAP_ASIMDDP ? peak_dotprod(data, out) : peak_neon(data, out);
}
#else
static double peak_macs(const int8_t *data, int8_t *out)
{
    (void)data, (void)out;
    return 0;
}
#endif

static double measure_peak(void)
{
    int8_t data[128] = { 1, 2, 3 }, out[SUMS];
    double best = 0;
    for (int i = 0; i < 50; i++) {
        double start = now(), macs = peak_macs(data, out), speed = macs / (now() - start) / 1e9;
        best = speed > best ? speed : best;
    }
    return best;
}

static void count(void *ctx, const struct thm_op_event *ev)
{
    *(uint64_t *)ctx += ev->work.macs;
}

static double time_of(struct thm_interpreter *it, int inferences)
{
    double start = now();
    for (int i = 0; i < inferences; i++)
        thm_interpreter_invoke(it, NULL);
    return now() - start;
}

/* Seconds of one inference, in the fastest of many samples. The clock is too coarse for one inference of a small model.
 */
static double measure(struct thm_interpreter *it)
{
    int inferences = 1;
    double best = 1e9, end = now() + SECONDS;
    while (time_of(it, inferences) < SAMPLE)
        inferences *= 2;
    do {
        double t = time_of(it, inferences) / inferences;
        best = t < best ? t : best;
    } while (now() < end);
    return best;
}

static void fill_inputs(struct thm_interpreter *it)
{
    struct thm_tensor t;
    for (uint32_t i = 0; thm_interpreter_input(it, i, &t) == THM_NN_OK; i++)
        for (uint32_t k = 0; t.info.type == THM_INT8 && k < t.bytes; k++)
            ((int8_t *)t.data)[k] = (int8_t)(k * 37 % 251 - 125);
}

static void print_row(const char *name, const struct thm_kernels *k, double t, double portable, uint64_t macs)
{
    double speed = (double)macs / t / 1e9;
    printf("%-44.44s %-12s %10.1f us %8.2f GMAC/s", name, thm_kernels_name(k), t * 1e6, speed);
    if (peak > 0)
        printf(" %5.1f %% of peak", 100 * speed / peak);
    printf(" %6.2f x portable\n", portable / t);
    if (t > 1.1 * portable) /* less is noise */
        slower++;
}

/* The fastest of some rounds: verify the file; plan and prepare; pack the weights for the best variant. */
static void print_set_up(const char *name, const uint8_t *data, size_t bytes)
{
    double best[3] = { 1e9, 1e9, 1e9 };
    for (int i = 0; i < SET_UPS; i++) {
        struct thm_interpreter it;
        struct thm_model model;
        double t[4] = { now() };
        enum thm_nn_err err = thm_model_open(&model, data, bytes, NULL);
        t[1] = now();
        thm_interpreter_init(&it, &model, thm_layout_find("cortex_m"), arena, ARENA, NULL);
        err = err ? err : thm_interpreter_allocate(&it, NULL);
        t[2] = now();
        if (err || !pack_weights(&it))
            return;
        t[3] = now();
        for (int k = 0; k < 3; k++)
            best[k] = t[k + 1] - t[k] < best[k] ? t[k + 1] - t[k] : best[k];
    }
    printf("%-44.44s set-up: verify %.1f us, plan and prepare %.1f us, pack %.1f us\n", name, best[0] * 1e6,
           best[1] * 1e6, best[2] * 1e6);
}

static void bench(const char *name, const struct thm_model *model)
{
    struct thm_interpreter it;
    const struct thm_kernels *k;
    uint64_t macs = 0;
    double portable = 0;
    struct thm_interpreter_hooks hooks = { .ctx = &macs, .op_done = count };
    for (size_t i = 0; (k = thm_kernels_at(i)); i++) {
        thm_interpreter_init(&it, model, thm_layout_find("cortex_m"), arena, ARENA, &hooks);
        if (thm_interpreter_allocate(&it, NULL))
            return;
        fill_inputs(&it);
        thm_interpreter_set_kernels(&it, k);
        if (!pack_weights(&it))
            return;
        macs = 0;
        if (thm_interpreter_invoke(&it, NULL))
            return;
        uint64_t each = macs;
        it.hooks.op_done = NULL;
        double t = measure(&it);
        if (i > 0 && t > portable) { /* somebody else may have had the core */
            double again = measure(&it);
            t = again < t ? again : t;
        }
        portable = i == 0 ? t : portable;
        print_row(name, k, t, portable, each);
    }
}

static int bench_file(const char *path)
{
    struct thm_model model;
    struct thm_nn_diag diag;
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 2;
    }
    uint8_t *data = malloc(FILE_MAX);
    size_t bytes = data ? fread(data, 1, FILE_MAX, f) : 0;
    const char *slash = strrchr(path, '/');
    fclose(f);
    const char *name = slash ? slash + 1 : path;
    if (thm_model_open(&model, data, bytes, &diag) == THM_NN_OK) {
        print_set_up(name, data, bytes);
        bench(name, &model);
    }
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    int status = 0;
    arena = aligned_alloc(16, ARENA);
    if (argc < 2 || !arena) {
        fprintf(stderr, "usage: bench_models MODEL.tflite...\n");
        return argc < 2 ? 2 : 20;
    }
    memset(arena, 0, ARENA);
    peak = measure_peak();
    if (peak > 0)
        printf("this core's int8 peak: %.1f GMAC/s\n", peak);
    for (int i = 1; i < argc && !status; i++)
        status = bench_file(argv[i]);
    if (slower)
        printf("%d rows are slower than portable\n", slower);
    free(arena);
    return status;
}
