/* emu/firmware/telemetry.h -- what a board has inferred, posted to a server as a small JSON object.
 *
 * {"id":"7","version":"1.1","label":3,"score":0.988281,"heap_low_water":150232}: id and version are the run's settings;
 * label: the largest element of the first output, score: its value. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/board/hal.h"

struct thm_telemetry_policy {
    const char *url; /* NULL: nothing is posted */
    uint64_t every_ns;
    uint32_t count; /* posts in all; 0 is 1 */
};

struct thm_telemetry { /* in static data on a device */
    uint32_t posted, failed;
    struct thm_hal_air air;
};

struct thm_inferred { /* of one frame */
    uint32_t label;
    double score;
};

/* The largest element of an output. */
struct thm_inferred thm_inferred_of(const struct thm_tensor *t);
/* Post it. A post that fails is counted, and no failure of the board's. */
void thm_telemetry_post(struct thm_telemetry *t, struct thm_board *b, const char *url, const struct thm_inferred *i);
