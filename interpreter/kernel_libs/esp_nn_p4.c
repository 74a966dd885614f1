/* interpreter/kernel_libs/esp_nn_p4.c -- scratch memory of the ESP32-P4's convolutions: within 32 KB where it can be.
 */
#include "interpreter/kernel_libs/esp_nn.h"

enum { BUDGET = 32768 }; /* bytes for the padded input */

/* Channels that make a row of the window at least 16 elements. */
static uint64_t widened(const struct thm_conv_shape *s)
{
    return thm_round_up((16 + s->kw - 1) / s->kw, 16);
}

/* As many rows of output at a time as the budget has input for. */
static uint64_t tiles(const struct thm_conv_shape *s)
{
    bool narrow = thm_times(s->kw, s->c) < 16;
    uint64_t e = narrow ? widened(s) : s->c, factors = 4 * s->oc, rows = 1;
    uint64_t filter = narrow ? thm_times3(thm_times(s->kh, s->kw), e, s->oc) : 0;
    uint64_t row = thm_times(s->iw + 2 * s->pw, e), first = thm_times(s->kh, row);
    if (factors + filter < BUDGET && first <= BUDGET - factors - filter && row) {
        rows = (BUDGET - factors - filter - first) / thm_times(s->sh, row) + 1;
        rows = rows < s->oh ? rows : s->oh;
    }
    uint64_t lines = (rows ? rows - 1 : 0) * s->sh + s->kh + 2 * s->ph;
    return thm_times(lines, row) + filter + 32 + factors;
}

uint64_t thm_esp32p4_conv(const struct thm_conv_shape *s)
{
    uint64_t positions = thm_times(s->kh, s->kw), factors = 4 * s->oc;
    uint64_t aligned = thm_times3(positions, thm_round_up(s->c, 16), s->oc);
    bool padded = s->pw || s->ph;
    if (thm_esp_is_pointwise(s))
        return s->c < 16 ? 20 * s->oc + 64 : thm_esp_pointwise(s) + 32;
    if (!padded && thm_times(s->kw, s->c) >= 16)
        return aligned + 32 + factors;
    if (thm_times(positions, s->c) >= 16)
        return factors + thm_times(positions, s->c) + 32;
    if (!padded)
        return factors + thm_times3(positions, widened(s), s->oc) + thm_times3(s->iw, s->ih, widened(s)) + 32;
    uint64_t full = thm_esp_padded(s);
    return full + factors <= BUDGET ? full + aligned + 32 + factors : tiles(s);
}
