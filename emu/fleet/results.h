/* emu/fleet/results.h -- a run's database: SQLite in WAL mode. thimble-fleet(1) has its tables and views.
 *
 * Boards are committed as they finish, so a supervisor that is killed loses at most those under way. */
#pragma once
#include <jansson.h>
#include "emu/fleet/row.h"
#include "emu/fleet/sqlite.h"

struct thm_fleet_results;

struct thm_fleet_meta {                   /* what a run is made from; lent */
    const char *scenario;                 /* the YAML's text */
    const char *file;                     /* its name, for messages */
    const char *folder;                   /* absolute: what its paths are relative to */
    const char *inputs;                   /* digest of all files */
    uint32_t seed, boards, shard, shards; /* after --seed and --boards; shards 0: all of it */
};

/* Make a new one; refuses one that has tables. Result of all: 0, 2 or 20, *error: one malloc'ed line. */
int thm_fleet_results_create(struct thm_fleet_results **out, const char *path, const struct thm_fleet_meta *meta,
                             char **error);
int thm_fleet_results_open(struct thm_fleet_results **out, const char *path, bool write, char **error);
void thm_fleet_results_close(struct thm_fleet_results *r); /* NULL is fine */
const struct thm_fleet_meta *thm_fleet_results_meta(const struct thm_fleet_results *r);

/* Add a row to what the next commit writes. cost: NULL: the board was not run. */
int thm_fleet_results_put(struct thm_fleet_results *r, const struct thm_fleet_row *row,
                          const struct thm_fleet_cost *cost, char **error);
int thm_fleet_results_commit(struct thm_fleet_results *r, char **error);
/* done[id]: 1: that board's row is there, and it updated; 2: it failed; 3: it was not run; 0: none. */
int thm_fleet_results_done(struct thm_fleet_results *r, uint8_t *done, uint32_t boards, char **error);
/* Result: 2: it has no such row. */
int thm_fleet_results_get(struct thm_fleet_results *r, uint32_t id, struct thm_fleet_row *row, char **error);
/* All rows of the other run that are not here. Refuses one of another scenario, seed, size or inputs. */
int thm_fleet_results_merge(struct thm_fleet_results *r, const char *other, char **error);
/* For readers of its views. */
sqlite3 *thm_fleet_results_db(struct thm_fleet_results *r);
