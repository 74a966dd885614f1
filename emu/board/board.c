/* emu/board/board.c -- device time, the event stream, and the way from the firmware's stack to the PC's. */
#include "emu/board/board.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "emu/board/memcheck.h"

/* Wait until the PC's clock has caught up with the board's. */
static void keep_pace(struct thm_board *b)
{
    const uint64_t at = b->power_on_ns + b->now_ns;
    const struct timespec until = { .tv_sec = (time_t)(at / 1000000000u), .tv_nsec = (long)(at % 1000000000u) };
    thm_board_flush(b); /* what has happened so far is told in time */
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}

/* The task watchdog of ESP-IDF and the IWDG of an STM32 alike: nobody asks what the task was busy with. */
static void watch(struct thm_board *b)
{
    const uint64_t limit = b->run->watchdog_ns;
    char text[160];
    if (!limit || !b->running || b->now_ns - b->fed_ns < limit)
        return;
    b->now_ns = b->fed_ns + limit;
    b->fed_ns = b->now_ns; /* what is told now takes no time */
    snprintf(text, sizeof text, "the watchdog reset the board: task %s had not fed it for %.3f s",
             b->profile->task.name, (double)limit / 1e9);
    thm_board_event(b, THM_EV_FAULT, "hung", text, 17, 0);
    thm_board_die(b, 17);
}

/* The plug is pulled at a time. */
static void lose_power(struct thm_board *b, uint64_t before)
{
    const uint64_t off = b->run->power_off_ns;
    char text[80];
    if (!off || !b->running || b->idle || before >= off || b->now_ns < off)
        return;
    b->now_ns = off;
    snprintf(text, sizeof text, "the power went at %.3f s", (double)off / 1e9);
    thm_board_event(b, THM_EV_FAULT, "power", text, 16, 0);
    thm_board_die(b, 16);
}

void thm_board_spend(struct thm_board *b, uint64_t ns)
{
    const uint64_t before = b->now_ns;
    b->now_ns += ns;
    lose_power(b, before);
    watch(b);
    if (b->run->realtime)
        keep_pace(b);
}

void thm_board_flush(struct thm_board *b)
{
    if (b->batched && b->modem >= 0)
        (void)thm_modem_send(b->modem, THM_MSG_EVENTS, b->batch, b->batched * sizeof b->batch[0], NULL, 0);
    b->batched = 0;
}

static void put_text(char *to, size_t size, const char *from)
{
    size_t len = from ? strnlen(from, size - 1) : 0;
    if (len)
        memcpy(to, from, len);
    memset(to + len, 0, size - len);
}

/* Of the only thread: with a limit of processor time, the kernel brings the process's clock up to date at its ticks. */
static uint64_t pc_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void thm_board_emit(struct thm_board *b, enum thm_event_type type, const char *name, const char *text,
                    const uint64_t v[THM_EVENT_VALUES])
{
    if (thm_event_kind(type)->detail && !b->run->trace)
        return;
    struct thm_event *e = &b->batch[b->batched++];
    e->type = type;
    e->seq = b->sequence++;
    e->t_ns = b->now_ns;
    memcpy(e->v, v, sizeof e->v);
    e->cpu_ns = b->run->timed ? pc_cpu_ns() : 0;
    put_text(e->name, sizeof e->name, name);
    put_text(e->text, sizeof e->text, text);
    if (b->batched == THM_EVENT_BATCH)
        thm_board_flush(b);
}

void thm_board_end(struct thm_board *b, int exit_status)
{
    thm_console_flush(b);
    thm_heap_forecast(b);
    thm_board_stack_ended(b);
    thm_board_die(b, exit_status);
}

/* Of all its storage parts, since power-on. */
static struct thm_medium_counters count_media(const struct thm_board *b)
{
    struct thm_medium_counters sum = { 0 }, n;
    for (unsigned i = 0; i < THM_MEDIA_MAX; i++) {
        if (!b->media[i])
            continue;
        thm_medium_counters(b->media[i], &n);
        sum.programs += n.programs;
        sum.erases += n.erases;
    }
    return sum;
}

void thm_board_die(struct thm_board *b, int exit_status)
{
    const struct thm_medium_counters n = count_media(b);
    if (exit_status != 20)
        thm_heap_view(b, "end", NULL);
    if (b->air.connections)
        thm_board_event(b, THM_EV_LINK, b->link.name, NULL, b->air.sent, b->air.received, b->air.connections,
                        b->air.open_ns, b->air.sending_ns);
    thm_board_event(b, THM_EV_EXIT, NULL, NULL, (uint64_t)exit_status, b->now_ns, n.programs, n.erases);
    thm_board_flush(b);
    _exit(exit_status);
}

static void run_service(void *arg)
{
    struct thm_board *b = arg;
    b->service(&b->call);
}

int64_t thm_board_enter(void (*fn)(struct thm_call *c), struct thm_call c)
{
    struct thm_board *b = c.b;
    if (!b->in_task) {
        fn(&c);
        return c.result;
    }
    thm_board_stack_noted(b, __builtin_frame_address(0));
    b->service = fn;
    b->call = c;
    b->in_task = false;
    THM_MEMCHECK_UNDEFINED((uint8_t *)b->service_top - 16, 16); /* it takes the call's first push for a stray one */
    thm_call_on_stack(run_service, b, b->service_top);
    b->in_task = true;
    return b->call.result;
}
