/* emu/cli/fleet_replay.c -- thimble fleet replay: one board of a run again, alone, under the usual supervisor. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/fleet.h"
#include "emu/fleet/server.h"
#include "emu/report/report.h"

struct replay {
    struct thm_fleet_reader reader;
    FILE *trace;
    bool trace_failed;
};

static void on_event(void *ctx, const struct thm_event *e)
{
    struct replay *r = ctx;
    thm_fleet_reader_event(&r->reader, e);
    if (r->trace && !thm_trace_write(r->trace, e, NULL))
        r->trace_failed = true;
}

static void on_output(void *ctx, const struct thm_msg_output *o, const uint8_t *data, uint32_t len)
{
    struct replay *r = ctx;
    thm_fleet_reader_output(&r->reader, o, data, len);
}

static void run_board(const struct thm_fleet_kit *k, uint32_t id, struct replay *r, struct thm_fleet_row *row)
{
    struct thm_fleet_plan plan;
    struct thm_fleet_run run;
    struct thm_run_result result;
    thm_fleet_plan(k->fleet, id, &plan);
    thm_fleet_make_run(k, &plan, &run);
    thm_fleet_row_init(row, k, &plan);
    thm_fleet_reader_init(&r->reader, row, k, &plan);
    run.run.ctx = r;
    run.run.event = on_event;
    run.run.output = on_output;
    run.run.trace = r->trace != NULL;
    thm_run(&run.run, &result);
    thm_fleet_reader_end(&r->reader, &result);
}

static int with_server(struct fleet_scenario *s, uint32_t id, struct replay *r, struct thm_fleet_row *row)
{
    struct thm_fleet_own_server server;
    char *error = NULL;
    int status = thm_fleet_engine_serve(&s->kit, s->folder, &server, &error);
    if (!status)
        run_board(&s->kit, id, r, row);
    thm_fleet_server_stop(&server, NULL);
    return status ? fleet_error(status, error) : 0;
}

static int compare(const struct thm_fleet_row *was, const struct thm_fleet_row *is)
{
    const char *column = thm_fleet_row_difference(was, is);
    printf("board %u (%s, %s%s%s): %s%s%s\n", (unsigned)is->id, is->grp, is->board, *is->fault ? ", " : "", is->fault,
           is->outcome, *is->message ? ": " : "", is->message);
    if (column)
        return thm_fail(THM_EXIT_DIFFERS, "board %u is not as it was: %s differs", (unsigned)is->id, column);
    puts("as in the database");
    return 0;
}

static int replay(const struct fleet_options *o, struct fleet_scenario *s, const struct thm_fleet_row *was)
{
    struct replay r = { .trace = o->trace ? fopen(o->trace, "we") : NULL };
    struct thm_fleet_row is;
    if (o->trace && !r.trace)
        return thm_fail(THM_EXIT_USAGE, "%s: %s", o->trace, strerror(errno));
    int status = with_server(s, o->board, &r, &is);
    if (r.trace && (fclose(r.trace) != 0 || r.trace_failed))
        status = thm_fail(THM_EXIT_HOST, "%s: could not be written: %s", o->trace, strerror(errno));
    return status ? status : compare(was, &is);
}

static int load_row(const struct fleet_options *o, struct thm_fleet_results *r, struct thm_fleet_row *row)
{
    char *error = NULL;
    int status = thm_fleet_results_get(r, o->board, row, &error);
    if (status)
        return fleet_error(status, error);
    return row->status >= 0 ? 0 : thm_fail(THM_EXIT_USAGE, "board %u was not run: %s", o->board, row->outcome);
}

int fleet_replay(const struct fleet_options *o, int argc, char **argv)
{
    struct thm_fleet_results *r;
    struct fleet_scenario s;
    struct thm_fleet_row row;
    (void)argc;
    if (!o->board_given)
        return thm_fail(THM_EXIT_USAGE, "replay wants --board ID");
    int status = fleet_open(&r, argv[0], false);
    if (status)
        return status;
    status = fleet_load_from(&s, r);
    if (!status)
        status = load_row(o, r, &row);
    if (!status)
        status = replay(o, &s, &row);
    fleet_unload(&s);
    thm_fleet_results_close(r);
    return status;
}
