/* emu/fit/fit.h -- does a model fit a board, and where do the bytes go? Found by running the board, never by a formula.
 *
 * A case is one board, one model and one way of getting it; thm_fit_run() makes it a cell by one thm_run() with a
 * server's answer that comes without a network. Cells are plain data, so that worker processes can hand them over.
 * Bytes and nanoseconds are the device's. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "emu/board/run.h"

enum thm_fit_from { THM_FIT_URL, THM_FIT_FS, THM_FIT_FLASH, THM_FIT_FROM_COUNT };
const char *thm_fit_from_name(enum thm_fit_from f); /* "url", "fs", "flash" */

struct thm_fit_model { /* lent */
    const char *name;  /* for tables: the file's, without folder and .tflite */
    const char *path;
    const uint8_t *data;
    uint32_t bytes;
};

struct thm_fit_case { /* lent; how the board is to get the model, and what its firmware is built with */
    const struct thm_profile *profile;
    const struct thm_profile_link *link; /* NULL: the profile has no network */
    const struct thm_fit_model *model;
    enum thm_fit_from from;
    const char *storage;   /* a name of the profile's, "none"; NULL: its first */
    uint32_t static_arena; /* as in struct thm_run; the arena's size is then `arena` */
    uint32_t arena, chunk; /* 0: the model's minimum; the profile's */
    uint32_t stack;        /* the task's; 0: the profile's */
    const char *cacert;    /* lent to thm_run(); only its size matters */
    uint32_t cacert_bytes;
    const char *const *operators;
    uint32_t operators_count;
    const struct thm_kernel_library *kernels; /* NULL: the reference kernels */
    bool no_invoke;
    const char *state_dir;                             /* as in struct thm_run; NULL: fresh parts, gone with the run */
    void (*op)(void *ctx, const struct thm_event *ev); /* each operator that has run; NULL: nobody asks */
    void *op_ctx;
};

/* From where a board usually gets its models: a network, else a storage, else its program's flash. */
enum thm_fit_from thm_fit_default_from(const struct thm_profile *p);

/* Where all of a board's RAM is at one moment: key (of --json), words. The rows add up to the sum of its memory banks.
 */
#define THM_FIT_ROWS(X)                                               \
    X(STATIC, "static", "static data of runtime and program")         \
    X(BANKS, "other_banks", "code, caches, banks malloc cannot use")  \
    X(RUNTIME, "runtime", "runtime and drivers")                      \
    X(NETWORK, "network", "Wi-Fi or network stack")                   \
    X(STACK, "stack", "the task's stack")                             \
    X(TLS, "tls", "TLS session")                                      \
    X(RECEIVE, "receive", "receive buffer")                           \
    X(FILES, "files", "file system buffers")                          \
    X(MODEL, "model", "model in RAM")                                 \
    X(HEAD, "arena_head", "arena: planned tensors")                   \
    X(TAIL, "arena_tail", "arena: persistent")                        \
    X(ARENA_REST, "arena_rest", "arena: not used, or not set up yet") \
    X(APPLICATION, "application", "other blocks of the program")      \
    X(OVERHEAD, "overhead", "allocator: headers, padding, records")   \
    X(UNREACHABLE, "unreachable", "free, but not for malloc")         \
    X(LEFT, "left", "left over")

enum thm_fit_row {
#define X(id, ...) THM_FIT_##id,
    THM_FIT_ROWS(X)
#undef X
        THM_FIT_ROWS_COUNT
};
const char *thm_fit_row_key(enum thm_fit_row r);
const char *thm_fit_row_words(enum thm_fit_row r);

struct thm_fit_ledger {
    bool known; /* false: the run ended before there was a heap */
    uint64_t t_ns;
    uint64_t row[THM_FIT_ROWS_COUNT];
    uint64_t beyond;  /* an allocator that knows no end has given so many bytes past the RAM's: they are in no row */
    uint32_t largest; /* block that malloc would still have given; of the peak not known: 0 */
};

/* Steps of the built-in firmware whose time is kept. */
#define THM_FIT_STEPS(X)  \
    X(NETWORK, "network") \
    X(STORAGE, "storage") X(CONNECT, "connect") X(STORE, "store") X(LOAD, "load") X(INFER, "infer")
enum thm_fit_step {
#define X(id, name) THM_FIT_STEP_##id,
    THM_FIT_STEPS(X)
#undef X
        THM_FIT_STEPS_COUNT
};
const char *thm_fit_step_name(enum thm_fit_step s);

enum thm_fit_verdict {
    THM_FIT_FITS,
    THM_FIT_FAILS, /* the board failed: step, exit_status and message tell */
    THM_FIT_NONE,  /* there is no such case: the board has no such storage, the kernels are for other cores */
    THM_FIT_BROKEN /* the PC failed: no statement about the board */
};

struct thm_fit_error { /* percent: half of such estimates are within median, nine in ten within p90; 0: not known */
    double median, p90;
};

struct thm_fit_cell { /* plain data */
    enum thm_fit_verdict verdict;
    int exit_status;   /* of `thimble run` for the same case */
    char message[352]; /* "" if it fits; as thm_run()'s */
    char step[40];     /* the first that failed */
    int64_t code;      /* the device's own error number, 0: none */
    uint64_t need, have;

    char board[64], model[96], storage[40];
    enum thm_fit_from from;
    uint32_t model_bytes;
    bool stored;   /* the storage has taken it */
    bool in_place; /* the model is read where it lies in the flash: no copy in RAM */

    struct thm_arena_stats arena; /* all 0: not got that far; .min is the smallest that works */
    uint64_t ram;                 /* sum of the memory banks: what each ledger adds up to */
    struct thm_fit_ledger now;    /* with the model ready; in a failed run at the call that failed, or at its end */
    struct thm_fit_ledger peak;   /* when the heap was fullest */
    uint64_t program_size, program_image, program_model; /* flash: room for the program; without a model; its model */
    uint64_t storage_total, storage_used, storage_need;  /* 0 total: no storage took part */
    uint64_t ns, step_ns[THM_FIT_STEPS_COUNT];           /* device time; a step's: 0 if it was not reached */
    uint64_t macs;
    struct thm_fit_error infer_error; /* of the time of an inference */
    double joules;                    /* of one; 0: not known */
    struct thm_fit_error joules_error;
    uint32_t stack_used, stack_size;
};

/* Run one case. Out: *cell, whole whatever happens. */
void thm_fit_run(const struct thm_fit_case *c, struct thm_fit_cell *cell);

/* Run n cases on all processors; progress is called on this process between cells, may be NULL.
 * Result: 0, or -1 with errno: cell[] is not complete. */
struct thm_fit_progress {
    void *ctx;
    void (*tell)(void *ctx, size_t done, size_t all);
};
int thm_fit_run_all(const struct thm_fit_case *c, size_t n, struct thm_fit_cell *cell,
                    const struct thm_fit_progress *progress);

/* Percent in use, when the heap was fullest, of the RAM that data can have: all but the rows other_banks and
 * unreachable. What a threshold is about. 0: not known. */
double thm_fit_ram_percent(const struct thm_fit_cell *cell);
