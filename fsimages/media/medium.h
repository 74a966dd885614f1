/* fsimages/media/medium.h -- what file systems are written onto: an array of erase blocks. Offsets and lengths are
 * bytes.
 *
 * Media compose: a partition, a power cut or a counter is a medium around another one. Not thread-safe. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "fsimages/err.h"

struct thm_medium;

struct thm_medium_counters {
    uint64_t reads, programs, erases, bytes_read, bytes_programmed, blind_programs /* needed 0 -> 1 */, busy_ns;
    uint64_t refused; /* programs that the part does not allow; counted nowhere else */
};

struct thm_medium_ops {
    const char *kind; /* for messages */
    enum thm_fs_err (*read)(struct thm_medium *m, uint64_t off, void *buf, uint32_t len);
    enum thm_fs_err (*program)(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len);
    enum thm_fs_err (*erase)(struct thm_medium *m, uint32_t block); /* all 0xFF; SD card: all 0 */
    /* Look without touching: no time, no counters. */
    enum thm_fs_err (*peek)(struct thm_medium *m, uint64_t off, void *buf, uint32_t len);
    void (*destroy)(struct thm_medium *m); /* frees the medium itself, not an inner one */
    /* What was done to the chip below, however many media are around it. NULL: nobody counts. */
    void (*counters)(const struct thm_medium *m, struct thm_medium_counters *out);
};

struct thm_medium {
    const struct thm_medium_ops *ops;
    uint32_t erase_size, erase_count; /* bytes per erase block, number of blocks; size = product */
    uint32_t page_size;               /* largest program in one go, never across a multiple of it */
    uint32_t program_unit;            /* programs start and end at multiples of it; 1: at any byte */
    bool rewritable; /* a program sets bits as well (EEPROM, SD); false: it only clears them, after an erase (NOR) */
};

/* Where the medium's time goes, and who watches. Any pointer may be NULL. Filled in by the board. */
struct thm_medium_watch {
    void *ctx;
    void (*spend)(void *ctx, uint64_t ns);                                               /* device time */
    void (*event)(void *ctx, const char *what, uint64_t off, uint32_t len, uint64_t ns); /* what: "program", "erase" */
};

/* Range-checked front doors: THM_FS_ERANGE instead of a call outside the medium. Programs are split at pages;
 * THM_FS_EINVAL: not whole program units. */
enum thm_fs_err thm_medium_read(struct thm_medium *m, uint64_t off, void *buf, uint32_t len);
enum thm_fs_err thm_medium_peek(struct thm_medium *m, uint64_t off, void *buf, uint32_t len);
enum thm_fs_err thm_medium_program(struct thm_medium *m, uint64_t off, const void *buf, uint32_t len);
enum thm_fs_err thm_medium_erase(struct thm_medium *m, uint32_t block);
void thm_medium_destroy(struct thm_medium *m); /* NULL is fine */
uint64_t thm_medium_size(const struct thm_medium *m);
void thm_medium_counters(const struct thm_medium *m, struct thm_medium_counters *out);

/* A part of a medium as a medium of its own; off and len are multiples of the erase size. inner is lent. */
enum thm_fs_err thm_slice_create(struct thm_medium **out, struct thm_medium *inner, uint64_t off, uint64_t len);

/* Wraps any medium: the `after`-th following program or erase (0 = the next) takes effect for the first half of its
 * bytes only, and everything later fails with THM_FS_EPOWER. inner is lent. Other cuts and faults: faults.h. */
enum thm_fs_err thm_powercut_create(struct thm_medium **out, struct thm_medium *inner, uint32_t after);
