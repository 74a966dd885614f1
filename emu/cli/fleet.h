/* emu/cli/fleet.h -- what the verbs of `thimble fleet` share. */
#pragma once
#include <stdbool.h>
#include "emu/cli/cli.h"
#include "emu/fleet/engine.h"

struct fleet_options {
    const char *output, *junit, *html, *trace, *traces;
    uint32_t boards, jobs, seed, shard, shards, board; /* boards, jobs, shards 0: not given */
    bool seed_given, board_given, json, stats, quiet;
    bool dashboard, dashboard_linger;
    const char *dashboard_address, *dashboard_token; /* NULL: not given */
};

struct fleet_scenario { /* loaded */
    char *text, *file, *folder;
    struct thm_fleet *fleet;
    struct thm_fleet_kit kit;
    bool has_kit;
};

/* From a file, with --boards and --seed. Result of all: 0 or an exit status, reported. */
int fleet_load(struct fleet_scenario *s, const struct fleet_options *o, const char *path);
/* As a database has it; the files must be those of the run. */
int fleet_load_from(struct fleet_scenario *s, struct thm_fleet_results *r);
int fleet_load_kit(struct fleet_scenario *s);
void fleet_unload(struct fleet_scenario *s);
int fleet_open(struct thm_fleet_results **r, const char *path, bool write);
/* Without --shard: the share of a task of Slurm or MPI. */
int fleet_shard(struct fleet_options *o);
void fleet_show_stats(const struct thm_fleet_totals *t); /* of a timed run, on stderr */
int fleet_error(int status, char *error);                /* report and free it */

int fleet_run(const struct fleet_options *o, int argc, char **argv);
int fleet_resume(const struct fleet_options *o, int argc, char **argv);
int fleet_merge(const struct fleet_options *o, int argc, char **argv);
int fleet_report(const struct fleet_options *o, int argc, char **argv);
int fleet_replay(const struct fleet_options *o, int argc, char **argv);
int fleet_check(const struct fleet_options *o, int argc, char **argv);
int fleet_explain(const struct fleet_options *o, int argc, char **argv);
