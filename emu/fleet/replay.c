#include "emu/fleet/replay.h"

struct reader {
    const struct thm_fleet_replay *o;
    struct thm_fleet_reader fleet;
    bool failed;
};

/* Blocks of the heap are told only here: they are no part of the row's digest. */
static void on_event(void *ctx, const struct thm_event *e)
{
    struct reader *r = ctx;
    if (e->type != THM_EV_HEAP_BLOCK)
        thm_fleet_reader_event(&r->fleet, e);
    if (r->o->trace && !thm_trace_write(r->o->trace, e, NULL))
        r->failed = true;
    if (r->o->report)
        thm_report_event(r->o->report, e);
}

static void on_output(void *ctx, const struct thm_msg_output *o, const uint8_t *data, uint32_t len)
{
    struct reader *r = ctx;
    thm_fleet_reader_output(&r->fleet, o, data, len);
}

bool thm_fleet_replay(const struct thm_fleet_kit *k, uint32_t id, const struct thm_fleet_replay *o,
                      struct thm_fleet_row *row)
{
    struct reader r = { .o = o };
    struct thm_fleet_plan plan;
    struct thm_fleet_run run;
    struct thm_run_result result;
    thm_fleet_plan(k->fleet, id, &plan);
    thm_fleet_make_run(k, &plan, &run);
    thm_fleet_row_init(row, k, &plan);
    thm_fleet_reader_init(&r.fleet, row, k, &plan);
    run.run.ctx = &r;
    run.run.event = on_event;
    run.run.output = on_output;
    run.run.trace = o->trace != NULL;
    run.run.heap_map = o->report != NULL;
    thm_run(&run.run, &result);
    thm_fleet_reader_end(&r.fleet, &result);
    return !r.failed;
}
