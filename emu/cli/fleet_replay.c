/* emu/cli/fleet_replay.c -- thimble fleet replay: one board of a run again, alone, under the usual supervisor. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/fleet.h"
#include "emu/fleet/replay.h"
#include "emu/fleet/server.h"

static int run_board(struct fleet_scenario *s, uint32_t id, const struct thm_fleet_replay *r, struct thm_fleet_row *row)
{
    struct thm_fleet_own_server server;
    char *error = NULL;
    int status = thm_fleet_engine_serve(&s->kit, s->folder, &server, &error);
    const bool traced = status || thm_fleet_replay(&s->kit, id, r, row);
    thm_fleet_server_stop(&server, NULL);
    if (!traced)
        return thm_fail(THM_EXIT_HOST, "the trace could not be written: %s", strerror(errno));
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
    const struct thm_fleet_replay r = { .trace = o->trace ? fopen(o->trace, "we") : NULL };
    struct thm_fleet_row is;
    if (o->trace && !r.trace)
        return thm_fail(THM_EXIT_USAGE, "%s: %s", o->trace, strerror(errno));
    int status = run_board(s, o->board, &r, &is);
    if (r.trace && fclose(r.trace) != 0 && !status)
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
