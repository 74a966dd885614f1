/* emu/cli/estimate_print.c -- an estimate, and the list of what can be estimated, as text and JSON. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/profile.h"
#include "emu/cli/cli.h"
#include "emu/cli/estimate.h"

#define TOP 5 /* operators shown */

/* -- an estimate as text ---------------------------------------------------------------------------------------- */

static const char *left_out_text(const char *left_out)
{
    static const char *const texts[][2] = {
        { "system", "each system left out" },
        { "model", "each model left out" },
        { "library", "not measured; each library left out" },
        { "core", "not measured; each core left out" },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i][0], left_out) == 0)
            return texts[i][1];
    return left_out;
}

static void print_energy(const struct thm_estimate *e)
{
    if (!e->energy) {
        printf("energy   not known\n");
        return;
    }
    const char *mcu = strcmp(e->energy->mcu, "*") == 0 ? "any with this core" : e->energy->mcu;
    printf("energy   %.3g uJ +- %.0f %%  (%s; half within %.0f %%)\n", e->joules * 1e6, e->energy->p90, mcu,
           e->energy->median);
}

static void print_row(const struct thm_estimate_op *o, double total, const char *what)
{
    char name[29] = "";
    for (uint32_t i = 0; i < o->name_len && i + 1 < sizeof name; i++)
        name[i] = o->name[i] < ' ' || o->name[i] > '~' ? '?' : o->name[i];
    printf("  %-28s %8s %12" PRIu64 " MACs %9.3g ms %3.0f %%\n", name, what, o->macs, o->seconds * 1e3,
           total > 0 ? 100 * o->seconds / total : 0);
}

void thm_estimate_print(const struct thm_estimate_facts *f)
{
    const struct thm_estimate *e = &f->estimate;
    char what[32];
    printf("%s on %s%s%s at %g MHz, %s kernels\n", f->model, f->board ? f->board : "", f->board ? ", " : "",
           f->cost.core->name, (double)f->cost.clock_hz / 1e6, e->kernels->name);
    printf("latency  %.3g ms +- %.0f %%  (half within %.0f %%; %s)\n", e->seconds * 1e3, e->error.p90, e->error.median,
           left_out_text(e->error.left_out));
    print_energy(e);
    printf("\nby operator\n");
    for (size_t i = 0; i < e->kind_count; i++) {
        snprintf(what, sizeof what, "%u x", e->kinds[i].runs);
        print_row(&e->kinds[i], e->seconds, what);
    }
    printf("\nslowest\n");
    for (size_t i = 0; i < e->op_count && i < TOP; i++) {
        int at = e->ops[i].subgraph ? snprintf(what, sizeof what, "op %u.", e->ops[i].subgraph)
                                    : snprintf(what, sizeof what, "op ");
        snprintf(what + at, sizeof what - (size_t)at, "%u", e->ops[i].op);
        print_row(&e->ops[i], e->seconds, what);
    }
}

/* -- as JSON ---------------------------------------------------------------------------------------------------- */

static int print_json(json_t *o)
{
    int failed = !o || json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) != 0;
    json_decref(o);
    if (failed)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    putchar('\n');
    return 0;
}

static json_t *operator(const struct thm_estimate_op *o, bool kind)
{
    json_t *name = json_stringn(o->name, o->name_len);
    json_t *row = json_pack("{s:o, s:I, s:f}", "name", name ? name : json_string("?"), "macs", (json_int_t)o->macs,
                            "latency_ms", o->seconds * 1e3);
    if (kind)
        json_object_set_new(row, "count", json_integer(o->runs));
    else
        json_object_update_new(
            row, json_pack("{s:I, s:I}", "subgraph", (json_int_t)o->subgraph, "index", (json_int_t)o->op));
    return row;
}

static json_t *operators(const struct thm_estimate_op *list, size_t n, bool kinds)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, operator(&list[i], kinds));
    return rows;
}

static json_t *energy(const struct thm_estimate *e)
{
    if (!e->energy)
        return json_null();
    return json_pack("{s:f, s:s, s:f, s:f, s:I}", "uj", e->joules * 1e6, "mcu", e->energy->mcu, "error_percent",
                     e->energy->p90, "median_error_percent", e->energy->median, "measurements",
                     (json_int_t)e->energy->measurements);
}

int thm_estimate_print_json(const struct thm_estimate_facts *f)
{
    const struct thm_estimate *e = &f->estimate;
    json_t *o =
        json_pack("{s:s, s:s, s:I, s:s, s:f, s:f, s:f, s:f, s:s, s:I, s:I, s:o, s:o, s:o}", "model", f->model, "core",
                  f->cost.core->name, "clock_hz", (json_int_t)f->cost.clock_hz, "kernels", e->kernels->name, "cycles",
                  e->cycles, "latency_ms", e->seconds * 1e3, "error_percent", e->error.p90, "median_error_percent",
                  e->error.median, "left_out", e->error.left_out, "measurements", (json_int_t)e->kernels->measurements,
                  "systems", (json_int_t)e->kernels->systems, "energy", energy(e), "by_operator",
                  operators(e->kinds, e->kind_count, true), "operators", operators(e->ops, e->op_count, false));
    if (o && f->board)
        json_object_set_new(o, "board", json_string(f->board));
    return print_json(o);
}

/* -- the list --------------------------------------------------------------------------------------------------- */

static void list_core(const struct thm_cost_core *c)
{
    printf("%s: %s\n", c->name, c->title);
    for (unsigned i = 0; i < c->kernels_count; i++) {
        const struct thm_cost_kernels *k = &c->kernels[i];
        printf("  %-16s %-7s %3u of %u board%-2s median %3.0f %%, nine in ten %4.0f %%  (%s)\n", k->name,
               k->fp > 0 ? "float" : "integer", k->measurements, k->systems, k->systems == 1 ? "," : "s,", k->median,
               k->p90, left_out_text(k->left_out));
    }
}

static json_t *core_json(const struct thm_cost_core *c)
{
    json_t *rows = json_array();
    for (unsigned i = 0; i < c->kernels_count; i++) {
        const struct thm_cost_kernels *k = &c->kernels[i];
        json_array_append_new(rows,
                              json_pack("{s:s, s:s, s:I, s:I, s:s, s:f, s:f}", "name", k->name, "type",
                                        k->fp > 0 ? "float" : "integer", "measurements", (json_int_t)k->measurements,
                                        "systems", (json_int_t)k->systems, "left_out", k->left_out,
                                        "median_error_percent", k->median, "error_percent", k->p90));
    }
    return json_pack("{s:s, s:s, s:o}", "core", c->name, "title", c->title, "kernels", rows);
}

/* rows: NULL = print the core. */
static int show_core(const char *name, json_t *rows)
{
    struct thm_cost_core *core;
    char *error;
    int status = thm_profile_core_load(name, &core, &error);
    if (status)
        thm_fail(status, "%s", error ? error : "out of memory");
    else if (rows)
        json_array_append_new(rows, core_json(core));
    else
        list_core(core);
    free(error);
    thm_profile_core_free(core);
    return status;
}

int thm_estimate_list(bool json)
{
    char **names = thm_profile_names("cores");
    json_t *rows = json ? json_array() : NULL;
    int status = names ? 0 : thm_fail(THM_EXIT_HOST, "out of memory");
    for (size_t i = 0; !status && names[i]; i++)
        status = show_core(names[i], rows);
    thm_profile_names_free(names);
    if (status) {
        json_decref(rows);
        return status;
    }
    return json ? print_json(rows) : 0;
}
