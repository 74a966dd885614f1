/* interpreter/host/windows_template.h -- int8 windows times packed weights. A file that includes it has defined:
 *   TARGET                    the instructions that functions may use
 *   STEP                      products that one lane adds at once
 *   GROUPS                    groups of STEP elements to a load
 *   VECTORS, TOGETHER         vectors of channels side by side, at most 4; windows that share a load of weights, at
 * most 6 input_t, weight_t         how elements lie in the image and weights are packed convert thm_convert for input_t
 *   elements_at(x, groups)    an elements_t: GROUPS groups, or one in whatever lanes
 *   weights_at(w)             a weights_t: STEP weights for each of LANES channels
 *   mac(sum, x, g, w)         to each lane the STEP products of group g of x and w
 *   OFFSET(z)                 what elements have gained beyond minus the zero point z
 * and included a lanes_CPU.h.
 *
 * A window is some runs of contiguous elements. Packed: where each run begins, struct lanes for each vector of
 * channels, then weights [block of VECTORS vectors][run][element / STEP][vector][lane][element % STEP], 0 where a run
 * or the channels end before. */
#include "interpreter/host/image.h"
#include "interpreter/host/workspace.h"

#define FEW_PRODUCTS 256 /* not worth a change of stack */

struct layout {
    int32_t runs, elements; /* of a run */
    int32_t padded;         /* elements rounded up to STEP */
    int32_t vectors;
    size_t lanes, weights, bytes; /* offsets of these parts, and of the end */
};

static struct layout layout_of(const struct thm_windows_i8 *w)
{
    bool whole_rows = w->dilation_w == 1 || w->filter_w == 1;
    struct layout l = { .runs = w->filter_h * (whole_rows ? 1 : w->filter_w),
                        .elements = w->channels * (whole_rows ? w->filter_w : 1),
                        .vectors = (w->out_channels + LANES - 1) / LANES };
    l.padded = (l.elements + STEP - 1) / STEP * STEP;
    l.lanes = ((size_t)l.runs * sizeof(uint32_t) + 63) / 64 * 64;
    l.weights = l.lanes + (size_t)l.vectors * sizeof(struct lanes);
    l.bytes = l.weights + (size_t)l.vectors * LANES * (size_t)l.runs * (size_t)l.padded * sizeof(weight_t);
    return l;
}

/* Element e of run r is this one of the filter. */
static int32_t element_of(const struct layout *l, int32_t r, int32_t e)
{
    return r * l->elements + e;
}

static bool pays(const struct thm_windows_i8 *w)
{
    int64_t windows = (int64_t)w->batches * w->out_h * w->out_w;
    int64_t elements = (int64_t)w->filter_h * w->filter_w * w->channels;
    return windows * elements * w->out_channels > FEW_PRODUCTS && elements >= STEP;
}

static int64_t sum_of_weights(const struct thm_windows_i8 *w, int32_t k)
{
    const int8_t *from = w->weights + (size_t)k * w->channel_step;
    int64_t sum = 0;
    for (int32_t i = 0; i < w->filter_h * w->filter_w * w->channels; i++) {
        sum += from[(size_t)i * w->element_step];
    }
    return sum;
}

static size_t bytes(const struct thm_windows_i8 *w)
{
    struct thm_band b;
    if (w->depthwise || !pays(w) || !can_scale(&w->requant, w->out_channels) ||
        !thm_bands_begin(w, sizeof(input_t), &b))
        return 0;
    return layout_of(w).bytes;
}

/* The weights of channel k, whose place among the vectors is given by the first of its block. */
static void pack_channel(const struct thm_windows_i8 *w, const struct layout *l, int32_t k, weight_t *weights)
{
    int32_t vector = k / LANES, first = vector / VECTORS * VECTORS;
    int32_t side_by_side = l->vectors - first < VECTORS ? l->vectors - first : VECTORS;
    size_t step = (size_t)side_by_side * LANES * STEP, depth = (size_t)l->runs * (size_t)l->padded;
    const int8_t *from = w->weights + (size_t)k * w->channel_step;
    weight_t *to = weights + (size_t)first * LANES * depth + (size_t)((vector - first) * LANES + k % LANES) * STEP;
    for (int32_t r = 0; r < l->runs; r++)
        for (int32_t e = 0; e < l->elements; e++)
            to[((size_t)r * (size_t)l->padded + (size_t)e) / STEP * step + (size_t)(e % STEP)] =
                from[(size_t)element_of(l, r, e) * w->element_step];
}

static void pack(const struct thm_windows_i8 *w, void *packed)
{
    struct layout l = layout_of(w);
    struct thm_band b;
    uint32_t *run = packed;
    struct lanes *lanes = (struct lanes *)(void *)((uint8_t *)packed + l.lanes);
    memset(packed, 0, l.bytes);
    thm_bands_begin(w, sizeof(input_t), &b);
    int32_t across = l.runs / w->filter_h;
    for (int32_t r = 0; r < l.runs; r++)
        run[r] = (uint32_t)((size_t)(r / across) * (size_t)w->dilation_h * b.line +
                            (size_t)(r % across) * (size_t)w->dilation_w * (size_t)w->channels);
    for (int32_t k = 0; k < w->out_channels; k++) {
        int32_t offset = (int32_t)(OFFSET(w->input_zero) * sum_of_weights(w, k));
        set_lane(&lanes[k / LANES], k % LANES, &w->requant, k, offset);
        pack_channel(w, &l, k, (weight_t *)(void *)((uint8_t *)packed + l.weights));
    }
}

struct job { /* one band and one block of channels */
    const struct thm_windows_i8 *w;
    const struct layout *l;
    const struct thm_band *band;
    const input_t *image;
    const uint32_t *run;
    const struct lanes *lanes;
    const weight_t *weights;
    int8_t *out;
    int32_t count; /* channels */
};

/* Products of the elements from e on: n windows, v vectors of channels, groups of STEP elements; known when compiled.
 */
INLINE void add_products(vec sum[TOGETHER][VECTORS], const input_t *const *window, size_t e, const weight_t *weights,
                         int n, int v, int groups)
{
    elements_t x[TOGETHER];
    weights_t w[VECTORS];
#pragma GCC unroll 8
    for (int g = 0; g < groups; g++, weights += v * LANES * STEP) {
        for (int k = 0; k < v; k++)
            w[k] = weights_at(weights + k * LANES * STEP);
        for (int i = 0; i < n; i++) {
            if (g == 0)
                x[i] = elements_at(window[i] + e, groups);
            for (int k = 0; k < v; k++)
                sum[i][k] = mac(sum[i][k], x[i], g, w[k]);
        }
    }
}

INLINE void block(const struct job *j, const input_t *const *window, int n, int v, int8_t *out)
{
    vec sum[TOGETHER][VECTORS];
    const weight_t *weights = j->weights;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < v; k++)
            sum[i][k] = at(j->lanes[k].start);
    for (int32_t r = 0; r < j->l->runs; r++) {
        size_t e = j->run[r], end = e + (size_t)j->l->padded;
        for (; GROUPS > 1 && e + GROUPS * STEP <= end; e += GROUPS * STEP, weights += v * LANES * GROUPS * STEP)
            add_products(sum, window, e, weights, n, v, GROUPS);
        for (; e < end; e += STEP, weights += v * LANES * STEP)
            add_products(sum, window, e, weights, n, v, 1);
    }
    for (int i = 0; i < n; i++)
        store_bytes(out + (size_t)i * (size_t)j->w->out_channels, in_order(narrow(sum[i], v, j->lanes, &j->w->requant)),
                    j->count);
}

INLINE void windows_of(const struct job *j, int v)
{
    const input_t *window[TOGETHER];
    int32_t total = j->band->rows * j->w->out_w, y = 0, x = 0;
    for (int32_t i = 0, n; i < total; i += n) {
        int8_t *out = j->out + (size_t)i * (size_t)j->w->out_channels;
        n = total - i < TOGETHER ? total - i : TOGETHER;
        for (int32_t k = 0; k < n; k++) {
            window[k] = j->image + thm_band_at(j->w, j->band, y, x);
            if (++x == j->w->out_w)
                x = 0, y++;
        }
        switch (n) {
        case 1: block(j, window, 1, v, out); break;
        case 2: block(j, window, 2, v, out); break;
        case 3: block(j, window, 3, v, out); break;
        case 4: block(j, window, 4, v, out); break;
#if TOGETHER > 5
        case 5: block(j, window, 5, v, out); break;
#endif
        default: block(j, window, TOGETHER, v, out); break;
        }
    }
}

TARGET __attribute__((noinline)) static void one_vector(const struct job *j)
{
    windows_of(j, 1);
}

TARGET __attribute__((noinline)) static void two_vectors(const struct job *j)
{
    windows_of(j, 2);
}

#if VECTORS > 2
TARGET __attribute__((noinline)) static void three_vectors(const struct job *j)
{
    windows_of(j, 3);
}

TARGET __attribute__((noinline)) static void four_vectors(const struct job *j)
{
    windows_of(j, 4);
}
#endif

static void (*const windows_with[])(const struct job *j) = {
    one_vector,
    two_vectors,
#if VECTORS > 2
    three_vectors,
    four_vectors,
#endif
};

static void run_on_own_stack(const struct thm_windows_i8 *w, const void *packed, struct thm_workspace *space)
{
    struct layout l = layout_of(w);
    struct thm_band b;
    const struct lanes *lanes = (const struct lanes *)(const void *)((const uint8_t *)packed + l.lanes);
    const weight_t *weights = (const weight_t *)(const void *)((const uint8_t *)packed + l.weights);
    thm_bands_begin(w, sizeof(input_t), &b);
    while (thm_bands_next(w, sizeof(input_t), convert, space->image, &b))
        for (int32_t v = 0; v < l.vectors; v += VECTORS) {
            int32_t vectors = l.vectors - v < VECTORS ? l.vectors - v : VECTORS, k = v * LANES;
            struct job j = { .w = w,
                             .l = &l,
                             .band = &b,
                             .image = (const input_t *)(const void *)space->image,
                             .run = packed,
                             .lanes = lanes + v,
                             .weights = weights + (size_t)k * (size_t)l.runs * (size_t)l.padded,
                             .out = thm_band_out(w, &b) + k,
                             .count = w->out_channels - k };
            windows_with[vectors - 1](&j);
        }
}

static bool run(const struct thm_windows_i8 *w, const void *packed)
{
    return thm_workspace_run(run_on_own_stack, w, packed);
}

static const struct thm_window_kernel windows = { bytes, pack, run };
