/* emu/firmware/ota.h -- the built-in firmware: fetch a model over HTTPS, store it, load it, run it; or run the one that
 * is part of the program.
 *
 * The flow of OTA-TinyML (Sudharsan et al., IEEE Internet Computing 26(3), 2022), with every result checked. Each step
 * that can fail on a board can fail here, under the same name: boot, network, connect, storage, store, load, arena,
 * infer. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct thm_board;

struct thm_ota {
    const char *url;     /* NULL: the model in the program's flash, in place; or */
    bool from_storage;   /* the one that is on the storage already */
    const char *storage; /* name in the profile; "none" = from the socket straight into a malloc'ed buffer */
    const char *file;    /* its name on the file system */
    uint32_t chunk;      /* bytes read from the connection at a time */
    uint32_t arena;      /* 0 = the model's minimum */
    uint32_t rounds;     /* fetch, store, load and infer so often; 0 is 1 */
};

/* Runs on the task's stack. Returns the exit status: 0, or the failed step's. */
int thm_firmware_ota(struct thm_board *b, const struct thm_ota *o);
