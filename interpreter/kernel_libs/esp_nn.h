/* interpreter/kernel_libs/esp_nn.h -- scratch bytes of ESP-NN's convolutions on the chips that have their own.
 * Source: esp_nn_get_conv_scratch_size_esp32s3/p4(), esp_nn_get_depthwise_conv_scratch_size_esp32s3(). */
#pragma once
#include "interpreter/kernel_libs/library.h"

uint64_t thm_esp32s3_conv(const struct thm_conv_shape *s);
uint64_t thm_esp32s3_depthwise(const struct thm_conv_shape *s);
uint64_t thm_esp32p4_conv(const struct thm_conv_shape *s);

/* A 1x1 window, stride 1, no padding: the filter, and the input, with channels to a multiple of 8; 16 pixels at a time.
 */
static inline bool thm_esp_is_pointwise(const struct thm_conv_shape *s)
{
    return s->kw == 1 && s->kh == 1 && s->pw == 0 && s->ph == 0 && s->sw == 1 && s->sh == 1;
}

static inline uint64_t thm_esp_pointwise(const struct thm_conv_shape *s)
{
    uint64_t c = thm_round_up(s->c, 8), pixels = thm_times(s->iw, s->ih);
    return (s->c % 8 ? thm_times(pixels, c) : 0) + thm_times(c, s->oc) + (pixels < 8 ? 0 : 16 * c);
}

/* The input with padding on all sides. */
static inline uint64_t thm_esp_padded(const struct thm_conv_shape *s)
{
    return thm_times3(s->iw + 2 * s->pw, s->ih + 2 * s->ph, s->c);
}
