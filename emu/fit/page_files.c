/* emu/fit/page_files.c -- the page's pictures, each as a file of its own. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "emu/fit/page.h"
#include "emu/fit/picture.h"
#include "emu/fit/plans.h"

struct picture { /* one being drawn */
    FILE *f;
    char *text;
    size_t len;
};

static bool begin(struct picture *p)
{
    *p = (struct picture){ 0 };
    p->f = open_memstream(&p->text, &p->len);
    return p->f != NULL;
}

/* Names of models and boards come from outside: letters, digits and a few signs reach the file's. */
static int end(struct picture *p, const struct thm_fit_files *files, const char *a, const char *b, const char *kind)
{
    char name[256];
    int status = fclose(p->f) != 0 ? -1 : 0;
    snprintf(name, sizeof name, "%.100s-%.100s-%s.svg", a, b, kind);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
            *c = '_';
    if (!status)
        status = files->write(files->ctx, name[0] == '.' ? name + 1 : name, p->text, p->len);
    free(p->text);
    return status;
}

static int write_ram(const struct thm_fit_cell *cell, const struct thm_fit_files *files)
{
    struct picture p;
    if (!begin(&p))
        return -1;
    thm_fit_draw_ram(p.f, THM_SVG_FILE, cell);
    return end(&p, files, cell->model, cell->board, "ram");
}

static int write_flash(const struct thm_fit_case *c, const struct thm_fit_cell *cell, const struct thm_fit_files *files)
{
    struct picture p;
    if (!begin(&p))
        return -1;
    thm_fit_draw_flash(p.f, THM_SVG_FILE, c, cell);
    return end(&p, files, cell->model, cell->board, "flash");
}

static int write_volume(const struct thm_fit_case *c, const struct thm_fit_cell *cell,
                        const struct thm_fit_files *files)
{
    struct fit_volume v = { 0 };
    struct picture p;
    int status = 0;
    if (cell->storage_total)
        fit_volume_run(c, &v);
    if (v.fs) {
        const bool begun = begin(&p);
        if (begun)
            thm_fit_draw_volume(p.f, THM_SVG_FILE, cell, &v);
        status = begun ? end(&p, files, cell->model, cell->board, "storage") : -1;
    }
    fit_volume_free(&v);
    return status;
}

static int write_arena(const struct thm_fit_case *c, const struct thm_fit_files *files)
{
    struct thm_memory_plan plan;
    struct thm_model m;
    struct picture p;
    if (fit_plan_make(c, &m, &plan))
        return 0;
    const bool begun = begin(&p);
    if (begun)
        thm_fit_draw_arena(p.f, THM_SVG_FILE, &m, &plan, c->model->name);
    thm_memory_plan_free(&plan);
    return begun ? end(&p, files, c->model->name, c->profile->cores[0].layout, "arena") : -1;
}

int thm_fit_pictures_write(const struct thm_fit_page *p, const struct thm_fit_files *files)
{
    int status = 0;
    for (unsigned b = 0; b < p->boards && !status; b++)
        for (unsigned m = 0; m < p->models && !status; m++) {
            const size_t i = b * p->models + m;
            if (p->cells[i].now.known)
                status = write_ram(&p->cells[i], files);
            if (!status && p->cells[i].now.known)
                status = write_flash(&p->cases[i], &p->cells[i], files);
            if (!status && p->cells[i].now.known)
                status = write_volume(&p->cases[i], &p->cells[i], files);
            if (!status && fit_plan_is_first(p, b, m))
                status = write_arena(&p->cases[i], files);
        }
    return status;
}
