/* emu/fit/page.h -- a matrix of cells as one HTML page that needs nothing else: no network, no script. */
#pragma once
#include <stdio.h>
#include "emu/fit/advice.h"

struct thm_fit_page {                 /* lent; cells and cases by board, then by model */
    const struct thm_fit_case *cases; /* a case's model is the one of its column */
    const struct thm_fit_cell *cells;
    const struct thm_fit_advices *advice; /* of each cell */
    unsigned boards, models;
};

/* Write it. Result: 0, or -1: the PC is out of memory, the page is not complete. */
int thm_fit_page_write(const struct thm_fit_page *p, FILE *f);

/* The single pictures as files: call write() with a file name and its contents for each. write gives 0 to go on;
 * result: 0, -1 as above, or what write() gave. */
struct thm_fit_files {
    void *ctx;
    int (*write)(void *ctx, const char *name, const char *text, size_t len);
};
int thm_fit_pictures_write(const struct thm_fit_page *p, const struct thm_fit_files *files);
