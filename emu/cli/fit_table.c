/* emu/cli/fit_table.c -- the answer of `thimble fit` for people: a table of boards and models, or the page of one pair.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "emu/cli/fit_request.h"

enum { WIDTH = 80, NAME_WIDTH = 15, CELL_LEAST = 4, CELL_MOST = 16 };

struct style {
    bool colour;
};

static const char green[] = "\033[32m", red[] = "\033[31m", yellow[] = "\033[33m", dim[] = "\033[2m",
                  bold[] = "\033[1m";

static struct style style_of(FILE *f)
{
    const char *no_colour = getenv("NO_COLOR"); /* no-color.org */
    return (struct style){ isatty(fileno(f)) && !(no_colour && *no_colour) };
}

/* Text of a fixed width, so that colours do not count. */
static void put(FILE *f, const struct style *s, const char *colour, int width, const char *text)
{
    fprintf(f, "%s%*.*s%s", s->colour ? colour : "", width, abs(width), text, s->colour ? "\033[0m" : "");
}

/* ---- the table ---- */

static const struct {
    int exit_status;
    const char *brief, *word, *legend;
} kinds[] = {
    { 0, "ok", "fits", "runs" },
    { 2, "-", "-", "there is no such way to get it there" },
    { 10, "ram", "SRAM", "out of SRAM" },
    { 11, "sto", "storage", "out of storage, or of the program's flash" },
    { 12, "stk", "stack", "stack overflow or memory fault" },
    { 13, "net", "network", "network or TLS" },
    { 14, "mod", "model", "the model is refused: operator, type, arena" },
    { 17, "hng", "hung", "hung" },
};

static size_t kind_of(const struct thm_fit_cell *cell)
{
    size_t i = sizeof kinds / sizeof kinds[0] - 1;
    while (i > 0 && kinds[i].exit_status != cell->exit_status)
        i--;
    return i;
}

static const char *colour_of(const struct thm_fit_cell *cell)
{
    if (cell->verdict == THM_FIT_NONE)
        return dim;
    if (cell->verdict != THM_FIT_FITS)
        return red;
    return thm_fit_ram_percent(cell) > 90 ? yellow : green;
}

/* "ok 93%": of the RAM; "ram": why not. */
static const char *cell_text(const struct thm_fit_cell *cell, int width, char *buf, size_t size)
{
    const size_t k = kind_of(cell);
    if (cell->verdict == THM_FIT_FITS && width >= 8)
        snprintf(buf, size, "ok %.0f%%", floor(thm_fit_ram_percent(cell)));
    else
        snprintf(buf, size, "%s", width >= 8 ? kinds[k].word : kinds[k].brief);
    return buf;
}

static void table_part(const struct fit_request *q, FILE *f, const struct style *s, unsigned from, unsigned to)
{
    const int width = WIDTH - NAME_WIDTH - 1, each = width / (int)(to - from);
    const int cell = each > CELL_MOST ? CELL_MOST : each;
    char text[32];
    fprintf(f, "%-*s", NAME_WIDTH, "");
    for (unsigned m = from; m < to; m++) {
        if (cell >= 10)
            snprintf(text, sizeof text, "%.*s", cell - 1, q->model[m].name);
        else
            snprintf(text, sizeof text, "%u", m + 1);
        put(f, s, bold, cell, text);
    }
    fputc('\n', f);
    for (unsigned b = 0; b < q->boards_count; b++) {
        fprintf(f, "%-*.*s", NAME_WIDTH, NAME_WIDTH, q->boards[b].profile->name);
        for (unsigned m = from; m < to; m++) {
            const struct thm_fit_cell *c = fit_cell(q, b, m);
            put(f, s, colour_of(c), cell, cell_text(c, cell, text, sizeof text));
        }
        fputc('\n', f);
    }
    fputc('\n', f);
}

static void legend(const struct fit_request *q, FILE *f, bool brief)
{
    bool seen[sizeof kinds / sizeof kinds[0]] = { false };
    for (size_t i = 0; i < q->count; i++)
        seen[kind_of(&q->cells[i])] = true;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (seen[k])
            fprintf(f, "  %-8s %s%s\n", k == 0 || brief ? kinds[k].brief : kinds[k].word, kinds[k].legend,
                    k == 0 && !brief ? "; percent of the RAM for data, at its fullest" : "");
}

static void list_models(const struct fit_request *q, FILE *f)
{
    for (unsigned m = 0; m < q->models; m++)
        fprintf(f, "%3u  %-50.50s %10u bytes\n", m + 1, q->model[m].name, q->model[m].bytes);
    fputc('\n', f);
}

/* ---- what would help ---- */

static void one_advice(const struct thm_fit_advice *a, FILE *f)
{
    if (a->steps > 1)
        fprintf(f, "  %u together:\n", a->steps);
    for (unsigned i = 0; i < a->steps; i++)
        fprintf(f, "%s  %s: %s", i ? "\n  " : a->steps > 1 ? "  " : "", a->step[i].how, a->step[i].text);
    fprintf(f, "; then %" PRIu64 " bytes are left over\n", a->cell.peak.row[THM_FIT_LEFT]);
}

static void advice(const struct thm_fit_advices *a, FILE *f)
{
    if (!a->list)
        return;
    fputs(a->n ? "\nwould help, each tried:\n" : "\nNothing that was tried helps.\n", f);
    for (size_t i = 0; i < a->n; i++)
        one_advice(&a->list[i], f);
}

static void all_advice(const struct fit_request *q, FILE *f)
{
    for (size_t i = 0; i < q->count; i++) {
        const struct thm_fit_cell *c = &q->cells[i];
        if (!q->advices[i].list)
            continue;
        fprintf(f, "\n%s on %s: %s\n", c->model, c->board, c->message);
        advice(&q->advices[i], f);
    }
}

static void table(const struct fit_request *q, FILE *f)
{
    const struct style s = style_of(f);
    const unsigned most = (WIDTH - NAME_WIDTH - 1) / CELL_LEAST;
    const bool brief = q->models > (WIDTH - NAME_WIDTH - 1) / 8;
    list_models(q, f);
    for (unsigned m = 0; m < q->models; m += most)
        table_part(q, f, &s, m, q->models - m < most ? q->models : m + most);
    legend(q, f, brief);
    all_advice(q, f);
    if (!q->advice)
        fprintf(f, "\nOne model and one --board: the whole account, and what would help.\n");
}

/* ---- the page of one pair ---- */

static void bar(FILE *f, uint64_t bytes, uint64_t all)
{
    enum { CELLS = 20 };
    const int n = (int)((bytes * CELLS + all / 2) / all);
    if (n)
        fprintf(f, "  %.*s", n, "####################");
}

static void row(FILE *f, const struct thm_fit_cell *c, enum thm_fit_row r)
{
    if (!c->peak.row[r] && !c->now.row[r] && r != THM_FIT_LEFT)
        return;
    fprintf(f, "  %-36s %9" PRIu64 " %9" PRIu64, thm_fit_row_words(r), c->peak.row[r], c->now.row[r]);
    bar(f, c->peak.row[r], c->ram);
    fputc('\n', f);
}

static void ledger(FILE *f, const struct thm_fit_cell *c)
{
    if (!c->now.known)
        return;
    fprintf(f, "\n%-38s %9s %9s\n", "RAM, bytes", "fullest", c->verdict == THM_FIT_FITS ? "running" : "at the end");
    for (int r = 0; r < THM_FIT_ROWS_COUNT; r++)
        row(f, c, r);
    fprintf(f, "  %-36s %9" PRIu64 " %9" PRIu64 "\n", "all of it", c->ram, c->ram);
    fprintf(f, "  %-36s %9s %9u\n", "largest block left", "", c->now.largest);
    if (c->now.beyond)
        fprintf(f, "  %-36s %9s %9" PRIu64 "\n", "given past the RAM's end", "", c->now.beyond);
    fprintf(f, "  fullest %.3f s after power-on: %.1f %% of the RAM for data\n", (double)c->peak.t_ns / 1e9,
            thm_fit_ram_percent(c));
}

static void budgets(FILE *f, const struct thm_fit_cell *c)
{
    const struct thm_arena_stats *a = &c->arena;
    fputc('\n', f);
    if (a->min)
        fprintf(f, "arena    %u bytes is the smallest that works (%u planned, %u persistent)\n", a->min, a->head,
                a->tail);
    if (c->program_size)
        fprintf(f, "flash    %" PRIu64 " of %" PRIu64 " bytes by the program (estimate)%s", c->program_image,
                c->program_size, c->program_model ? "" : "\n");
    if (c->program_size && c->program_model)
        fprintf(f, ", %" PRIu64 " by the model\n", c->program_model);
    if (c->storage_total)
        fprintf(f, "storage  %" PRIu64 " of %" PRIu64 " bytes used on %s\n", c->storage_used, c->storage_total,
                c->storage);
    if (c->stack_size)
        fprintf(f, "stack    %u of %u bytes used at most\n", c->stack_used, c->stack_size);
}

static const char *time_text(uint64_t ns, char *buf, size_t size)
{
    const bool seconds = ns >= 1000000000;
    snprintf(buf, size, "%.3f %s", (double)ns / (seconds ? 1e9 : 1e6), seconds ? "s" : "ms");
    return buf;
}

static void times(FILE *f, const struct thm_fit_cell *c)
{
    const uint64_t infer = c->step_ns[THM_FIT_STEP_INFER];
    const char *separator = "time     ";
    char text[32];
    for (int s = 0; s < THM_FIT_STEP_INFER; s++)
        if (c->step_ns[s] >= 500) { /* what three decimals of a millisecond show */
            fprintf(f, "%s%s %s", separator, thm_fit_step_name(s), time_text(c->step_ns[s], text, sizeof text));
            separator = ", ";
        }
    fputs(*separator == ',' ? "\n" : "", f);
    if (infer)
        fprintf(f, "infer    %s", time_text(infer, text, sizeof text));
    if (infer && c->infer_error.median > 0)
        fprintf(f, " (error: half within %.0f %%, nine in ten within %.0f %%)", c->infer_error.median,
                c->infer_error.p90);
    fputs(infer ? "\n" : "", f);
    if (c->joules > 0)
        fprintf(f, "energy   %.3g mJ (error: half within %.0f %%, nine in ten within %.0f %%)\n", c->joules * 1e3,
                c->joules_error.median, c->joules_error.p90);
}

static void page(const struct fit_request *q, FILE *f)
{
    const struct style s = style_of(f);
    const struct thm_fit_cell *c = &q->cells[0];
    fprintf(f, "%s, %u bytes, on %s from %s%s%s: ", c->model, c->model_bytes, c->board, thm_fit_from_name(c->from),
            strcmp(c->storage, "none") != 0 ? " over " : "", strcmp(c->storage, "none") != 0 ? c->storage : "");
    fprintf(f, "%s%s%s\n", s.colour ? colour_of(c) : "", c->verdict == THM_FIT_FITS ? "fits" : "does not fit",
            s.colour ? "\033[0m" : "");
    if (c->verdict == THM_FIT_FAILS)
        fprintf(f, "%s (exit status %d)\n", c->message, c->exit_status);
    ledger(f, c);
    budgets(f, c);
    times(f, c);
    advice(&q->advices[0], f);
}

void fit_table(const struct fit_request *q, FILE *f)
{
    if (q->count == 1)
        page(q, f);
    else
        table(q, f);
}
