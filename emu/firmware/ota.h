/* emu/firmware/ota.h -- the built-in firmware: fetch a model over HTTPS, store it, load it, run it; or run the one that
 * is part of the program.
 *
 * The flow of OTA-TinyML (Sudharsan et al., IEEE Internet Computing 26(3), 2022), with every result checked. Each step
 * that can fail on a board can fail here, under the same name: boot, network, connect, storage, store, load, arena,
 * infer. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/firmware/download.h"
#include "emu/firmware/poll.h"
#include "emu/firmware/store.h"
#include "emu/firmware/telemetry.h"
#include "emu/firmware/weights.h"

struct thm_ota {
    const char *url;     /* NULL: the model in the program's flash, in place; or */
    bool from_storage;   /* the one that is on the storage already */
    const char *storage; /* name in the profile; "none" = from the socket straight into a malloc'ed buffer */
    const char *file;    /* its name on the file system */
    const struct thm_store_ops *store;   /* how it is kept there */
    const char *ca_file;                 /* on the storage: CAs to check the server with; NULL: those of the program */
    uint32_t chunk;                      /* bytes written at a time, where nothing is downloaded */
    struct thm_download_policy download; /* its url and chunk are this one's */
    struct thm_poll_policy poll;         /* when the update is asked for */
    struct thm_telemetry_policy telemetry; /* of what was inferred; not with no_invoke */
    uint32_t arena;                        /* 0 = the model's minimum */
    bool no_invoke;                        /* end when the tensors are allocated */
    struct thm_weights_source weights;     /* for the model, before it is run */
    uint32_t rounds;                       /* fetch, store, load and infer so often; 0 is 1 */
};

/* Runs on the task's stack. Returns the exit status: 0, or the failed step's. */
int thm_firmware_ota(struct thm_board *b, const struct thm_ota *o);

/* What a boot without a network has found: the model in storage. */
struct thm_booted {
    bool found;           /* there was something that could have been a model */
    const uint8_t *model; /* that was run, in the board's heap; NULL: none */
    uint32_t bytes;
};

/* Mount, find, verify, load, plan, one inference. Uses storage, file, store, chunk and arena of o. */
int thm_firmware_boot(struct thm_board *b, const struct thm_ota *o, struct thm_booted *out);

enum thm_update_kind { THM_UPDATE_MODEL, THM_UPDATE_PATCH, THM_UPDATE_SWITCH };

struct thm_update { /* of the stored model, with what a server would have sent */
    enum thm_update_kind kind;
    const uint8_t *model; /* a new one */
    uint32_t bytes;
    struct thm_store_patch patch; /* or new weights for the old one */
    const uint8_t *signature;     /* of the new model */
};

/* Mount and update; nothing is run. */
int thm_firmware_update(struct thm_board *b, const struct thm_ota *o, const struct thm_update *u);
