/* fsimages/fs_replay.h -- replay a trace of file system operations on a fresh medium in memory and compare.
 *
 * A trace is text: lines "# ..." with what it is ("fs=NAME"), "# config: {...}", "# final image sha256 ...: HEX",
 * "# final files: NAME:SIZE:DIGEST ...", "# time source: N + op number" (seconds since 1970); a line
 * "#n<TAB>op<TAB>res..." that names the columns; one tab-separated line an operation. Columns "op", "res" and "extra"
 * are known for every file system, others are the file system's own; a column nobody knows, one called flash_writes and
 * a value "-" are not compared. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "fsimages/fs.h"

struct thm_replay_result {
    enum thm_fs_err err; /* THM_FS_OK; THM_FS_EDIFFERS; THM_FS_EFORMAT: not a trace; THM_FS_EHOST */
    uint32_t line;       /* where it stopped, from 1; 0: after the last line */
    uint32_t ops;        /* operations that went as expected */
    char column[24];     /* what differed; for THM_FS_EFORMAT, what is wrong */
    char expected[96], got[96];
    uint64_t writes_off; /* the largest difference of flash_writes, which is not compared */
    uint8_t *image;      /* the medium's content at the end */
    size_t image_len;
};

/* Replays until the end or the first difference. In: text, len bytes. *out is to be given back. Returns out->err. */
enum thm_fs_err thm_fs_replay(const char *text, size_t len, struct thm_replay_result *out);
/* The same on an image instead of a freshly formatted medium; image_len is the medium's size. */
enum thm_fs_err thm_fs_replay_on(const char *text, size_t len, const uint8_t *image, size_t image_len,
                                 struct thm_replay_result *out);
void thm_replay_result_free(struct thm_replay_result *r);

/* The traces' file contents: xorshift32 seeded with seed * 2654435761 + 1, the top byte of each state. */
void thm_replay_content(uint32_t seed, uint8_t *buf, size_t len);
