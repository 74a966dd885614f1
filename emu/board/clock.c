/* emu/board/clock.c -- device time, as a firmware reads and spends it. */
#include "emu/board/board.h"
#include <stdio.h>

enum { TICK_NS = 1000 }; /* one service call: an estimate; what matters is that waiting for the clock ends */

static void do_spend(struct thm_call *c)
{
    thm_board_spend(c->b, *(const uint64_t *)c->q);
}

/* Asleep: no watchdog runs, and the power may go. */
static void do_sleep(struct thm_call *c)
{
    struct thm_board *b = c->b;
    const uint64_t ns = *(const uint64_t *)c->q, off = b->run->power_off_ns, before = b->now_ns;
    const bool goes = off > before && off - before <= ns, was_idle = b->idle;
    const uint64_t asleep = goes ? off - before : ns;
    b->fed_ns = before + asleep;
    b->idle = true;
    thm_board_spend(b, asleep);
    b->idle = was_idle;
    c->result = !goes;
}

void thm_board_look_at_clock(struct thm_board *b)
{
    const struct thm_run *run = b->run;
    if (run->cores && thm_cores_over(run->cores, run->core, b->now_ns))
        thm_board_end(b, 0);
    if (run->duration_ns == 0 || b->now_ns < run->duration_ns)
        return;
    b->now_ns = run->duration_ns;
    thm_hal_step(b, "end", "the time of --duration is over");
    thm_board_end(b, 0);
}

static void do_tick(struct thm_call *c)
{
    struct thm_board *b = c->b;
    b->failure.settled = true;
    thm_board_spend(b, TICK_NS);
    if (b->run->cores)
        thm_cores_passed(b->run->cores, b->run->core, b->now_ns);
    thm_board_look_at_clock(b);
}

void thm_hal_feed_watchdog(struct thm_board *b)
{
    b->fed_ns = b->now_ns;
}

uint64_t thm_hal_now_ns(const struct thm_board *b)
{
    return b->now_ns;
}

void thm_hal_spend(struct thm_board *b, uint64_t ns)
{
    thm_board_enter(do_spend, (struct thm_call){ .b = b, .q = &ns });
}

bool thm_hal_sleep(struct thm_board *b, uint64_t ns)
{
    return thm_board_enter(do_sleep, (struct thm_call){ .b = b, .q = &ns }) != 0;
}

void thm_hal_idle(struct thm_board *b, bool on)
{
    b->idle = on;
}

void thm_hal_work(struct thm_board *b, uint64_t cycles)
{
    const uint64_t hz = b->profile->cores[0].clock_hz;
    thm_hal_spend(b, cycles / hz * 1000000000u + cycles % hz * 1000000000u / hz);
}

void thm_hal_tick(struct thm_board *b)
{
    thm_board_enter(do_tick, (struct thm_call){ .b = b });
}
