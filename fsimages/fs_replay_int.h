/* fsimages/fs_replay_int.h -- what differs between file systems in a replay: one struct replay_dialect each. */
#pragma once
#include <stdbool.h>
#include "fsimages/fs_replay.h"
#include "fsimages/media/chip.h"

#define REPLAY_WORDS 8

/* The medium the file system sees: counts calls, and can be cut off. */
struct replay_medium {
    struct thm_medium base;
    struct thm_medium *chip;   /* in memory */
    struct thm_medium *cutter; /* NULL: power stays on */
    uint64_t programs, erases;
    const char *cut_program; /* "in-write" */
    const char *cut_in;      /* cut_program, "in-erase"; NULL: not cut */
};

struct replay {
    const struct replay_dialect *dialect;
    struct replay_medium medium;
    struct thm_part part;
    uint8_t *bytes;
    struct thm_fs_config config;
    struct thm_fs *fs; /* NULL: not mounted */
    struct thm_replay_result *out;
    uint32_t number;                 /* of the operation: the line's first column */
    uint32_t epoch;                  /* the time of operation 0, seconds since 1970; 0: there is no clock */
    const char *words[REPLAY_WORDS]; /* of the operation */
    int count;
    char *extra; /* what the column of that name says; "-" unless an operation has something to say */
    size_t extra_size;
};

struct replay_dialect {
    const char *fs; /* "spiffs" */
    /* From the trace's "# config:" line; the medium's size and erase unit, too. false: something needed is missing. */
    bool (*configure)(const char *config, struct thm_fs_config *c, uint32_t *size, uint32_t *erase_size);
    /* An operation that this file system has alone or in its own way. false: unknown. */
    bool (*operation)(struct replay *r, int32_t *res);
    /* A column of this file system only. false: unknown. */
    bool (*column)(struct replay *r, const char *name, int64_t *value);
    bool rewritable;         /* it wants an EEPROM; erase_size is its page then */
    bool long_programs;      /* one call programs up to erase_size bytes */
    const char *cut_program; /* what its traces say where power is lost in a program; NULL: "in-write" */
};

extern const struct replay_dialect replay_eefs;
extern const struct replay_dialect replay_littlefs;
extern const struct replay_dialect replay_spiffs;

/* The number after "key": in a JSON object of numbers. false: not there, or not from 0 to UINT32_MAX. */
bool replay_config_number(const char *config, const char *key, uint32_t *out);
/* The i-th word as a number; 0 if there is none. */
uint32_t replay_number(const struct replay *r, int i);
/* One operation, by words[0]. res: its result. */
bool replay_operation(struct replay *r, int32_t *res);
/* Write `size` bytes of content in calls of `chunk` (0: one) and close; an error or a short write ends it. Bytes
 * written, or the first error; fd < 0 is the error of the open. */
int32_t replay_write_close(struct replay *r, int32_t fd, uint32_t size, uint32_t seed, uint32_t chunk);
enum thm_fs_err replay_medium_init(struct replay *r, uint32_t size, uint32_t erase_size);
enum thm_fs_err replay_medium_cut(struct replay_medium *m, uint32_t n);
void replay_medium_power_on(struct replay_medium *m);
void replay_medium_finish(struct replay *r);
