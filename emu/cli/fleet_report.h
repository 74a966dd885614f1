/* emu/cli/fleet_report.h -- the parts of `thimble fleet report`: fleet_report.c reads views and prints them,
 * fleet_page.c is the page, fleet_traces.c runs boards again for it. */
#pragma once
#include <stdio.h>
#include "emu/cli/fleet.h"

struct fleet_section {
    const char *view, *title;
};
extern const struct fleet_section fleet_sections[]; /* ends with a view that is NULL */

/* Someone who takes the cells of a question's answer, row by row. */
struct fleet_taker {
    void (*head)(void *ctx, sqlite3_stmt *s); /* NULL: not needed */
    void (*row)(void *ctx, sqlite3_stmt *s);
    void *ctx;
};
/* Result of all: 0 or an exit status, reported. */
int fleet_read_sql(sqlite3 *db, const char *sql, const struct fleet_taker *t);
int fleet_read_view(sqlite3 *db, const char *view, const struct fleet_taker *t);
const char *fleet_cell(sqlite3_stmt *s, int i); /* "-": none */

struct fleet_traces { /* all zero: none */
    uint32_t *id;     /* boards that have a page and a trace */
    size_t count;
    char *folder; /* as an address that is relative to the report's page; ends with '/' */
};

/* Runs the slowest boards and some of every reason to fail again: dir/ID.html, dir/ID.jsonl. page: the report's, or
 * NULL. */
int fleet_traces_write(struct fleet_traces *t, struct thm_fleet_results *r, const char *dir, const char *page);
bool fleet_traces_has(const struct fleet_traces *t, uint32_t id);
void fleet_traces_free(struct fleet_traces *t);

int fleet_page_write(struct thm_fleet_results *r, const struct fleet_traces *t, FILE *f);
