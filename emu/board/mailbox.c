/* emu/board/mailbox.c -- messages between the cores of a board, as a firmware sends and receives them. */
#include "emu/board/board.h"
#include <string.h>

const char *thm_hal_core_name(const struct thm_board *b)
{
    return b->run->core_name ? b->run->core_name : b->profile->cores[0].name;
}

static const char *name_of(const struct thm_board *b, uint32_t core)
{
    return core == 0 ? b->run->main_core : b->run->core == 0 ? b->run->companions[core - 1].core_name : NULL;
}

/* A companion knows the main core only, the main one all companions. */
static int32_t find_core(const struct thm_board *b, const char *name)
{
    const struct thm_run *run = b->run;
    const uint32_t begin = run->core == 0 ? 1 : 0, end = run->core == 0 ? run->companions_count + 1 : 1;
    for (uint32_t i = begin; run->cores && i < end; i++)
        if (strcmp(name_of(b, i), name) == 0)
            return (int32_t)i;
    return THM_HAL_NO_CORE;
}

static const char *reason(int32_t result)
{
    static const struct {
        int32_t result;
        const char *text;
    } table[] = {
        { THM_HAL_NO_CORE, "the board has no such core, or it was given no firmware" },
        { THM_RING_EMPTY, "no message has come" },
        { THM_RING_NO_ROOM, "the message is longer than the buffer" },
        { THM_RING_TOO_LARGE, "the message is longer than the mailbox takes" },
        { THM_RING_FULL, "the mailbox is full" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].result == result)
            return table[i].text;
    return "the mailbox is damaged";
}

/* The call is done, in device time too. */
static int32_t settle(struct thm_board *b, const struct thm_cores_wait *w, const char *what, const char *core,
                      uint32_t bytes, int32_t result)
{
    if (w->stuck) {
        thm_console_flush(b);
        thm_board_event(b, THM_EV_FAULT, "hung", "every core waits for a message that none will send", 17, 0);
        thm_board_die(b, 17);
    }
    b->now_ns = w->now_ns;
    thm_board_look_at_clock(b);
    thm_board_event(b, THM_EV_MAILBOX, what, core, bytes, (uint64_t)(int64_t)result);
    if (result < 0)
        thm_hal_failure(b, 13, result, bytes, 0, "%s %s: %s", what, core, reason(result));
    return result;
}

static void do_send(struct thm_call *c)
{
    struct thm_board *b = c->b;
    struct thm_cores_wait w = { .now_ns = b->now_ns };
    const int32_t to = find_core(b, c->s);
    int32_t result = THM_HAL_NO_CORE;
    if (to >= 0 && c->n > thm_cores_message_max(b->run->cores))
        result = THM_RING_TOO_LARGE;
    else if (to >= 0) {
        memcpy(b->message, c->q, c->n); /* a bad pointer shall not fault in shared memory */
        thm_board_flush(b);
        result = thm_cores_send(b->run->cores, b->run->core, (uint32_t)to, &w, b->message, c->n);
    }
    c->result = settle(b, &w, "send", c->s, c->n, result);
}

struct receive_call {
    const char **from;
    int64_t timeout_ms;
};

static uint64_t deadline(const struct thm_board *b, int64_t timeout_ms)
{
    const uint64_t off = b->run->duration_ns ? b->run->duration_ns : UINT64_MAX;
    if (timeout_ms < 0)
        return off;
    const uint64_t t = b->now_ns + (uint64_t)timeout_ms * 1000000u;
    return t < off ? t : off;
}

static void do_receive(struct thm_call *c)
{
    struct thm_board *b = c->b;
    const struct receive_call *r = c->q;
    struct thm_cores_wait w = { .now_ns = b->now_ns, .deadline_ns = deadline(b, r->timeout_ms) };
    uint32_t from = 0;
    int32_t result = THM_HAL_NO_CORE;
    const char *sender = "any";
    if (b->run->cores) {
        thm_board_flush(b);
        result = thm_cores_receive(b->run->cores, b->run->core, &w, &from, b->message, c->n);
    }
    if (result >= 0) {
        sender = name_of(b, from);
        memcpy(c->p, b->message, (uint32_t)result);
    }
    if (r->from)
        *r->from = sender;
    c->result = settle(b, &w, "receive", sender, result > 0 ? (uint32_t)result : 0, result);
}

int32_t thm_hal_mailbox_send(struct thm_board *b, const char *core, const void *data, uint32_t len)
{
    return (int32_t)thm_board_enter(do_send, (struct thm_call){ .b = b, .s = core, .q = data, .n = len });
}

int32_t thm_hal_mailbox_receive(struct thm_board *b, const char **from, void *buf, uint32_t room, int64_t timeout_ms)
{
    const struct receive_call r = { from, timeout_ms };
    return (int32_t)thm_board_enter(do_receive, (struct thm_call){ .b = b, .p = buf, .n = room, .q = &r });
}
