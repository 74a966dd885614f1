/* emu/fleet/row.h -- what a board came to: one row of the table `boards`.
 *
 * Everything in it follows from scenario, seed and number, so it is the same in every run; what the PC took for it is
 * in struct thm_fleet_cost. The table below makes the database's columns, and compares rows. */
#pragma once
#include "emu/board/run.h"
#include "emu/fleet/kit.h"

/* kind (INT: 64-bit, absent if negative; TEXT; REAL: absent if negative), name, what it is */
#define THM_FLEET_COLUMNS(X)                                                                        \
    X(INT, id, "number of the board")                                                               \
    X(TEXT, grp, "its group")                                                                       \
    X(TEXT, board, "its profile")                                                                   \
    X(TEXT, wave, "wave of the rollout; empty: it is in none")                                      \
    X(TEXT, fault, "what was wrong with it on purpose; empty: nothing")                             \
    X(INT, fault_value, "how much")                                                                 \
    X(TEXT, outcome, "updated, failed, withheld (the rollout was stopped), untouched (in no wave)") \
    X(INT, status, "exit status as of thimble run: 10 to 17 the board's, 20 the PC's")              \
    X(TEXT, step, "where it failed; empty: it did not")                                             \
    X(TEXT, reason, "the message without numbers: for counting")                                    \
    X(TEXT, message, "the whole message")                                                           \
    X(INT, polls, "how often it asked for an update, up to the last time")                          \
    X(INT, unanswered, "of these, how often it got no answer, or not the whole update")             \
    X(INT, poll_ns, "device time on the air of those that found nothing")                           \
    X(INT, poll_bytes, "what they carried, both ways")                                              \
    X(REAL, poll_uj, "energy of the radio in them, microjoules, where the link's is known")         \
    X(INT, opened_ms, "fleet time: its wave opened")                                                \
    X(INT, asked_ms, "fleet time: it asked and was offered the update, the last time")              \
    X(INT, updated_ms, "fleet time: it had run the new model")                                      \
    X(INT, ended_ms, "fleet time: the last that it told")                                           \
    X(INT, device_ns, "device time of the update, from asking for it to its end")                   \
    X(INT, heap_low_water, "least free heap, bytes")                                                \
    X(INT, stack_used, "bytes")                                                                     \
    X(INT, arena_used, "bytes")                                                                     \
    X(INT, bytes_received, "body bytes over the link")                                              \
    X(INT, air_sent, "all bytes that the link carried from the board: hellos, requests, posts")     \
    X(INT, air_received, "all to it: certificates, bodies")                                         \
    X(INT, air_ns, "device time with a connection open")                                            \
    X(REAL, air_uj, "energy of the radio in it, microjoules, where the link's is known")            \
    X(INT, posted, "results posted")                                                                \
    X(INT, unposted, "posts that failed")                                                           \
    X(INT, post_bytes, "what all posts carried, both ways")                                         \
    X(INT, programs, "program operations on the storage's part")                                    \
    X(INT, erases, "erase operations there")                                                        \
    X(INT, inference_ns, "device time of all inferences")                                           \
    X(REAL, energy_uj, "energy of all inferences, microjoules, where the core's is known")          \
    X(TEXT, labels, "how often each element of the first output was the largest: a JSON object")    \
    X(TEXT, output, "digest of all output tensors")                                                 \
    X(TEXT, events, "digest of everything the board told")

enum { THM_FLEET_TEXT_MAX = 352 };

struct thm_fleet_row {
#define THM_FLEET_INT(name)  int64_t name;
#define THM_FLEET_TEXT(name) char name[THM_FLEET_TEXT_MAX];
#define THM_FLEET_REAL(name) double name;
#define X(kind, name, help)  THM_FLEET_##kind(name)
    THM_FLEET_COLUMNS(X)
#undef X
};

struct thm_fleet_cost { /* of the PC */
    uint64_t user_us, system_us, rss_bytes;
};

enum { THM_FLEET_LABELS = 16 }; /* that a board may find; further ones are not counted */

struct thm_fleet_label {
    uint32_t label, count;
};

/* A reader of one board's stream. */
struct thm_fleet_reader {
    struct thm_fleet_row *row;
    double joules_per_ns;                /* of inference; 0: not known */
    const struct thm_profile_link *link; /* lent; NULL: the board has none */
    uint64_t origin_ms;                  /* fleet time of its power-on */
    uint64_t asked_ns, ended_ns; /* device time: it asked for the update, the last time; the update's last step */
    bool asked;                  /* it has come so far */
    bool updated;                /* what comes now is telemetry */
    uint64_t events, output;     /* FNV-1a, 64 bits */
    struct thm_fleet_label labels[THM_FLEET_LABELS];
    unsigned labels_count;
};

/* The row as it is before the board is switched on. */
void thm_fleet_row_init(struct thm_fleet_row *row, const struct thm_fleet_kit *k, const struct thm_fleet_plan *p);
void thm_fleet_reader_init(struct thm_fleet_reader *r, struct thm_fleet_row *row, const struct thm_fleet_kit *k,
                           const struct thm_fleet_plan *p);
void thm_fleet_reader_event(struct thm_fleet_reader *r, const struct thm_event *e);
void thm_fleet_reader_output(struct thm_fleet_reader *r, const struct thm_msg_output *o, const uint8_t *data,
                             uint32_t len);
/* Switched off. */
void thm_fleet_reader_end(struct thm_fleet_reader *r, const struct thm_run_result *result);
/* Name of the first column in which they differ; NULL: none. */
const char *thm_fleet_row_difference(const struct thm_fleet_row *a, const struct thm_fleet_row *b);
