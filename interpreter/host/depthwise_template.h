/* interpreter/host/depthwise_template.h -- depthwise int8 windows times packed weights. A file that includes it has
 * defined:
 *   TARGET                     the instructions that functions may use
 *   TAPS                       taps whose products one lane adds at once
 *   VECTORS                    vectors that make a block of BLOCK = VECTORS * LANES channels
 *   weight_t                   how weights are packed
 *   convert                    thm_convert for int8 or uint8 elements
 *   load_taps(x, tap)          of TAPS taps, the elements of a block: elements_t x[vector], TAPS to a lane
 *   weights_at(w)              a weights_t: TAPS weights for each of LANES channels
 *   mac(sum, x, w)             to each lane the products of x and w
 *   place(v, lane)             which channel of the block that lane is
 *   ordered(bytes)             what narrow() gives, in the order of the channels
 *   OFFSET(z)                  what elements have gained beyond minus the zero point z
 * and included a lanes_CPU.h.
 *
 * With a stride of 1, what a tap meets in a whole line is contiguous, and the line is one long row of channels that
 * repeat; otherwise each pixel is a row. Packed: the offsets of the taps, struct lanes of each vector, then weights
 * [block][group of taps][vector][lane][tap], for the blocks until channels and lanes fall together again. */
#include "interpreter/host/image.h"
#include "interpreter/host/workspace.h"

#define BLOCK (VECTORS * LANES)

struct layout {
    int32_t taps, groups;
    int32_t rows, length;         /* rows in a line; elements of a row */
    int32_t period;               /* blocks that differ */
    size_t lanes, weights, bytes; /* offsets of these parts, and of the end */
};

static int32_t greatest_common_divisor(int32_t a, int32_t b)
{
    return b ? greatest_common_divisor(b, a % b) : a;
}

static bool is_flat(const struct thm_windows_i8 *w)
{
    return w->stride_w == 1;
}

static struct layout layout_of(const struct thm_windows_i8 *w)
{
    struct layout l = { .taps = w->filter_h * w->filter_w,
                        .rows = is_flat(w) ? 1 : w->out_w,
                        .length = w->channels * (is_flat(w) ? w->out_w : 1) };
    int32_t blocks = (l.length + BLOCK - 1) / BLOCK,
            repeat = is_flat(w) ? w->channels / greatest_common_divisor(w->channels, BLOCK) : blocks;
    l.groups = (l.taps + TAPS - 1) / TAPS;
    l.period = blocks < repeat ? blocks : repeat;
    l.lanes = ((size_t)l.groups * TAPS * sizeof(uint32_t) + 63) / 64 * 64;
    l.weights = l.lanes + (size_t)l.period * VECTORS * sizeof(struct lanes);
    l.bytes = l.weights + (size_t)l.period * (size_t)l.groups * TAPS * BLOCK * sizeof(weight_t);
    return l;
}

static int64_t sum_of_weights(const struct thm_windows_i8 *w, int32_t k)
{
    int64_t sum = 0;
    for (int32_t t = 0; t < w->filter_h * w->filter_w; t++) {
        sum += w->weights[(size_t)t * w->element_step + (size_t)k * w->channel_step];
    }
    return sum;
}

static size_t bytes(const struct thm_windows_i8 *w)
{
    struct thm_band b;
    if (!w->depthwise || !can_scale(&w->requant, w->out_channels) || !thm_bands_begin(w, 1, &b))
        return 0;
    return layout_of(w).bytes;
}

/* Channel k in lane `lane` of vector v of a block. */
static void pack_lane(const struct thm_windows_i8 *w, const struct layout *l, int32_t k, int v, int lane,
                      struct lanes *lanes, weight_t *weights)
{
    int32_t offset = (int32_t)(OFFSET(w->input_zero) * sum_of_weights(w, k));
    set_lane(&lanes[v], lane, &w->requant, k, offset);
    for (int32_t t = 0; t < l->taps; t++)
        weights[(t / TAPS * BLOCK + v * LANES + lane) * TAPS + t % TAPS] =
            w->weights[(size_t)t * w->element_step + (size_t)k * w->channel_step];
}

static void pack(const struct thm_windows_i8 *w, void *packed)
{
    struct layout l = layout_of(w);
    struct thm_band b;
    uint32_t *tap = packed;
    struct lanes *lanes = (struct lanes *)(void *)((uint8_t *)packed + l.lanes);
    weight_t *weights = (weight_t *)(void *)((uint8_t *)packed + l.weights);
    memset(packed, 0, l.bytes);
    thm_bands_begin(w, 1, &b);
    for (int32_t t = 0; t < l.taps; t++)
        tap[t] = (uint32_t)((size_t)(t / w->filter_w) * (size_t)w->dilation_h * b.line +
                            (size_t)(t % w->filter_w) * (size_t)w->dilation_w * (size_t)w->channels);
    for (int32_t p = 0; p < l.period; p++, lanes += VECTORS, weights += l.groups * TAPS * BLOCK)
        for (int v = 0; v < VECTORS; v++)
            for (int lane = 0; lane < LANES; lane++) {
                int32_t k = p * BLOCK + place(v, lane);
                if (k < l.length)
                    pack_lane(w, &l, k % w->channels, v, lane, lanes, weights);
            }
}

struct job { /* one band */
    const struct thm_windows_i8 *w;
    const struct layout *l;
    const uint32_t *tap;
    const struct lanes *lanes;
    const weight_t *weights;
};

INLINE void block(const struct job *j, const int8_t *in, int32_t p, int32_t groups, int8_t *out, int32_t count)
{
    const struct lanes *lanes = j->lanes + (size_t)p * VECTORS;
    const weight_t *weights = j->weights + (size_t)p * (size_t)groups * TAPS * BLOCK;
    vec sum[VECTORS];
    elements_t x[VECTORS];
    for (int v = 0; v < VECTORS; v++)
        sum[v] = at(lanes[v].start);
    for (int32_t g = 0; g < groups; g++) {
        const int8_t *tap[TAPS];
        for (int t = 0; t < TAPS; t++)
            tap[t] = in + j->tap[g * TAPS + t];
        load_taps(x, tap);
        for (int v = 0; v < VECTORS; v++, weights += LANES * TAPS)
            sum[v] = mac(sum[v], x[v], weights_at(weights));
    }
    store_bytes(out, ordered(narrow(sum, VECTORS, lanes, &j->w->requant)), count);
}

INLINE void row_of_groups(const struct job *j, const int8_t *in, int32_t groups, int8_t *out)
{
    int32_t p = 0;
    for (int32_t k = 0; k < j->l->length; k += BLOCK) {
        int32_t count = j->l->length - k < BLOCK ? j->l->length - k : BLOCK;
        block(j, in + k, p, groups, out + k, count);
        p = p + 1 == j->l->period ? 0 : p + 1;
    }
}

TARGET static void row(const struct job *j, const int8_t *in, int8_t *out)
{
    const int32_t usual = (9 + TAPS - 1) / TAPS; /* 3 x 3 */
    if (j->l->groups == usual)
        row_of_groups(j, in, usual, out);
    else
        row_of_groups(j, in, j->l->groups, out);
}

static void run_on_own_stack(const struct thm_windows_i8 *w, const void *packed, struct thm_workspace *space)
{
    struct layout l = layout_of(w);
    struct thm_band b;
    struct job j = { .w = w,
                     .l = &l,
                     .tap = packed,
                     .lanes = (const struct lanes *)(const void *)((const uint8_t *)packed + l.lanes),
                     .weights = (const weight_t *)(const void *)((const uint8_t *)packed + l.weights) };
    thm_bands_begin(w, 1, &b);
    while (thm_bands_next(w, 1, convert, space->image, &b)) {
        int8_t *out = thm_band_out(w, &b);
        for (int32_t y = 0; y < b.rows; y++)
            for (int32_t r = 0; r < l.rows; r++, out += l.length)
                row(&j, (const int8_t *)space->image + thm_band_at(w, &b, y, r), out);
    }
}

static bool run(const struct thm_windows_i8 *w, const void *packed)
{
    return thm_workspace_run(run_on_own_stack, w, packed);
}
