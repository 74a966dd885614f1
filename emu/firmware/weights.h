/* emu/firmware/weights.h -- new weights for the model that is loaded, written over the old ones as they arrive.
 *
 * What the payload is shows in its first bytes: the safe format (emu/ota/safe.h), Edge Impulse's (emu/ota/ei.h), or
 * anything else, in which Edge Impulse's marker is searched for, as its example does. The former leaves the model as it
 * was or makes it the new one, or says that it must be loaded again; the latter may leave a mixture. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/firmware/download.h"
#include "emu/ota/ei.h"
#include "emu/ota/safe.h"

struct thm_board;

struct thm_weights_source {
    const char *from; /* https URL, or a file on the mounted storage; NULL: no update */
    bool stored;      /* the latter */
    bool restore;     /* keep the old weights as an Edge Impulse payload, and go back to them when an update fails */
};

enum thm_weights_outcome {
    THM_WEIGHTS_NEW,   /* all of them */
    THM_WEIGHTS_OLD,   /* nothing was written, or restored */
    THM_WEIGHTS_MIXED, /* and the board infers with them */
    THM_WEIGHTS_STALE, /* some were written, and the model is to be loaded again */
};

struct thm_weights_update { /* in static data; out: format, message, exit_status */
    struct thm_board *b;
    const struct thm_weights_source *source;
    struct thm_download *download;           /* of source->from, begun; unless that is stored. Lent */
    uint32_t chunk;                          /* bytes read at a time */
    uint8_t *model;                          /* writable, in SRAM */
    uint32_t bytes, moved;                   /* moved: of the model, from the flash to the SRAM for this */
    const uint8_t *original;                 /* the model in the flash; NULL: there is none */
    struct thm_model parsed;                 /* that, opened */
    const struct thm_weights_format *format; /* NULL: not known yet; from here on private but for what is said above */
    struct thm_weights_model walk;
    struct thm_weights weights;
    union {
        struct thm_ei_reader ei;
        struct thm_safe_reader safe;
    };
    struct thm_safe_host host;
    uint8_t *buffer, *staged, *kept; /* receive buffer for a stored one, one record, old weights */
    int32_t fd;
    uint64_t from;                   /* the payload's byte that comes next */
    uint32_t repeats;                /* so often a payload that came damaged was asked for again */
    uint32_t kept_bytes, room_bytes; /* room: what the old weights take, in the SRAM or in the flash */
    uint64_t received;
    uint8_t head[11], first[4]; /* the last bytes, in search of the marker; and the payload's first */
    uint8_t head_len;
    bool safe_begun;
    int exit_status;   /* 0: no failure */
    char message[200]; /* of it */
};

/* Weights in the flash cannot be written: the model moves to a block of the heap. buffer: where it is in SRAM already;
 * NULL: nowhere. The result, too; NULL: no memory is left. */
uint8_t *thm_weights_make_writable(struct thm_weights_update *u, uint8_t *buffer, const uint8_t *model, uint32_t bytes);
/* The payload that is kept so that weights can be restored, if there is memory for it (false: the board knows why not).
 * Before the update. */
bool thm_weights_keep_old(struct thm_weights_update *u);
enum thm_weights_outcome thm_weights_update(struct thm_weights_update *u);
/* It ended with another payload than it had begun with: once the old model is loaded again, that one may be taken. */
bool thm_weights_changed(const struct thm_weights_update *u);
bool thm_weights_outlive_power(const struct thm_weights_update *u); /* the format's updates are worth storing */
