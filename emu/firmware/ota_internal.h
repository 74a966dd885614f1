/* emu/firmware/ota_internal.h -- what the steps of the built-in firmware share. Each leaves its name in s->step, and
 * false means that it has failed: the board knows why. */
#pragma once
#include "emu/firmware/ota.h"
#include "emu/firmware/payload.h"

/* Inlined, their frames would lie on a small stack while the model runs. */
#define OUT_OF_LINE __attribute__((noinline))

struct ota { /* in the task's static data on a device */
    struct thm_board *b;
    const struct thm_ota *o;
    const char *step; /* the one under way: named when it fails */
    struct thm_payload payload;
    char text[128]; /* the decoder's message */
    struct thm_download download;
    struct thm_download_policy weights_policy; /* of a payload of weights */
    struct thm_poll poll;
    struct thm_telemetry telemetry;
    struct thm_inferred inferred; /* of the last frame */
    uint8_t *ca;                  /* the CA file */
    struct thm_store store;
    bool begun;                                      /* the store has been, for the model that comes */
    struct thm_store_entry entry[THM_STORE_ENTRIES]; /* what is stored */
    uint8_t signature[THM_SIGNATURE_BYTES];
    uint8_t *buffer;      /* the copy in RAM */
    const uint8_t *model; /* that, or the one in the flash */
    uint32_t model_bytes, capacity;
    int refused; /* exit status of an update that was, while the board goes on with the model it had; 0: none was */
    uint8_t *arena;
    uint32_t arena_bytes;
    struct thm_model parsed;
    struct thm_interpreter interpreter;
    const struct thm_store_entry *loaded; /* where the model came from; NULL: the socket or the flash */
    struct thm_weights_update update;
};

/* ota_fetch.c */
bool ota_read_ca(struct ota *s); /* before each connection; kept until it is closed */
void ota_forget_ca(struct ota *s);
void ota_hang_up(struct ota *s); /* forgets it, too */
bool ota_store(struct ota *s);
bool ota_commit(struct ota *s); /* what was written to the store is the model to run */
bool ota_load_from_socket(struct ota *s);

/* ota_load.c */
bool ota_load(struct ota *s, const struct thm_store_entry *e);
bool ota_use_flash_model(struct ota *s);
void ota_unload(struct ota *s); /* what was loaded makes room for the next */

/* ota_infer.c */
bool ota_refused(struct ota *s, const struct thm_nn_diag *diag); /* false */
bool ota_set_up_interpreter(struct ota *s);
bool ota_infer(struct ota *s);
bool ota_infer_frame(struct ota *s, uint32_t frame);

/* ota_life.c */
bool ota_poll_and_update(struct ota *s, bool (*update)(struct ota *s)); /* update: what happens when it is offered */
bool ota_send_telemetry(struct ota *s);

/* ota_weights.c */
bool ota_write_model(struct ota *s, const uint8_t *model,
                     uint32_t bytes); /* to the store, as if it came from a server */
bool ota_update_weights(struct ota *s);
bool ota_update_succeeded(struct ota *s);
