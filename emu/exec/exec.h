/* emu/exec/exec.h -- any Linux program under a board's memory: the side of `thimble exec`.
 *
 * thimble prepares the board's description (emu/preload/shared.h), starts the program with the preload library in it,
 * waits, and tells what the library noted. Statuses are exit statuses of thimble(1). */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "emu/board/profile.h"
#include "emu/preload/shared.h"

struct thm_exec_options {
    const struct thm_profile *profile; /* lent */
    char **argv;                       /* the program and its arguments, NULL-terminated; lent */
    uint32_t heap;                     /* bytes: one region of this size instead of the board's; 0: the board's */
    uint32_t stack;                    /* bytes; 0: the board's */
    int align;                         /* as thm_exec_setup.align; -1: 16 for 64-bit programs, 0 for 32-bit ones */
    bool charge_startup, with_network;
};

struct thm_exec_outcome {
    struct thm_exec_page page; /* as the program left it */
    char *path;                /* of the program; owned */
    unsigned bits;             /* 32 or 64 */
    int wait_status;           /* of waitpid */
};

/* The file execvp would run. Out: *path malloc'ed. Result: 0, 126 (not executable), 127 (not found), as env(1); 20. */
int thm_exec_find(const char *name, char **path);
/* What kind of program it is. Result: NULL, *bits is 32 or 64; else why it cannot be run here (static text). */
const char *thm_exec_inspect(const char *path, unsigned *bits);

/* The board as the library wants it. Result: NULL, else what is too large for it (static text). */
const char *thm_exec_describe(const struct thm_exec_options *o, unsigned bits, struct thm_exec_setup *out);

/* Run it. Reported on stderr when it could not be started; then the result is not 0 and the outcome says nothing. */
int thm_exec_run(const struct thm_exec_options *o, struct thm_exec_outcome *out);
void thm_exec_outcome_finish(struct thm_exec_outcome *out);

/* The result is the program's to write: make its counts and texts safe to read. */
void thm_exec_tame(struct thm_exec_page *page);

/* What thimble ends with: 12 and others for the board, else as the program did; 128 + N: it was killed by signal N. */
int thm_exec_status(const struct thm_exec_outcome *out);

struct thm_exec_names; /* names for addresses in the program */
/* NULL: out of memory, or the files cannot be read: then addresses have no names. */
struct thm_exec_names *thm_exec_names_open(const struct thm_exec_outcome *out);
/* "main (leak.c:12)", "jv_alloc (libjq.so.1)", "libjq.so.1+0x1234" in buf. n may be NULL. */
void thm_exec_name(struct thm_exec_names *n, const struct thm_exec_outcome *out, uint64_t address, char *buf,
                   size_t len);
void thm_exec_names_close(struct thm_exec_names *n); /* NULL is fine */

/* The report for people. brief: only what went wrong. */
void thm_exec_report(FILE *to, const struct thm_exec_options *o, const struct thm_exec_outcome *out, bool brief);
/* The same as one JSON object; malloc'ed text, NULL: out of memory. */
char *thm_exec_json(const struct thm_exec_options *o, const struct thm_exec_outcome *out);
