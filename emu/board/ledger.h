/* emu/board/ledger.h -- who holds what in a board's heap: a book on the PC's side, beside the board's memory.
 *
 * It changes nothing on the board and knows no allocator. Addresses are the device's, sizes the bytes asked for. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "memmodels/id_map.h"

enum { THM_OWNERS_MAX = 128, THM_OWNER_NAME = 40, THM_FREED_MAX = 64 };

struct thm_ledger_block {
    uint32_t address, bytes;
    uint32_t owner; /* index of its owner */
    uint32_t call;  /* the heap call that made it, counted from 1 */
};

struct thm_ledger_freed {
    struct thm_ledger_block block;
    uint32_t call; /* the heap call that freed it */
};

struct thm_ledger_owner {      /* all blocks of one name */
    char what[THM_OWNER_NAME]; /* cut if longer */
    bool runtime;              /* the platform's own, not the application's */
    uint32_t blocks, bytes;
    uint32_t peak_blocks, peak_bytes; /* when the heap was fullest */
};

struct thm_ledger { /* all zero: empty */
    struct thm_ledger_block *block;
    uint32_t count, capacity;
    struct thm_id_map index;                       /* address to index into block */
    struct thm_ledger_owner owner[THM_OWNERS_MAX]; /* the last one stands for all that came later */
    uint32_t owners;
    struct thm_ledger_freed freed[THM_FREED_MAX]; /* a ring */
    uint32_t frees;
    bool at_peak; /* the peak's figures are the present ones, not copied yet */
};

/* The ledger's own copy of an owner's name: lives as long as the ledger. what NULL: "unnamed". */
const char *thm_ledger_owner_name(struct thm_ledger *l, const char *what, bool runtime);
/* A block has come to be. false: the PC is out of memory. */
bool thm_ledger_add(struct thm_ledger *l, uint32_t address, uint32_t bytes, uint32_t call, const char *what,
                    bool runtime);
/* A live block is freed; unknown addresses are none. */
void thm_ledger_remove(struct thm_ledger *l, uint32_t address, uint32_t call);
void thm_ledger_mark_peak(struct thm_ledger *l); /* as it is now, the heap was never fuller */
void thm_ledger_settle(struct thm_ledger *l);    /* the peak's figures may be read: copies them if they are still due */
void thm_ledger_clear(struct thm_ledger *l);

/* NULL: none. Pointers are valid until the next change. */
const struct thm_ledger_block *thm_ledger_find(const struct thm_ledger *l, uint32_t address);
const struct thm_ledger_block *thm_ledger_below(const struct thm_ledger *l,
                                                uint32_t at); /* nearest live, begins <= at */
const struct thm_ledger_block *thm_ledger_above(const struct thm_ledger *l,
                                                uint32_t at); /* nearest live, begins > at */
const struct thm_ledger_freed *thm_ledger_freed_at(const struct thm_ledger *l, uint32_t at); /* latest that held it */
const char *thm_ledger_name(const struct thm_ledger *l, const struct thm_ledger_block *b);
