/* emu/torture/torture.h -- the power is cut at every program and erase of an update; which model does the board run
 * then?
 *
 * The update runs once, on a board of its own, while every program and erase is noted (fsimages/media/journal.h).
 * Workers then walk that journal on copies of the flash; before and inside every operation they take a snapshot, and a
 * board boots from it: the firmware's own boot code on the board's heap, stack and file system driver. What follows an
 * operation is what precedes the next one, so N operations are 3 N cut points and 2 N + 1 boots. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/board/run.h"
#include "emu/firmware/ota.h"
#include "fsimages/media/faults.h"
#include "fsimages/media/journal.h"

/* enum, name, one line */
#define THM_SCENARIOS(X)                                                            \
    X(THM_SCENARIO_DOWNLOAD, "download", "a first model is stored")                 \
    X(THM_SCENARIO_UPDATE, "update", "a new model takes the place of an older one") \
    X(THM_SCENARIO_WEIGHTS, "weights", "only the weights that differ are sent")     \
    X(THM_SCENARIO_SWITCH, "switch", "of two stored models the other one is to be run")

#define THM_VOLUMES(X)                                                                               \
    X(THM_VOLUME_FRESH, "fresh", "nothing else is stored")                                           \
    X(THM_VOLUME_FRAGMENTED, "fragmented", "small files all over the volume, every second gone")     \
    X(THM_VOLUME_NEARLY_FULL, "nearly-full", "used before, and room for little more than one model") \
    X(THM_VOLUME_FULL, "full", "other files take all that is left")

/* What a boot comes to, the worst last. enum, name, letter in pictures, sentence */
#define THM_OUTCOMES(X)                                                            \
    X(THM_OUTCOME_NEW, "new", 'N', "runs the new model")                           \
    X(THM_OUTCOME_OLD, "old", 'o', "runs the old model")                           \
    X(THM_OUTCOME_NONE, "none", '.', "has no model")                               \
    X(THM_OUTCOME_NOTICED, "noticed", 'x', "has a corrupted model and notices it") \
    X(THM_OUTCOME_HUNG, "hung", 'H', "never comes to an end")                      \
    X(THM_OUTCOME_DIED, "died", 'D', "faults: it restarts, and faults again")      \
    X(THM_OUTCOME_UNNOTICED, "unnoticed", '!', "runs a corrupted model unnoticed")

#define X(id, ...) id,
enum thm_scenario { THM_SCENARIOS(X) THM_SCENARIO_COUNT };
enum thm_volume { THM_VOLUMES(X) THM_VOLUME_COUNT };
enum thm_outcome { THM_OUTCOMES(X) THM_OUTCOME_COUNT };
#undef X

struct thm_named { /* rows of the tables above */
    const char *name, *text;
    char letter;
};
extern const struct thm_named thm_scenarios[], thm_volumes[], thm_outcomes[];
int thm_named_find(const struct thm_named *table, int count, const char *name); /* -1: none */

struct thm_torture {
    struct thm_run run; /* profile, storage, file, store, chunk, operators, stack */
    const struct thm_store_ops *store;
    enum thm_scenario scenario;
    enum thm_volume volume;
    const uint8_t *model, *old; /* old: not for a download */
    uint32_t bytes, old_bytes;
    uint32_t seed; /* 0: operations are torn in their middle; else somewhere */
    uint32_t jobs;
};

struct thm_aftermath {
    uint8_t outcome, status; /* status: the boot's exit status */
};

struct thm_torture_result { /* memory is the result's */
    int exit_status;        /* 2, 10..20: it could not be done; message says why */
    char message[352];
    int update_status; /* the update itself, uncut: 0, or it failed on the board */
    char update_message[352];
    struct thm_journal journal;
    int content;    /* of the medium before the update: a descriptor */
    uint32_t arena; /* bytes, of both models */
    struct thm_aftermath
        *state; /* 2 N + 1: before operation k (from 0) at 2 k, torn at 2 k + 1, after the last at 2 N */
    double seconds, processor_seconds; /* of this PC's time for the boots */
};

/* Record, cut, boot. The outcomes are the same for every number of jobs. */
void thm_torture_run(const struct thm_torture *t, struct thm_torture_result *out);
void thm_torture_finish(struct thm_torture_result *r);

/* A board could run neither model, though it had one before, or runs what is neither. */
bool thm_torture_is_unsafe(const struct thm_torture *t, enum thm_outcome o);

/* Boot once more from the state at index i and let the events be told to run.event; listing: one line for each file
 * that is there before the boot. Result: the boot's exit status. */
int thm_torture_replay(const struct thm_torture *t, const struct thm_torture_result *r, uint32_t i,
                       void (*listing)(void *ctx, const char *line));

/* ---- models ---- */

/* A model of the same architecture with other weights: *out is malloc'ed. Errors: 2 (no weights, not a model), 20. */
int thm_torture_older_model(const uint8_t *model, uint32_t bytes, uint32_t seed, uint8_t **out);
