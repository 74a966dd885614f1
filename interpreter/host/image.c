#include "interpreter/host/image.h"
#include <string.h>
#include "interpreter/host/workspace.h"

static size_t lines_of(const struct thm_windows_i8 *w, int32_t rows)
{
    return (size_t)(rows - 1) * (size_t)w->stride_h + (size_t)thm_reach(w->filter_h, w->dilation_h);
}

bool thm_bands_begin(const struct thm_windows_i8 *w, size_t element_bytes, struct thm_band *b)
{
    int64_t width = (int64_t)(w->out_w - 1) * w->stride_w + (int64_t)(w->filter_w - 1) * w->dilation_w + 1;
    int64_t room = (int64_t)(THM_WORKSPACE_IMAGE / element_bytes), line = width * w->channels;
    int64_t reach = (int64_t)(w->filter_h - 1) * w->dilation_h + 1;
    if (width > room || line > room || line == 0 || reach > room / line)
        return false;
    int64_t most = (room / line - reach) / w->stride_h + 1;
    *b = (struct thm_band){ .width = (int32_t)width,
                            .line = (size_t)line,
                            .most = most < w->out_h ? (int32_t)most : w->out_h };
    return true;
}

/* One line: margin, pixels, margin. */
static void lay_out_line(const struct thm_windows_i8 *w, const struct thm_band *b, int64_t y, size_t element_bytes,
                         thm_convert *convert, uint8_t *to)
{
    size_t channels = (size_t)w->channels;
    bool inside = y >= 0 && y < w->in_h;
    int32_t left = w->pad_w < b->width ? w->pad_w : b->width, pixels = b->width - left;
    pixels = !inside ? 0 : pixels < w->in_w ? pixels : w->in_w;
    size_t before = (size_t)left * channels, middle = (size_t)pixels * channels;
    if (before)
        convert(to, NULL, before, w->input_zero);
    if (middle) {
        size_t row = (size_t)b->batch * (size_t)w->in_h + (size_t)y;
        convert(to + before * element_bytes, w->in + row * (size_t)w->in_w * channels, middle, w->input_zero);
    }
    if (before + middle < b->line)
        convert(to + (before + middle) * element_bytes, NULL, b->line - before - middle, w->input_zero);
}

bool thm_bands_next(const struct thm_windows_i8 *w, size_t element_bytes, thm_convert *convert, void *image,
                    struct thm_band *b)
{
    b->y += b->rows;
    if (b->y == w->out_h) {
        b->y = 0;
        b->batch++;
    }
    if (b->batch == w->batches)
        return false;
    b->rows = w->out_h - b->y < b->most ? w->out_h - b->y : b->most;
    size_t lines = lines_of(w, b->rows);
    for (size_t i = 0; i < lines; i++)
        lay_out_line(w, b, (int64_t)b->y * w->stride_h - w->pad_h + (int64_t)i, element_bytes, convert,
                     (uint8_t *)image + i * b->line * element_bytes);
    return true;
}

void thm_convert_i8(void *to, const int8_t *from, size_t n, int32_t zero)
{
    if (from)
        memcpy(to, from, n);
    else
        memset(to, zero, n);
}

void thm_convert_u8(void *to, const int8_t *from, size_t n, int32_t zero)
{
    uint8_t *out = to;
    if (!from)
        memset(to, zero + 128, n);
    for (size_t i = 0; from && i < n; i++)
        out[i] = (uint8_t)(from[i] ^ INT8_MIN);
}

void thm_convert_i16(void *to, const int8_t *from, size_t n, int32_t zero)
{
    int16_t *out = to;
    if (!from)
        memset(to, 0, n * sizeof *out);
    for (size_t i = 0; from && i < n; i++)
        out[i] = (int16_t)(from[i] - zero);
}
