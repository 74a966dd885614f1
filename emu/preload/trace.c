/* emu/preload/trace.c -- where the program is: return addresses, and the files they lie in. Names are thimble's work.
 */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <unwind.h>
#include "emu/preload/library.h"

#define TRACE_STACK (64u << 10)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t trace_stack[TRACE_STACK] __attribute__((aligned(64)));

/* The file that holds address `at`, as a row of the result's table; full: it stays nameless. */
static void note_module(struct thm_exec_result *r, void *at)
{
    struct dl_find_object found;
    if (_dl_find_object(at, &found) < 0)
        return;
    const struct link_map *map = found.dlfo_link_map;
    for (uint32_t i = 0; i < r->modules; i++)
        if (r->module[i].bias == map->l_addr && strcmp(r->module[i].path, map->l_name) == 0)
            return;
    if (r->modules == THM_EXEC_MODULES || strlen(map->l_name) >= sizeof r->module[0].path)
        return;
    struct thm_exec_module *m = &r->module[r->modules];
    m->bias = map->l_addr;
    strcpy(m->path, map->l_name);
    r->modules++;
}

/* Our own frames come first; they are left out. */
static bool is_own(void *at)
{
    struct dl_find_object found, own;
    return _dl_find_object(at, &found) == 0 && _dl_find_object((void *)&thm_exec_trace, &own) == 0 &&
           found.dlfo_link_map == own.dlfo_link_map;
}

static bool is_outermost(void *at)
{
    const void *fn = _Unwind_FindEnclosingFunction(at);
    return fn == (void *)thm_exec_call_main || fn == (void *)thm_exec_begin_thread;
}

static bool from_signal; /* the trace begins with a signal handler of ours, which is of no interest */

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *arg)
{
    struct thm_exec_trace *t = arg;
    int before = 0;
    const uintptr_t ip = _Unwind_GetIPInfo(context, &before);
    if (before && from_signal) { /* here it struck */
        from_signal = false;
        t->frames = 0;
    }
    if (ip == 0 || t->frames == THM_EXEC_FRAMES)
        return _URC_END_OF_STACK;
    void *at = (void *)(ip - !before); /* in the call, not behind it */
    if (is_own(at))
        return is_outermost(at) ? _URC_END_OF_STACK : _URC_NO_REASON;
    note_module(thm_exec.result, at);
    t->frame[t->frames++] = (uintptr_t)at;
    return _URC_NO_REASON;
}

static void walk(void *arg)
{
    struct thm_exec_trace *t = arg;
    t->frames = 0;
    _Unwind_Backtrace(visit, t);
}

/* Deadlock is ruled out: nothing is allocated in here, and a signal handler that comes here again finds it taken. */
void thm_exec_trace(struct thm_exec_trace *out)
{
    if (pthread_mutex_trylock(&lock) != 0)
        return;
    thm_call_on_stack(walk, out, trace_stack + sizeof trace_stack);
    pthread_mutex_unlock(&lock);
}

void thm_exec_fail(enum thm_exec_fault fault, uint64_t address)
{
    struct thm_exec_result *r = thm_exec.result;
    r->fault_address = address;
    r->stack_used = thm_stack_used(&thm_exec.stack);
    from_signal = fault == THM_EXEC_STACK_OVERFLOW || fault == THM_EXEC_PAST_REGION;
    thm_exec_trace(&r->fault_trace);
    r->fault = fault; /* last: it says that the rest is there */
    thm_exec_end(12);
}
