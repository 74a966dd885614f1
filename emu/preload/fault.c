/* emu/preload/fault.c -- bad accesses: those that are the board's are told as what they are, the others are the
 * program's. */
#include <errno.h>
#include <signal.h>
#include "emu/preload/library.h"

#define EXPORT      __attribute__((visibility("default")))
#define FAULT_STACK (64u << 10)

typedef int action_fn(int sig, const struct sigaction *act, struct sigaction *old);

static action_fn *next_action;     /* set: ours is in place */
static struct sigaction theirs[2]; /* SIGSEGV, SIGBUS: what the program wants to happen */

static bool is_fault(int sig)
{
    return sig == SIGSEGV || sig == SIGBUS;
}

static void tell_if_ours(const siginfo_t *info)
{
    const struct thm_exec_heap *h = &thm_exec.heap;
    bool past_end = false;
    if (thm_stack_in_guard(&thm_exec.stack, info->si_addr))
        thm_exec_fail(THM_EXEC_STACK_OVERFLOW, (uintptr_t)info->si_addr);
    const struct thm_region *r = thm_region_at(h->region, h->regions, info->si_addr, &past_end);
    if (!r || !past_end)
        return;
    thm_exec.result->fault_region = (uint32_t)(r - h->region);
    thm_exec_fail(THM_EXEC_PAST_REGION, (uintptr_t)info->si_addr - (uintptr_t)r->mem + r->base);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
    const bool sent = info->si_code <= 0;
    (void)context;
    if (!sent)
        tell_if_ours(info);
    next_action(sig, &theirs[sig == SIGBUS], NULL); /* it happens again, and is the program's to answer */
    if (sent)
        raise(sig);
}

int thm_exec_catch_faults(void)
{
    static uint8_t fault_stack[FAULT_STACK] __attribute__((aligned(64)));
    const stack_t alt = { .ss_sp = fault_stack, .ss_size = sizeof fault_stack };
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    action_fn *next = (action_fn *)thm_exec_next("sigaction");
    sigemptyset(&sa.sa_mask);
    if (!next || sigaltstack(&alt, NULL) < 0 || next(SIGSEGV, &sa, &theirs[0]) < 0 || next(SIGBUS, &sa, &theirs[1]) < 0)
        return -1;
    next_action = next;
    return 0;
}

/* The program's handlers for faults are called by ours, which stays in place. */
EXPORT int sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
    action_fn *next = next_action ? next_action : (action_fn *)thm_exec_next("sigaction");
    if (!next_action || !is_fault(sig))
        return next(sig, act, old);
    struct sigaction *mine = &theirs[sig == SIGBUS];
    if (old)
        *old = *mine;
    if (act)
        *mine = *act;
    return 0;
}

EXPORT __sighandler_t signal(int sig, __sighandler_t handler)
{
    struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;
    if (!is_fault(sig) || !next_action) {
        __sighandler_t (*next)(int, __sighandler_t) = (__sighandler_t(*)(int, __sighandler_t))thm_exec_next("signal");
        return next(sig, handler);
    }
    sigemptyset(&sa.sa_mask);
    return sigaction(sig, &sa, &old) < 0 ? SIG_ERR : old.sa_handler;
}
