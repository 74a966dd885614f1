/* emu/fit/picture.h -- pictures of a cell and of a memory plan, as SVG: for the page and for a slide. */
#pragma once
#include "emu/fit/fit.h"
#include "emu/fit/volume.h"
#include "emu/report/memory_plan.h"
#include "emu/report/svg.h"

/* The RAM's account as two stacked bars against all of it: at its fullest, and now. A file has a legend; a page has the
 * account beside it, with thm_fit_row_class() for its keys. */
const char *thm_fit_row_class(enum thm_fit_row r);
void thm_fit_draw_ram(FILE *f, enum thm_svg_where where, const struct thm_fit_cell *cell);
/* The flash and the medium of the storage, by address: partitions, program, model, what the storage holds. */
void thm_fit_draw_flash(FILE *f, enum thm_svg_where where, const struct thm_fit_case *c,
                        const struct thm_fit_cell *cell);
/* The volume that the storage holds, unit by unit. */
void thm_fit_draw_volume(FILE *f, enum thm_svg_where where, const struct thm_fit_cell *cell,
                         const struct fit_volume *v);
/* A model's arena: time across, by operator; addresses up; the moment of the peak marked. */
void thm_fit_draw_arena(FILE *f, enum thm_svg_where where, const struct thm_model *m,
                        const struct thm_memory_plan *plan, const char *title);
