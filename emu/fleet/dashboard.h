/* emu/fleet/dashboard.h -- a page on which a fleet's run can be watched: HTTP, server-sent events, no script from
 * elsewhere.
 *
 * It is a process of its own with a lower priority. The supervisor writes what boards are at into memory that both
 * see, without waiting for anybody; results come out of the database, which the process reads by itself. So clients
 * that are slow, many or hostile cost the run nothing but processor time that is left over. */
#pragma once
#include "emu/fleet/kit.h"
#include "emu/fleet/state.h"

struct thm_fleet_dashboard;

struct thm_fleet_dashboard_options { /* lent */
    const char *address;             /* "IP", "PORT", "IP:PORT" or "[IPv6]:PORT"; NULL: 127.0.0.1 and any free port */
    const char *token;               /* that clients must know; NULL: one is made, on loopback none */
    const char *database;            /* path of the results; the file may come to be later */
    const char *file;                /* the scenario's name */
    const char *folder;              /* what its paths are relative to */
    const struct thm_fleet_kit *kit;
    uint32_t shard, shards; /* shards 0: all boards */
};

enum thm_fleet_dashboard_end { /* how the run has ended */
                               THM_DASHBOARD_GOES_ON,
                               THM_DASHBOARD_FINISHED,
                               THM_DASHBOARD_STOPPED, /* the rollout was */
                               THM_DASHBOARD_INTERRUPTED,
                               THM_DASHBOARD_BROKEN, /* the PC failed */
};

/* Call before the database is opened in this process, and before there are threads: it forks. Result: 0, 2 or 20,
 * *error: one malloc'ed line. */
int thm_fleet_dashboard_start(struct thm_fleet_dashboard **out, const struct thm_fleet_dashboard_options *o,
                              char **error);
const char *thm_fleet_dashboard_url(const struct thm_fleet_dashboard *d); /* with the token */
/* For thm_fleet_engine.board; board_ctx: the dashboard. */
void thm_fleet_dashboard_board(void *dashboard, uint32_t id, enum thm_fleet_state state, const struct thm_event *e);
/* Returns when the page's clients know, within two seconds. It has closed the database by then. NULL is fine. */
void thm_fleet_dashboard_end(struct thm_fleet_dashboard *d, enum thm_fleet_dashboard_end how);
void thm_fleet_dashboard_stop(struct thm_fleet_dashboard *d); /* NULL is fine */
