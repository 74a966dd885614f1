/* interpreter/host/depthwise_avx2.c -- depthwise convolution: eight channels side by side, two taps at once. */
#if defined __x86_64__
#define TARGET __attribute__((target("avx2")))
#include "interpreter/host/requant_avx2.h"
#include "interpreter/host/windows.h"
#include "interpreter/host/workspace.h"
#include "interpreter/host/x86.h"

struct job {
    const struct thm_windows_i8 *w;
    struct thm_workspace *space;
    int16_t *weights;      /* [block][pair of taps][lane][2] */
    struct lanes *lanes;   /* [block] */
    const int8_t *outside; /* as many zero points as there are channels */
    int32_t taps, pairs, blocks;
};

/* First channel of a block: the last block begins within the one before instead of sticking out. */
static inline int32_t first_of(const struct job *j, int32_t block)
{
    int32_t k = block * LANES, last = j->w->channels - LANES;
    return k < last ? k : last;
}

/* The zero point's share of every sum is known beforehand: it comes off the bias. */
static void prepare_block(const struct job *j, int32_t block)
{
    int32_t k = first_of(j, block);
    int16_t *to = j->weights + (size_t)block * (size_t)j->pairs * 2 * LANES;
    struct lanes *l = &j->lanes[block];
    load_lanes(&j->w->requant, k, LANES, l);
    for (int32_t t = 0; t < 2 * j->pairs; t++)
        for (int32_t i = 0; i < LANES; i++) {
            int16_t weight = t < j->taps ? j->w->weights[(size_t)t * (size_t)j->w->channels + (size_t)(k + i)] : 0;
            to[(t / 2 * LANES + i) * 2 + t % 2] = weight;
            l->bias[i] = (int32_t)((uint32_t)l->bias[i] - (uint32_t)(weight * j->w->input_zero));
        }
}

/* Where each tap of the window begins; an odd number of taps gains one whose weight is 0. */
static void find_taps(const struct job *j, const struct thm_cursor *at)
{
    const struct thm_windows_i8 *w = j->w;
    struct thm_view v = thm_view(w, at);
    const int8_t **tap = j->space->tap;
    if (!thm_is_whole(w, &v))
        for (int32_t t = 0; t < j->taps; t++)
            tap[t] = j->outside;
    for (int32_t y = v.y.from; v.first && y < v.y.to; y++)
        for (int32_t x = v.x.from; x < v.x.to; x++)
            tap[y * w->filter_w + x] = v.first + (size_t)(y - v.y.from) * v.row + (size_t)(x - v.x.from) * v.column;
    tap[j->taps] = tap[0];
}

INLINE __m128i load8(const int8_t *p)
{
    return _mm_loadl_epi64((const __m128i *)(const void *)p);
}

TARGET static void window(const struct job *j, int8_t *out)
{
    const __m256i *weights = (const __m256i *)(const void *)j->weights;
    const int8_t *const *tap = j->space->tap;
    for (int32_t b = 0; b < j->blocks; b++) {
        int32_t k = first_of(j, b);
        __m256i sum = _mm256_setzero_si256();
        for (int32_t p = 0; p < j->pairs; p++) {
            __m128i both = _mm_unpacklo_epi8(load8(tap[2 * p] + k), load8(tap[2 * p + 1] + k));
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_cvtepi8_epi16(both), _mm256_load_si256(weights++)));
        }
        store_lanes(out + k, requant(sum, &j->lanes[b], &j->w->requant), LANES);
    }
}

static bool fits(const struct thm_windows_i8 *w)
{
    int64_t taps = (int64_t)w->filter_h * w->filter_w, blocks = (w->channels + LANES - 1) / LANES;
    int64_t lanes = blocks * (int64_t)sizeof(struct lanes);
    return w->channels >= LANES && taps < (int64_t)THM_WORKSPACE_TAPS && can_requant(&w->requant) &&
           lanes + w->channels <= (int64_t)THM_WORKSPACE_INPUT &&
           blocks * (taps + 1) * LANES * (int64_t)sizeof(int16_t) <= (int64_t)THM_WORKSPACE_WEIGHTS;
}

static bool run(const struct thm_windows_i8 *w, struct thm_workspace *space)
{
    struct job j = { .w = w,
                     .space = space,
                     .taps = w->filter_h * w->filter_w,
                     .blocks = (w->channels + LANES - 1) / LANES,
                     .weights = (int16_t *)(void *)space->weights,
                     .lanes = (struct lanes *)(void *)space->input };
    int8_t *outside = (int8_t *)(void *)&j.lanes[j.blocks];
    size_t windows = (size_t)w->batches * (size_t)w->out_h * (size_t)w->out_w;
    struct thm_cursor at = { 0, 0, 0 };
    j.pairs = (j.taps + 1) / 2;
    j.outside = outside;
    memset(outside, w->input_zero, (size_t)w->channels);
    for (int32_t b = 0; b < j.blocks; b++)
        prepare_block(&j, b);
    for (size_t i = 0; i < windows; i++) {
        find_taps(&j, &at);
        window(&j, w->out + i * (size_t)w->channels);
        thm_cursor_next(w, &at);
    }
    return true;
}

bool thm_depthwise_avx2(const struct thm_windows_i8 *w)
{
    return fits(w) && thm_workspace_run(run, w);
}
#else
typedef int nothing_for_this_cpu;
#endif
