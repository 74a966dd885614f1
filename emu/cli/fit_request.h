/* emu/cli/fit_request.h -- what the command line of `thimble fit` asks for, and the parts of its answer. */
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include "emu/cli/cli.h"
#include "emu/cli/operators.h"
#include "emu/fit/advice.h"

enum { FIT_BOARDS_MAX = 128 };

struct fit_board {
    const char *name; /* as given */
    struct thm_profile *profile;
    struct thm_profile_link *link;
    struct thm_operators operators;
};

struct fit_request {
    const char *board[FIT_BOARDS_MAX], *require[FIT_BOARDS_MAX]; /* board: none is all */
    unsigned board_count, require_count;
    const char *storage, *from, *operators, *cacert; /* NULL: not given */
    uint32_t cacert_bytes;
    const struct thm_kernel_library *kernels;
    bool no_invoke, json, csv, advice;
    double max_percent; /* of RAM; 0: no threshold */
    const char *junit, *html, *svg;
    char **model_path;
    unsigned models;

    /* filled by fit_load() and the run: cells by board, then by model */
    char **all_boards;
    struct fit_board *boards;
    struct thm_fit_model *model;
    struct thm_fit_case *cases;
    struct thm_fit_cell *cells;
    unsigned boards_count;
    size_t count;
    struct thm_fit_advices *advices; /* of each cell */
};

/* Boards, links, models, and a case for each pair. Result: 0, or an exit status, reported. */
int fit_load(struct fit_request *q);
void fit_free(struct fit_request *q);

struct thm_fit_cell *fit_cell(const struct fit_request *q, unsigned board, unsigned model);
/* Does a threshold of the command line say that this cell is wrong? why: one clause. */
bool fit_broken(const struct fit_request *q, const struct thm_fit_cell *cell, char *why, size_t size);

void fit_table(const struct fit_request *q, FILE *f); /* boards and models, or the page of one pair */
int fit_json(const struct fit_request *q, FILE *f);   /* 0 or 20, reported */
void fit_csv(const struct fit_request *q, FILE *f);
/* These write files. Result: 0, 2 or 20, reported. */
int fit_junit(const struct fit_request *q);
int fit_html(const struct fit_request *q);
int fit_svg(const struct fit_request *q);
