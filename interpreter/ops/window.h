/* interpreter/ops/window.h -- sliding windows over height and width: padding and the taps inside the picture. */
#pragma once
#include <stdint.h>

enum { THM_PADDING_SAME = 0, THM_PADDING_VALID = 1 }; /* schema numbers */

/* Taps [from, to) of a window whose first tap is at `origin` and the others `dilation` apart lie in [0, size). */
struct thm_taps {
    int32_t from, to;
};

static inline struct thm_taps thm_clip_taps(int64_t origin, int32_t taps, int32_t dilation, int32_t size)
{
    struct thm_taps t = { 0, 0 };
    if (origin < 0) {
        int64_t from = (-origin + dilation - 1) / dilation;
        t.from = from < taps ? (int32_t)from : taps;
    }
    int64_t to = size > origin ? (size - origin + dilation - 1) / dilation : 0;
    t.to = to < taps ? (int32_t)to : taps;
    if (t.to < t.from)
        t.to = t.from;
    return t;
}

/* How many windows there are. Source: tensorflow/lite/kernels/padding.h. */
static inline int64_t thm_window_count(uint8_t padding, int32_t size, int32_t taps, int32_t stride, int32_t dilation)
{
    int64_t reach = (int64_t)(taps - 1) * dilation + 1;
    return padding == THM_PADDING_SAME    ? ((int64_t)size + stride - 1) / stride
           : padding == THM_PADDING_VALID ? ((int64_t)size + stride - reach) / stride
                                          : 0;
}

/* Padding before the first element. */
static inline int32_t thm_padding(uint8_t padding, int32_t size, int32_t taps, int32_t stride, int32_t dilation)
{
    int64_t reach = (int64_t)(taps - 1) * dilation + 1;
    int64_t total = (thm_window_count(padding, size, taps, stride, dilation) - 1) * stride + reach - size;
    return total > 0 ? (int32_t)(total / 2) : 0;
}
