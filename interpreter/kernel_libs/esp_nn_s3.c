/* interpreter/kernel_libs/esp_nn_s3.c -- scratch memory of the ESP32-S3's convolutions: copies of filter and input,
 * padded and with channels to a multiple of what a vector holds. */
#include "interpreter/kernel_libs/esp_nn.h"

/* How far the last window reaches past the input. */
static uint64_t past(uint64_t windows, uint64_t stride, uint64_t taps, uint64_t size)
{
    uint64_t reach = windows * stride + taps - 1;
    return reach > size ? reach - size : 0;
}

uint64_t thm_esp32s3_conv(const struct thm_conv_shape *s)
{
    uint64_t window = thm_times3(s->kh, s->kw, s->c), row = thm_times(s->kw, s->c), factors = 4 * s->oc;
    if (thm_esp_is_pointwise(s))
        return thm_esp_pointwise(s) + 64;
    if (row < 16 && window >= 16) {
        uint64_t w = thm_round_up(window, 16);
        return factors + 16 + thm_times(s->oc, w) + 16 + w + 64;
    }
    uint64_t right = past(s->ow, s->sw, s->kw, s->iw), bottom = past(s->oh, s->sh, s->kh, s->ih);
    uint64_t input = s->pw || s->ph ? thm_esp_padded(s) : 0;
    uint64_t again = right || bottom ? thm_times3(s->iw + right, s->ih + bottom, s->c) : 0;
    uint64_t filter = thm_times3(thm_times(s->kh, s->kw), thm_round_up(s->c, 16), s->oc);
    uint64_t rows = thm_times3(thm_round_up(row, 16), s->kh, s->oc);
    return input + filter + rows + again + 64 + factors;
}

enum { INPUT_MOST = 40960, COPY_MOST = 49152 }; /* bytes: larger inputs are copied by rows */

/* 3x3, channels a multiple of 16. */
static uint64_t by_16(const struct thm_conv_shape *s, uint64_t filter)
{
    bool padded = s->pw || s->ph;
    int64_t w = padded ? 2 * (int64_t)s->pw : (int64_t)(s->ow * s->sw + 2) - (int64_t)s->iw;
    int64_t h = padded ? 2 * (int64_t)s->ph : (int64_t)(s->oh * s->sh + 2) - (int64_t)s->ih;
    if (w == 0 && h == 0)
        return filter + 16;
    uint64_t width = (uint64_t)((int64_t)s->iw + w), height = (uint64_t)((int64_t)s->ih + h);
    uint64_t input = thm_times3(width, height, s->c);
    return filter + (input <= INPUT_MOST ? input : thm_times3(width, 3, s->c)) + 16;
}

/* 3x3, 24, 40, 56 ... channels. */
static uint64_t by_8(const struct thm_conv_shape *s)
{
    uint64_t n = thm_round_up(s->c, 16);
    uint64_t w = 2 * s->pw + past(s->ow, s->sw, 3, s->iw), h = 2 * s->ph + past(s->oh, s->sh, 3, s->ih);
    return 9 * n + thm_times3(s->iw + w, s->ih + h, n) + thm_times3(s->ow, s->oh, n) + 64;
}

static uint64_t other_kernel(const struct thm_conv_shape *s, uint64_t filter, uint64_t input)
{
    uint64_t copies = 2 * (filter + input);
    if (copies <= COPY_MOST)
        return copies + 32;
    return 2 * filter + 2 * thm_times3(s->iw, s->kh, s->c) + 32;
}

static uint64_t odd_channels(const struct thm_conv_shape *s)
{
    uint64_t p = thm_round_up(s->c, 8);
    uint64_t filter = thm_round_up(2 * thm_times3(s->kw, s->kh, p), 16);
    uint64_t input = thm_round_up(filter + 2 * thm_times3(s->iw, s->ih, p), 16);
    return thm_round_up(input + thm_times3(s->ow, s->oh, p), 16) + 12 * p + 16;
}

uint64_t thm_esp32s3_depthwise(const struct thm_conv_shape *s)
{
    uint64_t filter = thm_times3(thm_times(s->kh, s->kw), s->c, s->multiplier), input = thm_times3(s->iw, s->ih, s->c);
    if (s->multiplier == 1 && s->c % 8 == 0) {
        if (s->kw != 3 || s->kh != 3)
            return other_kernel(s, filter, input);
        return s->c % 16 == 0 ? by_16(s, filter) : s->c >= 12 ? by_8(s) : 2 * (filter + input) + 32;
    }
    if (s->multiplier == 1 && s->c > 3)
        return odd_channels(s);
    return s->multiplier % 4 == 0 ? 2 * (filter + input) + 32 : 32;
}
