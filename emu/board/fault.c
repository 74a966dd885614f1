/* emu/board/fault.c -- a bad access, told as what it is on the board. Runs inside the signal handler:
 * async-signal-safe. */
#include "emu/board/board.h"
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

static struct thm_board *faulting; /* signal handlers get no argument of ours */
static struct {
    const void *pc, *sp;
} registers; /* when the signal came; sp: the task's */

struct line { /* snprintf is not async-signal-safe */
    char text[sizeof((struct thm_event *)0)->text];
    size_t len;
};

static void add(struct line *l, const char *s)
{
    while (*s && l->len < sizeof l->text - 1)
        l->text[l->len++] = *s++;
    l->text[l->len] = '\0';
}

static void add_number(struct line *l, uint64_t v, unsigned base)
{
    char digits[24];
    size_t i = sizeof digits - 1;
    digits[i] = '\0';
    do
        digits[--i] = "0123456789abcdef"[v % base];
    while (v /= base);
    add(l, &digits[i]);
}

/* ", in read_sensor": where the firmware was, if it is a user's. */
static void add_place(const struct thm_board *b, struct line *l)
{
    const struct thm_place place = thm_where(b, registers.pc, registers.sp);
    if (!place.name)
        return;
    add(l, ", in ");
    add(l, place.name);
    if (place.offset) {
        add(l, "+0x");
        add_number(l, place.offset, 16);
    }
}

static void take_registers(const struct thm_board *b, const ucontext_t *u)
{
#if defined __x86_64__
    registers.pc = (const void *)u->uc_mcontext.gregs[REG_RIP];
    registers.sp = (const void *)u->uc_mcontext.gregs[REG_RSP];
#elif defined __aarch64__
    registers.pc = (const void *)u->uc_mcontext.pc;
    registers.sp = (const void *)u->uc_mcontext.sp;
#else
    (void)u;
#endif
    if (!b->in_task) /* a service was running, on the PC's stack */
        registers.sp = b->task_sp;
}

static void stack_overflow(struct thm_board *b, struct line *l)
{
    add(l, "stack overflow in task ");
    add(l, b->stack.task);
    add(l, ": all ");
    add_number(l, b->stack.size, 10);
    add(l, " bytes are used");
    add_place(b, l);
    add(l, " (a larger task stack helps: --stack)");
    thm_board_event(b, THM_EV_FAULT, "stack overflow", l->text, 12, 0);
}

/* Heap and stack share their memory: is the heap where the stack was, or soon will be? */
static void add_overrun(const struct thm_board *b, struct line *l)
{
    const uint32_t close = 4096; /* bytes: as deep as an inference goes, generously */
    if (!b->stack_shared || b->stack.size > close)
        return;
    add(l, ": the heap leaves the stack ");
    add_number(l, b->stack.size, 10);
    add(l, " bytes");
    if (strcmp(b->profile->allocator.on_failure, "overrun") == 0)
        add(l, "; malloc does not look (--polite-oom: it gives NULL)");
}

static void past_region(struct thm_board *b, struct line *l, const struct thm_region *r, const uint8_t *p)
{
    uint64_t address = (uint64_t)r->base + (uint64_t)(p - r->mem);
    add(l, "access ");
    add_number(l, (uint64_t)(p - r->mem) - r->size, 10);
    add(l, " bytes past the end of ");
    add(l, r->name);
    add(l, " at 0x");
    add_number(l, address, 16);
    add_place(b, l);
    add_overrun(b, l);
    thm_board_event(b, THM_EV_FAULT, "memory fault", l->text, 12, address);
}

/* Readable memory: it was written to, or run. */
static void in_region(struct thm_board *b, struct line *l, const struct thm_region *r, const uint8_t *p)
{
    const uint64_t address = (uint64_t)r->base + (uint64_t)(p - r->mem);
    add(l, r->mem == b->flash_model ? "write to the program's " : "jump into data in ");
    add(l, r->name);
    add(l, " at 0x");
    add_number(l, address, 16);
    add_place(b, l);
    add_overrun(b, l);
    thm_board_event(b, THM_EV_FAULT, "memory fault", l->text, 12, address);
}

/* A pointer or return address that is none: the processor does not tell which. */
static void wild(struct thm_board *b, struct line *l)
{
    add(l, "jump or access through an overwritten address");
    add_place(b, l);
    add_overrun(b, l);
    thm_board_event(b, THM_EV_FAULT, "memory fault", l->text, 12, 0);
}

/* A block that reaches past the RAM's end has a device address even there. */
static uint64_t address_outside(const struct thm_board *b, const uint8_t *p)
{
    const struct thm_heap *h = &b->heaps.heap[0];
    const bool behind = b->stack_shared && p > h->mem && (uint64_t)(p - h->mem) <= UINT32_MAX - h->base;
    return behind ? h->base + (uint64_t)(p - h->mem) : (uint64_t)(uintptr_t)p;
}

static void anywhere(struct thm_board *b, struct line *l, const void *p)
{
    const uint64_t address = address_outside(b, p);
    add(l, (uintptr_t)p < 4096 ? "null pointer access at 0x" : "access outside the board's memory at 0x");
    add_number(l, address, 16);
    add_place(b, l);
    add_overrun(b, l);
    thm_board_event(b, THM_EV_FAULT, "memory fault", l->text, 12, address);
}

static void forbidden_call(struct thm_board *b, struct line *l, int number)
{
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number); /* malloc'ed; no allowed call traps */
    add(l, "the firmware made the system call ");
    add(l, name ? name : "of an unknown number");
    add(l, ", which a board does not have");
    add_place(b, l);
    thm_board_event(b, THM_EV_FAULT, "system call", l->text, 12, 0);
}

static void hung(struct thm_board *b, struct line *l)
{
    add(l, "the firmware makes no progress: its processor time is used up");
    add_place(b, l);
    thm_board_event(b, THM_EV_FAULT, "hung", l->text, 17, 0);
    thm_board_die(b, 17);
}

static void arithmetic(struct thm_board *b, struct line *l, const void *at)
{
    add(l, "division by zero or an overflowing one");
    add_place(b, l);
    thm_board_event(b, THM_EV_FAULT, "arithmetic fault", l->text, 12, (uint64_t)(uintptr_t)at);
}

/* The dynamic linker trusts its file. */
static void not_loadable(struct thm_board *b, struct line *l)
{
    add(l, b->run->firmware);
    add(l, ": a fault while it was loaded: the file is damaged, or a constructor in it is wrong");
    thm_board_event(b, THM_EV_FAULT, "firmware", l->text, 2, 0);
    thm_board_die(b, 2);
}

/* A stack in the board's memory has no guard: it may go on through what lies below, until there is nothing more. */
static bool is_below_stack(const struct thm_board *b)
{
    return b->in_task && !b->stack.map && !b->stack_shared && (const uint8_t *)registers.sp < b->stack.low;
}

static void bad_access(struct thm_board *b, struct line *l, const siginfo_t *info)
{
    const void *at = info->si_addr;
    bool past_end = false;
    const struct thm_region *r = thm_region_at(b->regions, b->regions_count, at, &past_end);
    const bool wild_address = info->si_code == SI_KERNEL;
    if (thm_stack_in_guard(&b->stack, at) || (!wild_address && is_below_stack(b)))
        stack_overflow(b, l);
    else if (wild_address)
        wild(b, l);
    else if (r && past_end)
        past_region(b, l, r, at);
    else if (r)
        in_region(b, l, r, at);
    else
        anywhere(b, l, at);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
    struct thm_board *b = faulting;
    struct line l = { .len = 0 };
    take_registers(b, context);
    if (b->loading && sig != SIGSYS)
        not_loadable(b, &l);
    thm_console_flush(b);
    switch (sig) {
    case SIGXCPU: hung(b, &l); break;
    case SIGSYS: forbidden_call(b, &l, info->si_syscall); break;
    case SIGFPE: arithmetic(b, &l, info->si_addr); break;
    default: bad_access(b, &l, info);
    }
    thm_board_die(b, 12);
}

int thm_board_catch_faults(struct thm_board *b)
{
    static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGXCPU, SIGSYS };
    size_t size = 64 * 1024;
    stack_t alt = { .ss_size = size };
    faulting = b;
    alt.ss_sp = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (alt.ss_sp == MAP_FAILED || sigaltstack(&alt, NULL) < 0)
        return -1;
    struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND };
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (sigaction(signals[i], &sa, NULL) < 0)
            return -1;
    return 0;
}
