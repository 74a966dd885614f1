/* emu/preload/library.h -- private: the library that `thimble exec` puts into a program.
 *
 * It runs inside a strange program, from the first call of malloc (before any constructor) to the last (after every
 * destructor), in signal handlers and beside other threads. What the board's heap is not for (before main(), inside an
 * allocation that a signal interrupts, in other processes) goes to the C library's own malloc; a pointer's address
 * tells whose it is. */
#pragma once
#include <stdbool.h>
#include "emu/preload/heap.h"
#include "emu/preload/shared.h"
#include "memmodels/stack.h"

struct thm_exec_library {
    struct thm_exec_page *page;     /* NULL: nothing to do in this process */
    struct thm_exec_result *result; /* in the page; after fork, the child's own */
    struct thm_exec_heap heap;
    struct thm_stack stack; /* of the main thread */
    bool charging;          /* requests are the board's from now on */
};
extern struct thm_exec_library thm_exec;

/* library.c */
bool thm_exec_ready(void); /* sets the board up at the first call. false: this process is none of ours */
void thm_exec_end(int status) __attribute__((noreturn)); /* at once, without the program's or the C library's say */
/* fn(arg) under the lock, on a stack of the library's own. false: this thread is already inside (a signal handler). */
bool thm_exec_enter(void (*fn)(void *arg), void *arg);
bool thm_exec_inside(void);
void thm_exec_finish(void); /* the figures of the end */

/* trace.c: the caller's call stack, taken on a stack of the library's own */
void thm_exec_trace(struct thm_exec_trace *out);
/* A fault ends the program: what it was, with the call stack. */
void thm_exec_fail(enum thm_exec_fault fault, uint64_t address) __attribute__((noreturn));

/* malloc.c */
/* name: what the program called, as in messages. align 0: malloc's. NULL: no room; counted, errno is the caller's. */
void *thm_exec_request(const char *name, uint64_t n, uint64_t align);

/* fault.c */
int thm_exec_catch_faults(void); /* -1: the PC failed */

/* start.c */
void *thm_exec_next(const char *symbol); /* the definition after ours; NULL: none */
void thm_exec_call_main(void *call);     /* these two are where the program's call stacks end */
void *thm_exec_begin_thread(void *start);
