/* interpreter/host/windows_template.h -- int8 windows times weights, for vectors of eight int32 sums. A file that
 * includes it has defined:
 *   TARGET                     the instructions that functions may use
 *   STEP                       products that one lane adds at once
 *   input_t, weight_t          how elements lie in the workspace
 *   input_row(to, from, n, z)  elements of one window, z: the zero point
 *   mac(sum, x, w)             to each lane the STEP products of x (input_t) and w (weight_t)
 *   load_weights(w)            8 * STEP weights
 *   INPUT_ONE, OFFSET(z)       input_t of 1; what input_row() adds to elements beyond -z, as a number
 * Many windows: weights of eight channels are interleaved once, then meet eight windows at a time. Few windows: the
 * weights are read where they are, and each channel has a vector of partial sums. */
#include "interpreter/host/requant_avx2.h"
#include "interpreter/host/windows.h"
#include "interpreter/host/workspace.h"

#define CHUNK        (LANES * STEP) /* elements in a vector */
#define FEW_WINDOWS  4
#define FEW_PRODUCTS 512
#define TOGETHER     8 /* windows that share a load of weights */

struct job {
    const struct thm_windows_i8 *w;
    struct thm_workspace *space;
    input_t *input;
    weight_t *weights;
    int32_t elements, stride; /* of one window; rounded up to STEP */
    bool contiguous;          /* windows lie in the input as they are needed */
};

static bool is_contiguous(const struct thm_windows_i8 *w)
{
    return w->filter_h == 1 && w->filter_w == 1 && w->stride_h == 1 && w->stride_w == 1 && w->pad_h == 0 &&
           w->pad_w == 0 && w->in_h == w->out_h && w->in_w == w->out_w;
}

static inline void copy_run(int8_t *to, const int8_t *from, size_t n)
{
    if (n > 4) {
        memcpy(to, from, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        to[i] = from[i];
}

static const int8_t *gather(const struct job *j, const struct thm_cursor *at)
{
    const struct thm_windows_i8 *w = j->w;
    struct thm_view v = thm_view(w, at);
    size_t depth = (size_t)w->channels, line = depth * (size_t)w->filter_w, run = (size_t)(v.x.to - v.x.from);
    int8_t *row = j->space->row;
    if (!thm_is_whole(w, &v))
        memset(row, w->input_zero, (size_t)j->elements);
    for (int32_t y = v.y.from; v.first && y < v.y.to; y++) {
        const int8_t *from = v.first + (size_t)(y - v.y.from) * v.row;
        int8_t *to = row + (size_t)y * line + (size_t)v.x.from * depth;
        if (w->dilation_w == 1)
            copy_run(to, from, run * depth);
        else
            for (size_t x = 0; x < run; x++)
                copy_run(to + x * depth, from + x * v.column, depth);
    }
    return row;
}

/* Lay out `count` windows from *at on. `first`: number of that window. */
TARGET static void lay_out(const struct job *j, struct thm_cursor *at, size_t first, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        input_t *to = j->input + (size_t)i * (size_t)j->stride;
        const int8_t *from = j->contiguous ? j->w->in + (first + (size_t)i) * (size_t)j->elements : gather(j, at);
        input_row(to, from, j->elements, j->w->input_zero);
        for (int32_t k = j->elements; k < j->stride; k++)
            to[k] = 0;
        thm_cursor_next(j->w, at);
    }
}

/* A matrix of 8 x 8 dwords, rows to columns. */
INLINE void transpose(__m256i r[8])
{
    __m256i a[8], b[8];
    for (int i = 0; i < 4; i++) {
        a[2 * i] = _mm256_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        a[2 * i + 1] = _mm256_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++) {
        b[4 * i] = _mm256_unpacklo_epi64(a[4 * i], a[4 * i + 2]);
        b[4 * i + 1] = _mm256_unpackhi_epi64(a[4 * i], a[4 * i + 2]);
        b[4 * i + 2] = _mm256_unpacklo_epi64(a[4 * i + 1], a[4 * i + 3]);
        b[4 * i + 3] = _mm256_unpackhi_epi64(a[4 * i + 1], a[4 * i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2x128_si256(b[i], b[i + 4], 0x20);
        r[i + 4] = _mm256_permute2x128_si256(b[i], b[i + 4], 0x31);
    }
}

INLINE __m256i *at_weights(weight_t *weights, int32_t element)
{
    return (__m256i *)(void *)(weights + (size_t)element * LANES);
}

/* Interleave the weights of `count` channels from k on: [element / STEP][lane][element % STEP], 0 where there is none.
 */
TARGET static void interleave(const struct job *j, int32_t k, int32_t count)
{
    const struct thm_windows_i8 *w = j->w;
    const int8_t *from = w->weights + (size_t)k * w->channel_step;
    int32_t done = 0;
    if (count == LANES && w->element_step == 1)
        for (; done + CHUNK <= j->elements; done += CHUNK) {
            __m256i rows[LANES];
            for (size_t i = 0; i < LANES; i++)
                rows[i] = load_weights(from + i * w->channel_step + done);
            transpose(rows);
            for (int i = 0; i < LANES; i++)
                _mm256_store_si256(at_weights(j->weights, done + i * STEP), rows[i]);
        }
    memset(at_weights(j->weights, done), 0, (size_t)(j->stride - done) * LANES * sizeof(weight_t));
    for (int32_t lane = 0; lane < count; lane++)
        for (int32_t e = done; e < j->elements; e++)
            j->weights[(e / STEP * LANES + lane) * STEP + e % STEP] =
                from[(size_t)lane * w->channel_step + (size_t)e * w->element_step];
}

/* What the elements' offset adds to the sums comes off the bias. */
TARGET static void correct_bias(const struct job *j, struct lanes *l)
{
    const __m256i ones = INPUT_ONE, offset = _mm256_set1_epi32(OFFSET(j->w->input_zero));
    __m256i sum = _mm256_setzero_si256(), *bias = (__m256i *)(void *)l->bias;
    for (int32_t e = 0; OFFSET(1) && e < j->stride; e += STEP)
        sum = mac(sum, ones, _mm256_load_si256(at_weights(j->weights, e)));
    _mm256_storeu_si256(bias, _mm256_sub_epi32(_mm256_loadu_si256(bias), _mm256_mullo_epi32(sum, offset)));
}

/* `n` windows, known when compiled, with LANES channels. */
INLINE void block(const struct job *j, const input_t *x, int n, const struct lanes *l, int8_t *out, int32_t count)
{
    __m256i sum[TOGETHER];
    for (int i = 0; i < n; i++)
        sum[i] = _mm256_setzero_si256();
    for (int32_t e = 0; e < j->stride; e += STEP) {
        __m256i weights = _mm256_load_si256(at_weights(j->weights, e));
        for (int i = 0; i < n; i++) {
            int32_t elements;
            memcpy(&elements, x + (size_t)i * (size_t)j->stride + e, sizeof elements);
            sum[i] = mac(sum[i], _mm256_set1_epi32(elements), weights);
        }
    }
    for (int i = 0; i < n; i++)
        store_lanes(out + (size_t)i * (size_t)j->w->out_channels, requant(sum[i], l, &j->w->requant), count);
}

TARGET static void channels_of(const struct job *j, int32_t k, int32_t count, size_t first, int32_t windows)
{
    struct lanes l;
    int8_t *out = j->w->out + first * (size_t)j->w->out_channels + k;
    const input_t *x = j->input;
    int32_t i = 0;
    load_lanes(&j->w->requant, k, count, &l);
    interleave(j, k, count);
    correct_bias(j, &l);
    for (; i + TOGETHER <= windows; i += TOGETHER)
        block(j, x + (size_t)i * (size_t)j->stride, TOGETHER, &l, out + (size_t)i * (size_t)j->w->out_channels, count);
    for (; i + 2 <= windows; i += 2)
        block(j, x + (size_t)i * (size_t)j->stride, 2, &l, out + (size_t)i * (size_t)j->w->out_channels, count);
    if (i < windows)
        block(j, x + (size_t)i * (size_t)j->stride, 1, &l, out + (size_t)i * (size_t)j->w->out_channels, count);
}

static bool many(const struct job *j, size_t windows)
{
    const struct thm_windows_i8 *w = j->w;
    size_t room = THM_WORKSPACE_INPUT / ((size_t)j->stride * sizeof(input_t));
    struct thm_cursor at = { 0, 0, 0 };
    if ((size_t)j->stride * LANES * sizeof(weight_t) > THM_WORKSPACE_WEIGHTS || (room < TOGETHER && room < windows))
        return false;
    for (size_t first = 0; first < windows; first += room) {
        int32_t count = (int32_t)(windows - first < room ? windows - first : room);
        lay_out(j, &at, first, count);
        for (int32_t k = 0; k < w->out_channels; k += LANES)
            channels_of(j, k, w->out_channels - k < LANES ? w->out_channels - k : LANES, first, count);
    }
    return true;
}

/* Eight vectors of partial sums to one vector of sums. */
INLINE __m256i add_across(const __m256i s[8])
{
    __m256i a = _mm256_hadd_epi32(_mm256_hadd_epi32(s[0], s[1]), _mm256_hadd_epi32(s[2], s[3]));
    __m256i b = _mm256_hadd_epi32(_mm256_hadd_epi32(s[4], s[5]), _mm256_hadd_epi32(s[6], s[7]));
    return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20), _mm256_permute2x128_si256(a, b, 0x31));
}

/* The last vector of a row begins within the one before; what that one has counted is 0 here. */
TARGET static void lay_out_tail(const struct job *j, input_t *tail, input_t *tail_ones)
{
    int32_t fresh = j->elements % CHUNK;
    for (int32_t i = 0; i < CHUNK; i++) {
        bool counts = i >= CHUNK - fresh;
        tail[i] = counts ? j->input[j->elements - CHUNK + i] : (input_t)0;
        tail_ones[i] = counts;
    }
}

/* One window with `count` channels from k on. */
TARGET static void dot_lanes(const struct job *j, const input_t *tail, int32_t k, int32_t count, int8_t *out)
{
    const struct thm_windows_i8 *w = j->w;
    const int8_t *from[LANES];
    __m256i sum[LANES], all[LANES], x;
    struct lanes l;
    load_lanes(&w->requant, k, count, &l);
    for (int i = 0; i < LANES; i++) {
        from[i] = w->weights + (size_t)(k + (i < count ? i : 0)) * w->channel_step;
        sum[i] = all[i] = _mm256_setzero_si256();
    }
    for (int32_t e = 0; e + CHUNK <= j->elements; e += CHUNK) {
        x = _mm256_loadu_si256((const __m256i *)(const void *)(j->input + e));
        for (int i = 0; i < LANES; i++) {
            __m256i weights = load_weights(from[i] + e);
            sum[i] = mac(sum[i], x, weights);
            if (OFFSET(1))
                all[i] = mac(all[i], INPUT_ONE, weights);
        }
    }
    x = _mm256_loadu_si256((const __m256i *)(const void *)tail);
    __m256i ones = _mm256_loadu_si256((const __m256i *)(const void *)(tail + CHUNK));
    for (int i = 0; j->elements % CHUNK && i < LANES; i++) {
        __m256i weights = load_weights(from[i] + j->elements - CHUNK);
        sum[i] = mac(sum[i], x, weights);
        if (OFFSET(1))
            all[i] = mac(all[i], ones, weights);
    }
    __m256i total = add_across(sum);
    if (OFFSET(1))
        total = _mm256_sub_epi32(total, _mm256_mullo_epi32(add_across(all), _mm256_set1_epi32(OFFSET(w->input_zero))));
    store_lanes(out + k, requant(total, &l, &w->requant), count);
}

static bool few(const struct job *j, size_t windows)
{
    const struct thm_windows_i8 *w = j->w;
    input_t *tail = (input_t *)(void *)j->space->weights;
    struct thm_cursor at = { 0, 0, 0 };
    if ((size_t)j->stride * sizeof(input_t) > THM_WORKSPACE_INPUT)
        return false;
    for (size_t i = 0; i < windows; i++) {
        lay_out(j, &at, i, 1);
        lay_out_tail(j, tail, tail + CHUNK);
        for (int32_t k = 0; k < w->out_channels; k += LANES)
            dot_lanes(j, tail, k, w->out_channels - k < LANES ? w->out_channels - k : LANES,
                      w->out + i * (size_t)w->out_channels);
    }
    return true;
}

/* Neither the change of stack nor the layout nor vectors of eight channels pay for a handful of products. */
static bool pays(const struct thm_windows_i8 *w)
{
    int64_t windows = (int64_t)w->batches * w->out_h * w->out_w,
            elements = (int64_t)w->filter_h * w->filter_w * w->channels;
    return windows * (elements * w->out_channels) > FEW_PRODUCTS &&
           (elements >= CHUNK || (windows >= TOGETHER && w->out_channels >= FEW_WINDOWS && elements > 1));
}

static bool run(const struct thm_windows_i8 *w, struct thm_workspace *space)
{
    size_t windows = (size_t)w->batches * (size_t)w->out_h * (size_t)w->out_w;
    struct job j = { .w = w,
                     .space = space,
                     .input = (input_t *)(void *)space->input,
                     .weights = (weight_t *)(void *)space->weights,
                     .contiguous = is_contiguous(w) };
    int64_t elements = (int64_t)w->filter_h * w->filter_w * w->channels;
    if (elements > (j.contiguous ? (int64_t)THM_WORKSPACE_INPUT : (int64_t)THM_WORKSPACE_ROW))
        return false;
    j.elements = (int32_t)elements;
    j.stride = (j.elements + STEP - 1) / STEP * STEP;
    if ((windows < FEW_WINDOWS || w->out_channels < FEW_WINDOWS) && w->element_step == 1 && elements >= CHUNK)
        return few(&j, windows);
    return many(&j, windows);
}

static bool windows_i8(const struct thm_windows_i8 *w)
{
    return can_requant(&w->requant) && pays(w) && thm_workspace_run(run, w);
}
