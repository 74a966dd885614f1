/* emu/cli/fit_export.c -- the answer of `thimble fit` for programs: JSON, CSV, JUnit. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/fit_request.h"

static const char *const verdicts[] = { "fits", "fails", "none", "broken" };

static json_t *number(uint64_t v)
{
    return json_integer((json_int_t)v);
}

/* ---- JSON ---- */

static json_t *ledger_json(const struct thm_fit_ledger *l)
{
    json_t *o = json_object();
    if (!l->known)
        return o;
    json_object_set_new(o, "t_ns", number(l->t_ns));
    for (int r = 0; r < THM_FIT_ROWS_COUNT; r++)
        json_object_set_new(o, thm_fit_row_key(r), number(l->row[r]));
    if (l->beyond)
        json_object_set_new(o, "beyond", number(l->beyond));
    if (l->largest)
        json_object_set_new(o, "largest", number(l->largest));
    return o;
}

static json_t *failure_json(const struct thm_fit_cell *c)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "step", c->step, "message", c->message, "code", json_integer(c->code),
                     "need", number(c->need), "have", number(c->have));
}

static json_t *arena_json(const struct thm_arena_stats *a)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "min", number(a->min), "size", number(a->size), "used",
                     number(a->used), "head", number(a->head), "tail", number(a->tail));
}

static json_t *times_json(const struct thm_fit_cell *c)
{
    json_t *o = json_object();
    json_object_set_new(o, "all", number(c->ns));
    for (int s = 0; s < THM_FIT_STEPS_COUNT; s++)
        json_object_set_new(o, thm_fit_step_name(s), number(c->step_ns[s]));
    return o;
}

static json_t *one_advice_json(const struct thm_fit_advice *a)
{
    char how[sizeof a->step[0].how * THM_FIT_TOGETHER];
    json_t *steps = json_array();
    thm_fit_advice_how(a, how, sizeof how);
    for (unsigned i = 0; i < a->steps; i++)
        json_array_append_new(steps, json_pack("{s:s, s:s}", "how", a->step[i].how, "text", a->step[i].text));
    return json_pack("{s:s, s:o, s:o}", "how", how, "steps", steps, "left", number(a->cell.peak.row[THM_FIT_LEFT]));
}

static json_t *advice_json(const struct thm_fit_advices *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < a->n; i++)
        json_array_append_new(list, one_advice_json(&a->list[i]));
    return list;
}

static json_t *error_json(const struct thm_fit_error *e)
{
    return e->median > 0 ? json_pack("{s:f, s:f}", "median", e->median, "p90", e->p90) : json_null();
}

static json_t *cell_json(const struct fit_request *q, const struct thm_fit_cell *c)
{
    char why[400];
    json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "board", c->board, "model", c->model, "from",
                          thm_fit_from_name(c->from), "storage", c->storage, "verdict", verdicts[c->verdict],
                          "exit_status", c->exit_status);
    json_object_set_new(o, "model_bytes", number(c->model_bytes));
    json_object_set_new(o, "stored", json_boolean(c->stored));
    json_object_set_new(o, "in_place", json_boolean(c->in_place));
    json_object_set_new(o, "failure", c->exit_status ? failure_json(c) : json_null());
    json_object_set_new(o, "threshold", fit_broken(q, c, why, sizeof why) ? json_string_nocheck(why) : json_null());
    if (q->advices[c - q->cells].list)
        json_object_set_new(o, "advice", advice_json(&q->advices[c - q->cells]));
    json_object_set_new(o, "ram", number(c->ram));
    json_object_set_new(o, "ram_percent", json_real(thm_fit_ram_percent(c)));
    json_object_set_new(o, "now", ledger_json(&c->now));
    json_object_set_new(o, "fullest", ledger_json(&c->peak));
    json_object_set_new(o, "arena", c->arena.min ? arena_json(&c->arena) : json_null());
    json_object_set_new(o, "flash",
                        json_pack("{s:o, s:o, s:o}", "size", number(c->program_size), "program",
                                  number(c->program_image), "model", number(c->program_model)));
    json_object_set_new(o, "storage_bytes",
                        json_pack("{s:o, s:o, s:o}", "total", number(c->storage_total), "used", number(c->storage_used),
                                  "need", number(c->storage_need)));
    json_object_set_new(o, "ns", times_json(c));
    json_object_set_new(o, "infer_error", error_json(&c->infer_error));
    json_object_set_new(o, "joules", c->joules > 0 ? json_real(c->joules) : json_null());
    json_object_set_new(o, "joules_error", error_json(&c->joules_error));
    json_object_set_new(o, "macs", number(c->macs));
    json_object_set_new(o, "stack",
                        json_pack("{s:o, s:o}", "size", number(c->stack_size), "used", number(c->stack_used)));
    return o;
}

int fit_json(const struct fit_request *q, FILE *f)
{
    json_t *cells = json_array();
    for (size_t i = 0; i < q->count; i++)
        json_array_append_new(cells, cell_json(q, &q->cells[i]));
    json_t *o = json_pack("{s:o}", "cells", cells);
    const int bad = !o || json_dumpf(o, f, JSON_INDENT(2)) < 0 || fputc('\n', f) == EOF;
    json_decref(o);
    return bad ? thm_fail(THM_EXIT_HOST, "the JSON could not be written") : 0;
}

/* ---- CSV (RFC 4180) ---- */

static void quoted(FILE *f, const char *text)
{
    fputc('"', f);
    for (; *text; text++)
        fprintf(f, *text == '"' ? "\"\"" : "%c", *text);
    fputc('"', f);
}

static void csv_row(const struct thm_fit_cell *c, FILE *f)
{
    quoted(f, c->board);
    fputc(',', f);
    quoted(f, c->model);
    fprintf(f, ",%u,%s,%s,%s,%d,%s,", c->model_bytes, thm_fit_from_name(c->from), c->storage, verdicts[c->verdict],
            c->exit_status, c->step);
    quoted(f, c->message);
    fprintf(f, ",%u,%" PRIu64 ",%.1f,%" PRIu64 ",%" PRIu64 "\n", c->arena.min, c->ram, thm_fit_ram_percent(c), c->ns,
            c->step_ns[THM_FIT_STEP_INFER]);
}

void fit_csv(const struct fit_request *q, FILE *f)
{
    fputs(
        "board,model,model_bytes,from,storage,verdict,exit_status,step,message,arena_min,ram,ram_percent,ns,infer_ns\n",
        f);
    for (size_t i = 0; i < q->count; i++)
        csv_row(&q->cells[i], f);
}

/* ---- JUnit: a suite a board, a case a model ---- */

static void escaped(FILE *f, const char *text)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = { { '<', "&lt;" }, { '>', "&gt;" }, { '&', "&amp;" }, { '"', "&quot;" } };
    for (; *text; text++) {
        size_t i = 0;
        while (i < 4 && entities[i].c != *text)
            i++;
        if (i < 4)
            fputs(entities[i].entity, f);
        else
            fputc((unsigned char)*text < 0x20 ? '?' : *text, f);
    }
}

static const char *complaint(const struct fit_request *q, const struct thm_fit_cell *c, char *why, size_t size)
{
    if (fit_broken(q, c, why, size))
        return why;
    return c->verdict == THM_FIT_FAILS ? c->message : NULL;
}

static void junit_case(const struct fit_request *q, const struct thm_fit_cell *c, FILE *f)
{
    char why[400];
    const char *text = complaint(q, c, why, sizeof why);
    fputs("    <testcase classname=\"", f);
    escaped(f, c->board);
    fputs("\" name=\"", f);
    escaped(f, c->model);
    fprintf(f, "\" time=\"%.6f\">", (double)c->ns / 1e9);
    if (text) {
        fputs("<failure message=\"", f);
        escaped(f, text);
        fputs("\"/>", f);
    } else if (c->verdict == THM_FIT_NONE) {
        fputs("<skipped message=\"", f);
        escaped(f, c->message);
        fputs("\"/>", f);
    }
    fputs("</testcase>\n", f);
}

static void junit_suite(const struct fit_request *q, unsigned board, FILE *f)
{
    char why[400];
    unsigned failures = 0, skipped = 0;
    for (unsigned m = 0; m < q->models; m++) {
        const struct thm_fit_cell *c = fit_cell(q, board, m);
        const bool failed = complaint(q, c, why, sizeof why);
        failures += failed;
        skipped += !failed && c->verdict == THM_FIT_NONE;
    }
    fputs("  <testsuite name=\"", f);
    escaped(f, q->boards[board].profile->name);
    fprintf(f, "\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\">\n", q->models, failures, skipped);
    for (unsigned m = 0; m < q->models; m++)
        junit_case(q, fit_cell(q, board, m), f);
    fputs("  </testsuite>\n", f);
}

int fit_junit(const struct fit_request *q)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"thimble fit\">\n", f);
    for (unsigned b = 0; b < q->boards_count; b++)
        junit_suite(q, b, f);
    fputs("</testsuites>\n", f);
    const int status = fclose(f) != 0 ? thm_fail(THM_EXIT_HOST, "out of memory") : thm_write_file(q->junit, text, len);
    free(text);
    return status;
}
