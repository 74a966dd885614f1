/* emu/board/heap.h -- every call into a board's heap, and what is known about the heap from them. Private to emu/board.
 *
 * The heap itself is the allocator's (memmodels). Here lies what the PC keeps beside it: who holds what, how full it
 * was when, what a sound heap looks like, which calls are to fail, what one round of the firmware does. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "emu/board/ledger.h"
#include "memmodels/caps.h"

struct thm_board;

enum thm_heap_op { THM_HEAP_MALLOC, THM_HEAP_MEMALIGN, THM_HEAP_REALLOC, THM_HEAP_FREE };

struct thm_heap_call {
    enum thm_heap_op op;
    uint32_t address;            /* realloc, free: the block */
    uint32_t bytes, align, caps; /* caps 0: plain malloc's choice */
    const char *what;            /* owner of the new block */
    bool by_new;                 /* C++'s operator new asks */
    bool runtime;                /* the platform's own block: no injected failure, told apart in reports */
};

/* ---- heap_call.c ---- */

/* Make the call on these heaps. *out: the address, 0 = none or freed. Errors: as thm_heaps_free(). */
enum thm_mem_err thm_heap_perform(struct thm_heaps *hs, const struct thm_heap_call *c, uint32_t *out);
/* The same on the board, with everything that is watched; damage that the allocator meets is left to the caller. */
enum thm_mem_err thm_board_heap_call(struct thm_board *b, const struct thm_heap_call *c, uint32_t *out);
bool thm_heap_call_frees(const struct thm_heap_call *c); /* no new block is wanted: free, or realloc to 0 bytes */
const char *thm_heap_call_text(const struct thm_heap_call *c, char *buf, uint32_t size); /* "malloc(100) for x" */

/* ---- heap_samples.c: how full the heap was over time, in few figures ---- */

enum { THM_HEAP_SAMPLES = 128 };

struct thm_heap_samples { /* all zero: none yet */
    struct {
        uint64_t t_ns;
        uint32_t free; /* the least within `stride` heap calls, at t_ns */
    } at[THM_HEAP_SAMPLES];
    uint32_t count, stride, in_last;
};
void thm_heap_sample(struct thm_heap_samples *s, uint64_t t_ns, uint32_t free_bytes);

/* ---- heap_check.c ---- */

/* Keep a copy of all that the firmware may not write. Result: false: the PC is out of memory. */
bool thm_heap_check_start(struct thm_board *b);
void thm_heap_check_before(struct thm_board *b, const struct thm_heap_call *c); /* ends the board at damage */
void thm_heap_check_after(struct thm_board *b);
/* Tell of damage at device address `where` that call c met, and end the board: exit status 12. */
void thm_heap_damaged(struct thm_board *b, uint32_t where, const struct thm_heap_call *c) __attribute__((noreturn));
/* The allocator stopped at freeing c->address: twice, never given, or damaged. Likewise. */
void thm_heap_bad_free(struct thm_board *b, const struct thm_heap_call *c) __attribute__((noreturn));
const char *thm_heap_region_name(const struct thm_board *b, uint32_t address); /* "dram1" */

/* ---- heap_view.c: events of the heap as it stands; async-signal-safe ---- */

/* when: "failed" (the call that could not be served, in `what`) or "end". */
void thm_heap_view(struct thm_board *b, const char *when, const char *what);
/* Why `bytes` could not be had, and what would help: the end of a message. */
const char *thm_heap_shortage(const struct thm_board *b, uint32_t bytes, char *buf, uint32_t size);

/* ---- heap_rounds.c: a firmware that runs in rounds, and when a leak will end it ---- */

struct thm_heap_step { /* one heap call of a round; blocks are named by the step that made them */
    struct thm_heap_call call;
    uint32_t from;   /* realloc, free: the step whose block it is; UINT32_MAX: an older one's */
    bool last_round; /* of the round before */
};

struct thm_heap_round { /* the calls of one round */
    struct thm_heap_step *step;
    uint32_t steps, capacity;
    uint32_t before; /* number of the heap call before its first one */
    bool incomplete; /* not all calls are kept */
};

struct thm_heap_rounds { /* calls are kept from the second round on: the first one also sets things up */
    struct thm_heap_round now, last;
    uint32_t done;
    uint32_t free; /* bytes at the end of the last round */
    int64_t lost;  /* in the last round */
};

void thm_heap_record(struct thm_board *b, const struct thm_heap_call *c);
/* One round has ended: tell, after the leak that was asked for. false: there was no memory for that. */
bool thm_heap_round_end(struct thm_board *b);
/* If the last round lost memory: repeat it on a copy of the heaps until a call fails, and tell which, in which round.
 */
void thm_heap_forecast(struct thm_board *b);

struct thm_heap_book {
    struct thm_ledger ledger;
    struct thm_heap_samples samples;
    struct thm_heap_rounds rounds;
    uint8_t *shadow[THM_HEAPS_MAX]; /* NULL: nothing is checked */
    uint32_t calls;                 /* heap calls so far */
    uint32_t app_calls;             /* allocations of the application: what --fail-alloc counts */
    uint64_t random;                /* state of the generator that fails some of them */
    uint32_t injected;              /* the one of them that was made to fail in this step; 0: none */
    struct {                        /* when the heap was fullest */
        uint64_t t_ns;
        uint32_t free, bytes, call;
        const char *what;
    } peak;
};
void thm_heap_forget(struct thm_heap_book *k); /* give back what it holds on the PC */
