/* interpreter/host/image.h -- a band of an input picture with its margins, laid out in the workspace: below it, no
 * window ever sticks out. */
#pragma once
#include "interpreter/ops/variant.h"

struct thm_band {
    int32_t batch, y;   /* first output row */
    int32_t rows, most; /* output rows of this band, and of the largest one that fits */
    int32_t width;      /* pixels of a line, margins included */
    size_t line;        /* elements of a line */
};

/* How elements become the kernel's: `n` of them from int8 `from`, or (from == NULL) n times the zero point. */
typedef void thm_convert(void *to, const int8_t *from, size_t n, int32_t zero);

static inline int32_t thm_reach(int32_t taps, int32_t dilation)
{
    return (taps - 1) * dilation + 1;
}

/* Start before the first band, for elements of element_bytes. false: not even one output row fits. */
bool thm_bands_begin(const struct thm_windows_i8 *w, size_t element_bytes, struct thm_band *b);
/* The next band, laid out at `image`. false: there is none. */
bool thm_bands_next(const struct thm_windows_i8 *w, size_t element_bytes, thm_convert *convert, void *image,
                    struct thm_band *b);

/* First element of the window at output column x of the band's row y. */
static inline size_t thm_band_at(const struct thm_windows_i8 *w, const struct thm_band *b, int32_t y, int32_t x)
{
    return (size_t)y * (size_t)w->stride_h * b->line + (size_t)x * (size_t)w->stride_w * (size_t)w->channels;
}

/* Where in the output the band begins. */
static inline int8_t *thm_band_out(const struct thm_windows_i8 *w, const struct thm_band *b)
{
    size_t rows = (size_t)b->batch * (size_t)w->out_h + (size_t)b->y;
    return w->out + rows * (size_t)w->out_w * (size_t)w->out_channels;
}

/* The int8 elements as they are; plus 128, as uint8; less the zero point, as int16. */
thm_convert thm_convert_i8, thm_convert_u8, thm_convert_i16;
