/* interpreter/host/windows.h -- the elements under a window, side by side in the order of the weights. */
#pragma once
#include "interpreter/ops/variant.h"
#include "interpreter/ops/window.h"

/* An output position; the windows come in the order of the output. */
struct thm_cursor {
    int32_t batch, y, x;
};

static inline void thm_cursor_next(const struct thm_windows_i8 *w, struct thm_cursor *at)
{
    if (++at->x < w->out_w)
        return;
    at->x = 0;
    if (++at->y < w->out_h)
        return;
    at->y = 0;
    at->batch++;
}

/* What of a window lies in the picture. */
struct thm_view {
    struct thm_taps y, x;
    const int8_t *first; /* NULL: nothing */
    size_t row, column;  /* elements from tap to tap */
};

static inline struct thm_view thm_view(const struct thm_windows_i8 *w, const struct thm_cursor *at)
{
    int64_t y0 = (int64_t)at->y * w->stride_h - w->pad_h, x0 = (int64_t)at->x * w->stride_w - w->pad_w;
    size_t channels = (size_t)w->channels, line = (size_t)w->in_w * channels;
    struct thm_view v = { thm_clip_taps(y0, w->filter_h, w->dilation_h, w->in_h),
                          thm_clip_taps(x0, w->filter_w, w->dilation_w, w->in_w), NULL, (size_t)w->dilation_h * line,
                          (size_t)w->dilation_w * channels };
    if (v.y.from < v.y.to && v.x.from < v.x.to) {
        size_t y = (size_t)(y0 + (int64_t)v.y.from * w->dilation_h),
               x = (size_t)(x0 + (int64_t)v.x.from * w->dilation_w);
        v.first = w->in + ((size_t)at->batch * (size_t)w->in_h + y) * line + x * channels;
    }
    return v;
}

static inline bool thm_is_whole(const struct thm_windows_i8 *w, const struct thm_view *v)
{
    return v->first && v->y.from == 0 && v->y.to == w->filter_h && v->x.from == 0 && v->x.to == w->filter_w;
}
