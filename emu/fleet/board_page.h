/* emu/fleet/board_page.h -- one board of a fleet as HTML: what became of it, what it did, its heap. No script, and
 * nothing from elsewhere; every text is escaped. */
#pragma once
#include <stdio.h>
#include "emu/fleet/row.h"
#include "emu/report/report.h"

struct thm_fleet_board_page {        /* lent */
    const struct thm_fleet_row *row; /* of a board that is not done: as thm_fleet_row_init() made it */
    bool done;
    const struct thm_report *report; /* of its replay; NULL: it was not run */
    const char *difference;          /* the column in which the replay differs from the run; NULL: none */
    const char *trace;               /* address of its trace, relative to the page; NULL: none */
};

extern const char thm_fleet_page_style[]; /* CSS of it and of the other pages of fleets: page.css */
void thm_fleet_board_write(FILE *f, const struct thm_fleet_board_page *p); /* an <article>, to be put into a page */
void thm_fleet_board_page_write(FILE *f, const struct thm_fleet_board_page *p); /* the whole page */
/* Everything up to <body>; title: text. */
void thm_fleet_page_begin(FILE *f, const char *title);
void thm_fleet_page_end(FILE *f);
