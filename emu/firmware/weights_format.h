/* emu/firmware/weights_format.h -- a format of weights payloads, as the firmware that streams them needs it. */
#pragma once
#include "emu/firmware/weights.h"

struct thm_weights_format {
    const char *name;
    bool outlives;    /* what it makes is checked, so that it may be stored */
    uint64_t wait_ns; /* for each byte, after which its reader gives up; 0: that is the connection's matter */
    void (*begin)(struct thm_weights_update *u);
    /* false: no more bytes are wanted. */
    bool (*feed)(struct thm_weights_update *u, const uint8_t *data, uint32_t len);
    enum thm_weights_outcome (*end)(struct thm_weights_update *u);
    void (*message)(const struct thm_weights_update *u, char *out, size_t size);
    /* May what has come be told from what was meant, and got again? *at: from which byte on. NULL: it cannot. */
    bool (*again)(const struct thm_weights_update *u, uint64_t *at);
    void (*progress)(const struct thm_weights_update *u, uint64_t v[4]); /* records: all, new; of quantisations */
};

extern const struct thm_weights_format thm_weights_edge_impulse, thm_weights_safe;
