/* emu/board/where.c -- which function of the user's firmware it was. Async-signal-safe but for dladdr1()'s lock, which
 * no board process contends for. */
#include "emu/board/board.h"
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>

static bool in_text(const struct thm_board *b, uintptr_t pc)
{
    return pc >= b->text_low && pc < b->text_high;
}

/* The exported function that pc lies in; NULL: a static one, or none. */
static const char *function_at(uintptr_t pc)
{
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    if (!dladdr1((const void *)pc, &info, (void **)(uintptr_t)&symbol, RTLD_DL_SYMENT) || !symbol || !info.dli_sname)
        return NULL;
    return pc - (uintptr_t)info.dli_saddr < symbol->st_size ? info.dli_sname : NULL;
}

/* The nearest return address into the firmware among the task's frames: where it called what is running now. */
__attribute__((no_sanitize("address"))) static uintptr_t caller(const struct thm_board *b, uintptr_t sp)
{
    const uintptr_t top = (uintptr_t)b->stack.top, low = (uintptr_t)b->stack.low;
    if (sp < low) /* overflown */
        sp = low;
    for (const uintptr_t *p = (const uintptr_t *)((sp + 7) & ~(uintptr_t)7); (uintptr_t)p + sizeof *p <= top; p++)
        if (in_text(b, *p))
            return *p;
    return 0;
}

struct thm_place thm_where(const struct thm_board *b, const void *pc, const void *sp)
{
    const uintptr_t at = (uintptr_t)pc;
    const uintptr_t here = in_text(b, at) ? at : caller(b, (uintptr_t)sp);
    const char *name = here ? function_at(here) : NULL;
    if (name || !here)
        return (struct thm_place){ name, 0 };
    return (struct thm_place){ b->firmware_name, here - b->text_base };
}

const char *thm_hal_function(struct thm_board *b, const void *pc)
{
    const char *name = in_text(b, (uintptr_t)pc) ? function_at((uintptr_t)pc) : NULL;
    return name ? name : "";
}

struct fault_call {
    const void *pc;
    const char *fmt;
    va_list *args;
};

#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* hal.h checks the callers' formats */

static void do_fault(struct thm_call *c)
{
    struct thm_board *b = c->b;
    const struct fault_call *f = c->q;
    const struct thm_place place = thm_where(b, f->pc, b->task_sp);
    char text[sizeof b->batch[0].text];
    int n = vsnprintf(text, sizeof text, f->fmt, *f->args);
    if (place.offset && n >= 0 && (size_t)n < sizeof text)
        snprintf(text + n, sizeof text - (size_t)n, ", in %s+0x%lx", place.name, (unsigned long)place.offset);
    else if (place.name && n >= 0 && (size_t)n < sizeof text)
        snprintf(text + n, sizeof text - (size_t)n, ", in %s", place.name);
    thm_console_flush(b);
    thm_board_event(b, THM_EV_FAULT, "firmware", text, 12, (uint64_t)(uintptr_t)f->pc);
    thm_board_end(b, 12);
}

void thm_hal_fault(struct thm_board *b, const void *pc, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    thm_board_enter(do_fault, (struct thm_call){ .b = b, .q = &(struct fault_call){ pc, fmt, &args } });
    va_end(args);
}
