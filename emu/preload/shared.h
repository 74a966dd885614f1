/* emu/preload/shared.h -- what `thimble exec` and the library in the program tell each other.
 *
 * One page of fixed layout, the same for 32-bit and 64-bit code, in a memfd that the program inherits. thimble writes
 * `setup` before the program starts; the library checks it (thm_exec_setup_check) and writes `result` as it goes, so
 * that a program that is killed has still told all. All sizes are bytes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THM_EXEC_VARIABLE    "THIMBLE_EXEC" /* environment: the memfd's number */
#define THM_EXEC_MAGIC       0x314D4854u
#define THM_EXEC_REGIONS     16
#define THM_EXEC_TAKEN       65 /* the profile's list and the task's stack */
#define THM_EXEC_FRAMES      24
#define THM_EXEC_MODULES     32
#define THM_EXEC_FAILURES    8 /* failed requests told one by one */
#define THM_EXEC_TAKEN_COUNT 65536u
#define THM_EXEC_STACK_MIN   512u
#define THM_EXEC_STACK_MAX   (64u << 20)

typedef uint64_t thm_exec_u64 __attribute__((aligned(8))); /* i386 would align it to 4 */

struct thm_exec_region { /* a heap region, in the order of the profile */
    char name[32];
    char type[16]; /* row of memmodels' capability table */
    uint32_t base, size;
    uint32_t at_startup; /* 0 or 1 */
};

struct thm_exec_taken {
    uint32_t bytes, count;
    uint32_t caps; /* THM_CAP_*; 0: as malloc */
};

struct thm_exec_setup {
    uint32_t magic;
    uint32_t pid;            /* of the program; other processes that inherit this are left alone */
    char allocator[48];      /* row of memmodels' heap table */
    uint32_t internal_limit; /* memmodels/caps.h */
    uint32_t stack;          /* of the main thread */
    uint32_t align;          /* least alignment of a block of so many bytes; 0: the allocator's own */
    uint32_t charge_startup; /* 0 or 1: what is asked for before main() is the board's too */
    uint32_t regions_count, taken_count;
    struct thm_exec_region region[THM_EXEC_REGIONS];
    struct thm_exec_taken taken[THM_EXEC_TAKEN];
};

struct thm_exec_trace { /* a call stack, innermost first */
    uint32_t frames, pad;
    thm_exec_u64 frame[THM_EXEC_FRAMES];
};

struct thm_exec_failure { /* a request that got NULL */
    char call[16];        /* "malloc", "operator new" */
    thm_exec_u64 bytes;
    thm_exec_u64 number; /* the how many-th request it was */
    uint32_t free, largest;
};

enum thm_exec_fault {
    THM_EXEC_NO_FAULT,
    THM_EXEC_STACK_OVERFLOW,
    THM_EXEC_PAST_REGION, /* `fault_region` */
    THM_EXEC_HEAP_DAMAGE, /* a damaged header, met by malloc, realloc or free at `fault_address` (the device's) */
    THM_EXEC_BAD_FREE,    /* free or realloc of an address that is no block's */
};

enum thm_exec_stage {
    THM_EXEC_NOT_LOADED, /* the library never ran */
    THM_EXEC_NO_SETUP,   /* it could not set up the board: `setup_error` says why */
    THM_EXEC_STARTING,
    THM_EXEC_IN_MAIN,
    THM_EXEC_ENDED, /* exit(), _exit() or abort(): the `end_` figures are there */
};

struct thm_exec_result {
    uint32_t stage, setup_error;                     /* enum thm_exec_stage, enum thm_mem_err */
    uint32_t images;                                 /* programs that this process has been: more than one after exec */
    uint32_t whole, free_at_start, largest_at_start; /* heap: without and with what the runtime takes */
    uint32_t startup_bytes;                          /* that the C library and constructors held when main() began */
    uint32_t pad;
    uint32_t low_water, padding, peak_padding; /* padding: for alignment, now and when low_water was reached */
    uint32_t allocator_align;
    thm_exec_u64 requests, frees, failed;
    thm_exec_u64 largest_request;
    thm_exec_u64 past_malloc; /* bytes that the program mapped by itself, in all */
    thm_exec_u64 uncharged;   /* requests out of a signal handler that came in the middle of an allocation */
    uint32_t live;            /* blocks in use */
    uint32_t end_free, end_largest;
    uint32_t stack_used;
    uint32_t threads, threads_peak; /* with the main one */
    uint32_t modules;
    uint32_t fault, fault_region;
    thm_exec_u64 fault_address;
    struct thm_exec_failure failure[THM_EXEC_FAILURES];              /* the first min(failed, THM_EXEC_FAILURES) */
    struct thm_exec_trace failure_trace, fault_trace, largest_trace; /* of failure[0], of `fault`, of largest_request */
    struct thm_exec_module {
        thm_exec_u64 bias; /* load address minus the file's */
        char path[240];    /* "" is the program itself */
    } module[THM_EXEC_MODULES];
};

struct thm_exec_page {
    struct thm_exec_setup setup;
    uint32_t exec_errno; /* why the program could not be started; 0: it was */
    struct thm_exec_result result;
};
_Static_assert(sizeof(struct thm_exec_setup) % 8 == 4 && offsetof(struct thm_exec_page, result) % 8 == 0 &&
                   sizeof(struct thm_exec_result) == 9000,
               "the layout must not depend on the word size");

/* NULL: everything in range, texts terminated, names known to memmodels. Else what is wrong, for people. */
const char *thm_exec_setup_check(const struct thm_exec_setup *s);
