#include "emu/board/rig.h"
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include "emu/board/board.h"
#include "emu/board/storage_place.h"

struct thm_rig {
    struct thm_board *b;
    struct thm_stack stack; /* as it was mapped */
    unsigned medium;        /* that the storage is on */
    int (*app)(struct thm_board *b, void *arg);
    void *arg;
    int result;
};

static struct thm_rig *give_up(struct thm_rig *r, struct thm_board *b)
{
    if (b)
        free(b->packet);
    free(b);
    free(r);
    return NULL;
}

struct thm_rig *thm_rig_create(const struct thm_run *run, int modem)
{
    struct thm_rig *r = calloc(1, sizeof *r);
    struct thm_board *b = calloc(1, sizeof *b);
    if (!r || !b)
        return give_up(r, b);
    *b = (struct thm_board){ .run = run, .profile = run->profile, .modem = modem };
    b->packet = malloc(THM_MODEM_CHUNK_MAX + 4096);
    if (!b->packet || thm_board_map_memory(b) || thm_board_catch_faults(b) < 0)
        return give_up(r, b);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    r->b = b;
    r->stack = b->stack;
    r->medium = thm_storage_place(run->profile, thm_storage_find(run->profile, run->storage)).medium;
    return r;
}

int thm_rig_close_off(uint64_t mapped)
{
    return thm_sandbox_enter_rig(mapped);
}

/* What a device has of the last run after a reset: nothing that it trusts. A stack out of the heap finds its place when
 * the runtime starts. */
static void reset(struct thm_rig *r, struct thm_medium *medium)
{
    struct thm_board *b = r->b;
    thm_board_flush(b);
    if (b->fs)
        b->fs->ops->unmount(b->fs);
    thm_medium_destroy(b->volume);
    thm_board_close_window(b);
    for (size_t i = 0; i < sizeof b->packed / sizeof b->packed[0]; i++)
        free(b->packed[i].weights);
    thm_heap_forget(&b->book);
    const struct thm_board kept = { .run = b->run,
                                    .profile = b->profile,
                                    .modem = b->modem,
                                    .regions = b->regions,
                                    .regions_count = b->regions_count,
                                    .stack = b->profile->task.stack_from_heap ? b->stack : r->stack,
                                    .stack_shared = b->stack_shared,
                                    .flash_model = b->flash_model,
                                    .packet = b->packet };
    *b = kept;
    b->media[r->medium] = medium;
}

static void limit_time(time_t seconds)
{
    const struct itimerval t = { .it_value = { .tv_sec = seconds } };
    (void)setitimer(ITIMER_VIRTUAL, &t, NULL);
}

static void run_app(void *arg)
{
    struct thm_rig *r = arg;
    r->b->in_task = r->b->running = true;
    r->result = r->app(r->b, r->arg);
    r->b->in_task = false;
}

int thm_rig_boot(struct thm_rig *r, struct thm_medium *medium, int (*app)(struct thm_board *b, void *arg), void *arg)
{
    limit_time(THM_RIG_SECONDS);
    reset(r, medium);
    if (thm_board_boot_memory(r->b) != THM_MEM_OK)
        return thm_hal_fail(r->b, "boot");
    r->app = app;
    r->arg = arg;
    r->b->service_top = (uint8_t *)__builtin_frame_address(0) - 8192; /* as in process.c */
    thm_call_on_stack(run_app, r, r->b->stack.top);
    limit_time(0);
    return r->result;
}

static int32_t tell_file(void *ctx, const struct thm_fs_stat *st)
{
    char text[sizeof((struct thm_event *)0)->text];
    snprintf(text, sizeof text, "%s, %u bytes", st->name, st->size);
    thm_board_event((struct thm_board *)ctx, THM_EV_LOG, THM_RIG_LISTING, text, 0);
    return 0;
}

static void do_list(struct thm_call *c)
{
    c->result = c->b->fs->ops->list(c->b->fs, "", tell_file, c->b);
}

static int list(struct thm_board *b, void *arg)
{
    (void)arg;
    if (thm_hal_mount(b, b->run->storage) < 0)
        return thm_hal_fail(b, "storage");
    return thm_board_enter(do_list, (struct thm_call){ .b = b }) < 0;
}

void thm_rig_list(struct thm_rig *r, struct thm_medium *medium)
{
    (void)thm_rig_boot(r, medium, list, NULL);
}

const char *thm_rig_message(const struct thm_rig *r)
{
    return thm_hal_failure_text(r->b);
}

void thm_rig_end(struct thm_rig *r, int exit_status)
{
    thm_board_end(r->b, exit_status);
}
