/* emu/board/task.c -- the application's stack: where it lies on the device, and how its overflow shows there.
 *
 * silent: nobody looks; what lies below is overwritten. canary: the lowest bytes are checked when the task may be
 * switched, which is at every service call and at the end. mpu: the page below is inaccessible. A stack whose place is
 * known lies there, unless the build's frames are larger than a device's (thm_stack_factor): then, and where the place
 * is not known, it is a mapping of its own with inaccessible pages below. */
#include "emu/board/board.h"
#include <stdio.h>
#include <string.h>

static bool shows_as(const struct thm_board *b, const char *how)
{
    return strcmp(b->profile->task.overflow, how) == 0;
}

/* Heap and stack grow towards each other in one piece of memory. */
static bool shares_memory(const struct thm_profile *p)
{
    const uint64_t top = p->task.stack_top, low = top - p->task.stack;
    for (unsigned i = 0; i < p->heaps_count; i++)
        if (p->heaps[i].base < top && low < (uint64_t)p->heaps[i].base + p->heaps[i].size)
            return true;
    return false;
}

static enum thm_mem_err place(struct thm_board *b, uint32_t address, uint32_t size)
{
    uint8_t *low = thm_board_host(b, address, size);
    enum thm_mem_err err = low ? thm_stack_place(&b->stack, b->profile->task.name, low + size, size) : THM_MEM_EINVAL;
    if (!err && shows_as(b, "mpu"))
        err = thm_stack_protect(&b->stack);
    if (err)
        thm_stack_unmap(&b->stack);
    return err;
}

enum thm_mem_err thm_board_map_stack(struct thm_board *b)
{
    const struct thm_profile_task *t = &b->profile->task;
    const uint32_t size = b->run->stack ? b->run->stack : t->stack;
    if (t->stack_top && size <= t->stack_top && thm_stack_factor == 1 && !place(b, t->stack_top - size, size)) {
        b->stack_shared = shares_memory(b->profile);
        return THM_MEM_OK;
    }
    return thm_stack_map(&b->stack, t->name, size);
}

void thm_board_stack_in_heap(struct thm_board *b, uint32_t address)
{
    struct thm_stack apart = b->stack;
    const bool mpu = shows_as(b, "mpu"); /* its page would take neighbours of the block from the heap */
    if (thm_stack_factor == 1 && !mpu && !place(b, address, apart.size))
        thm_stack_unmap(&apart);
    else
        b->stack = apart;
}

static void overflowed(struct thm_board *b, const char *how)
{
    char text[sizeof b->batch[0].text];
    snprintf(text, sizeof text,
             "stack overflow in task %s: all %u bytes are used%s (a larger task stack helps: --stack)", b->stack.task,
             b->stack.size, how);
    thm_board_event(b, THM_EV_FAULT, "stack overflow", text, 12, 0);
    thm_board_die(b, 12);
}

static void check_canary(struct thm_board *b)
{
    if (shows_as(b, "canary") && !b->stack.map && !thm_stack_canary_intact(&b->stack))
        overflowed(b, " and the canary at their end is overwritten");
}

void thm_board_stack_noted(struct thm_board *b, const void *sp)
{
    const uint32_t depth = thm_stack_depth(&b->stack, sp);
    b->task_sp = sp;
    b->task_depth = depth > b->task_depth ? depth : b->task_depth;
    thm_board_limit_heap(b);
    check_canary(b);
}

/* What a library of the device's would push, of which there is only the number here. */
struct need {
    const char *what;
    uint32_t bytes, left;
};

/* Nobody notices: what it pushes past the stack's end overwrites what lies there, though not the frames alive now. */
static void overwrite_below(struct thm_board *b, const struct need *n)
{
    enum { LIVE = 512 }; /* bytes below the last noted stack pointer that this call itself stands on */
    uint8_t *bottom = (uint8_t *)b->task_sp - n->bytes, *live = (uint8_t *)b->task_sp - LIVE;
    uint8_t *top = live < b->stack.low ? live : b->stack.low;
    const uint32_t depth = thm_stack_depth(&b->stack, bottom);
    if (bottom < top)
        memset(bottom, 0xCC, (size_t)(top - bottom)); /* any value will do */
    b->task_depth = depth > b->task_depth ? depth : b->task_depth;
}

static void do_need_stack(struct thm_call *c)
{
    struct thm_board *b = c->b;
    const struct need *n = c->q;
    char text[sizeof b->batch[0].text];
    if (shows_as(b, "silent") && !b->stack.map) {
        overwrite_below(b, n);
        return;
    }
    snprintf(
        text, sizeof text,
        "stack overflow in task %s: %s needs %u bytes of stack, %u of %u are left (a larger task stack helps: --stack)",
        b->stack.task, n->what, n->bytes, n->left, b->stack.size);
    thm_board_event(b, THM_EV_FAULT, "stack overflow", text, 12, 0);
    thm_board_die(b, 12);
}

void thm_board_need_stack(struct thm_board *b, const char *what, uint32_t bytes)
{
    const uint32_t depth = thm_stack_depth(&b->stack, __builtin_frame_address(0));
    const struct need n = { what, bytes, depth < b->stack.size ? b->stack.size - depth : 0 };
    if (b->in_task && n.bytes > n.left)
        thm_board_enter(do_need_stack, (struct thm_call){ .b = b, .q = &n });
}

void thm_board_stack_ended(struct thm_board *b)
{
    check_canary(b);
    const uint32_t used = thm_stack_used(&b->stack);
    thm_board_event(b, THM_EV_STACK, b->stack.task, NULL, used > b->task_depth ? used : b->task_depth, b->stack.size);
}
