/* emu/fit/page.c -- the page: the matrix; then for each model its plan and operators, and its pairs. */
#include "emu/fit/page.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "emu/fit/picture.h"
#include "emu/fit/plans.h"

static const char style[] =
    "body{margin:0 auto;max-width:62rem;padding:1rem;color:var(--ink);background:var(--paper);"
    "font:15px/1.45 system-ui,sans-serif}h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.5rem;"
    "border-bottom:1px solid var(--frame);overflow-wrap:anywhere}h3{font-size:1rem;overflow-wrap:anywhere}"
    "a{color:inherit}.wide{overflow-x:auto}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.15rem .5rem;text-align:right;"
    "border-bottom:1px solid var(--free)}th:first-child,td:first-child{text-align:left}"
    "#matrix th:first-child,#matrix td:first-child,.ops th:first-child,.ops td:first-child{position:sticky;left:0;"
    "background:var(--paper)}.ops tr.peak td{font-weight:bold}"
    "#matrix "
    "td:first-child{white-space:nowrap}td.fits{background:#2f9e7733}td.fails{background:#d1242f33}td.none{color:var(--"
    "frame)}"
    "b.fits{color:#2f9e77}b.fails{color:#d1242f}"
    "details{margin:.4rem 0}summary{cursor:pointer;overflow-wrap:anywhere}svg{display:block;width:100%;min-width:38rem;"
    "height:auto;margin:.5rem 0}svg.key{display:inline-block;width:.7rem;min-width:0;margin:0 .4rem 0 0}"
    ".message,li{overflow-wrap:anywhere}"
    "@media print{details::details-content{content-visibility:visible;display:block}summary{font-weight:bold}"
    "svg{min-width:0}svg,table.ram{break-inside:avoid}h2,h3,summary{break-after:avoid}"
    ".wide{overflow:visible}}";

static const char *const verdicts[] = { "fits", "fails", "none", "broken" };

static const struct thm_fit_cell *cell_of(const struct thm_fit_page *p, unsigned board, unsigned model)
{
    return &p->cells[board * p->models + model];
}

static const struct thm_fit_case *case_of(const struct thm_fit_page *p, unsigned board, unsigned model)
{
    return &p->cases[board * p->models + model];
}

static void element(FILE *f, const char *name, const char *text)
{
    fprintf(f, "<%s>", name);
    thm_xml_text(f, text);
    fprintf(f, "</%s>", name);
}

/* ---- the matrix ---- */

static const char *word_of(const struct thm_fit_cell *c)
{
    static const struct {
        int exit_status;
        const char *word;
    } words[] = { { 2, "–" }, { 10, "SRAM" }, { 11, "storage" }, { 12, "stack" }, { 13, "network" }, { 14, "model" } };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].exit_status == c->exit_status)
            return words[i].word;
    return "fails";
}

static void matrix_cell(FILE *f, const struct thm_fit_page *p, unsigned board, unsigned model)
{
    const struct thm_fit_cell *c = cell_of(p, board, model);
    fprintf(f, "<td class=\"%s\"><a href=\"#p%u-%u\">", verdicts[c->verdict], board, model);
    if (c->verdict == THM_FIT_FITS)
        fprintf(f, "%.1f %%", thm_fit_ram_percent(c));
    else
        fputs(word_of(c), f);
    fputs("</a></td>", f);
}

static void matrix(FILE *f, const struct thm_fit_page *p)
{
    fputs("<div class=\"wide\"><table id=\"matrix\"><tr><th>board</th>", f);
    for (unsigned m = 0; m < p->models; m++) {
        fprintf(f, "<th><a href=\"#m%u\">", m);
        thm_xml_text(f, case_of(p, 0, m)->model->name);
        fputs("</a></th>", f);
    }
    fputs("</tr>\n", f);
    for (unsigned b = 0; b < p->boards; b++) {
        fputs("<tr>", f);
        element(f, "td", case_of(p, b, 0)->profile->name);
        for (unsigned m = 0; m < p->models; m++)
            matrix_cell(f, p, b, m);
        fputs("</tr>\n", f);
    }
    fputs("</table></div>\n<p>A number: the model runs, and at the fullest moment takes so much of the RAM that the "
          "board "
          "has for data. A word: what the board runs out of, or refuses.</p>\n",
          f);
}

/* ---- one pair ---- */

static void numbers(FILE *f, const struct thm_fit_cell *c)
{
    fprintf(f, "<table class=\"ram\"><tr><th>RAM, bytes</th><th>fullest</th><th>%s</th></tr>\n",
            c->exit_status ? "at the end" : "running");
    for (int r = 0; r < THM_FIT_ROWS_COUNT; r++) {
        if (!c->peak.row[r] && !c->now.row[r])
            continue;
        fprintf(
            f, "<tr><td><svg class=\"key\" viewBox=\"0 0 10 10\"><rect class=\"%s\" width=\"10\" height=\"10\"/></svg>",
            thm_fit_row_class(r));
        fprintf(f, "%s</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td></tr>\n", thm_fit_row_words(r), c->peak.row[r],
                c->now.row[r]);
    }
    fprintf(f, "<tr><th>all of it</th><th>%" PRIu64 "</th><th>%" PRIu64 "</th></tr>\n", c->ram, c->ram);
    fprintf(f, "<tr><td>largest block left</td><td></td><td>%u</td></tr></table>\n", c->now.largest);
}

static void facts(FILE *f, const struct thm_fit_cell *c)
{
    fputs("<p>", f);
    if (c->arena.min)
        fprintf(f, "Smallest arena: %u bytes (%u planned, %u persistent). ", c->arena.min, c->arena.head,
                c->arena.tail);
    if (c->storage_total)
        fprintf(f, "Storage: %" PRIu64 " of %" PRIu64 " bytes used. ", c->storage_used, c->storage_total);
    const char *separator = "Device time: ";
    for (int s = 0; s < THM_FIT_STEPS_COUNT; s++)
        if (c->step_ns[s] >= 500) {
            fprintf(f, "%s%s %.3f ms", separator, thm_fit_step_name(s), (double)c->step_ns[s] / 1e6);
            separator = ", ";
        }
    if (c->infer_error.median > 0)
        fprintf(f, ", of which half are within %.0f %%, nine in ten within %.0f %%", c->infer_error.median,
                c->infer_error.p90);
    fputs(*separator == ',' ? ".</p>\n" : "</p>\n", f);
}

static void one_advice(FILE *f, const struct thm_fit_advice *a)
{
    fputs("<li>", f);
    for (unsigned i = 0; i < a->steps; i++) {
        fputs(i ? "; together with " : "", f);
        element(f, "code", a->step[i].how);
        fputs(": ", f);
        thm_xml_text(f, a->step[i].text);
    }
    fprintf(f, "; then %" PRIu64 " bytes are left over</li>\n", a->cell.peak.row[THM_FIT_LEFT]);
}

static void advice(FILE *f, const struct thm_fit_advices *a)
{
    if (!a->list)
        return;
    fputs(a->n ? "<p>Would help, each tried:</p><ul>" : "<p>Nothing that was tried helps.</p>", f);
    for (size_t i = 0; i < a->n; i++)
        one_advice(f, &a->list[i]);
    fputs(a->n ? "</ul>\n" : "\n", f);
}

static void volume_map(FILE *f, const struct thm_fit_case *q, const struct thm_fit_cell *c)
{
    struct fit_volume v;
    if (!c->storage_total)
        return;
    fit_volume_run(q, &v);
    if (v.fs)
        thm_fit_draw_volume(f, THM_SVG_IN_PAGE, c, &v);
    fit_volume_free(&v);
}

static void pair(FILE *f, const struct thm_fit_page *p, unsigned board, unsigned model)
{
    const struct thm_fit_cell *c = cell_of(p, board, model);
    const struct thm_fit_case *q = case_of(p, board, model);
    fprintf(f, "<details id=\"p%u-%u\"%s><summary>", board, model, p->boards * p->models == 1 ? " open" : "");
    thm_xml_text(f, q->profile->title);
    fprintf(f, " (%s, %s): <b class=\"%s\">%s</b></summary>\n", thm_fit_from_name(c->from), c->storage,
            verdicts[c->verdict],
            c->verdict == THM_FIT_FITS   ? "fits"
            : c->verdict == THM_FIT_NONE ? "no such case"
                                         : "does not fit");
    if (c->exit_status) {
        fputs("<p class=\"message\">", f);
        thm_xml_text(f, c->message);
        fputs("</p>\n", f);
    }
    fputs("<div class=\"wide\">", f);
    if (c->now.known) {
        thm_fit_draw_ram(f, THM_SVG_IN_PAGE, c);
        thm_fit_draw_flash(f, THM_SVG_IN_PAGE, q, c);
        volume_map(f, q, c);
        numbers(f, c);
    }
    fputs("</div>\n", f);
    facts(f, c);
    advice(f, &p->advice[board * p->models + model]);
    fputs("</details>\n", f);
}

/* ---- one model: its plan and its operators, for each layout ---- */

/* Bytes alive while operator i of a model with one subgraph runs. */
static uint64_t alive_at(const struct thm_memory_plan *plan, uint32_t op)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < plan->buffer_count; i++)
        sum += thm_planned_alive(&plan->buffers[i], (int32_t)op) ? thm_planned_room(&plan->buffers[i]) : 0;
    return sum;
}

struct ops_table { /* columns: boards of one layout on which the model runs */
    unsigned board[64];
    struct fit_ops ops[64];
    unsigned boards;
};

static void run_ops(const struct thm_fit_page *p, unsigned first, unsigned model, struct ops_table *t)
{
    const char *layout = case_of(p, first, model)->profile->cores[0].layout;
    for (unsigned b = first; b < p->boards && t->boards < sizeof t->board / sizeof t->board[0]; b++) {
        if (cell_of(p, b, model)->verdict != THM_FIT_FITS || case_of(p, b, model)->no_invoke ||
            strcmp(case_of(p, b, model)->profile->cores[0].layout, layout) != 0)
            continue;
        t->board[t->boards] = b;
        fit_ops_run(case_of(p, b, model), &t->ops[t->boards++]);
    }
}

static void ops_row(FILE *f, const struct ops_table *t, size_t i, const struct thm_model *m,
                    const struct thm_memory_plan *plan)
{
    const struct fit_op *op = &t->ops[0].op[i];
    const struct thm_planned_op *peak = thm_memory_plan_running(plan, plan->peak);
    fprintf(f, "<tr%s><td>%u ", m->subgraphs == 1 && peak && peak->op == op->index ? " class=\"peak\"" : "", op->index);
    thm_xml_text(f, op->name);
    fputs("</td>", f);
    if (m->subgraphs == 1)
        fprintf(f, "<td>%" PRIu64 "</td>", alive_at(plan, op->index));
    else
        fputs("<td></td>", f);
    fprintf(f, "<td>%" PRIu64 "</td>", op->macs);
    for (unsigned b = 0; b < t->boards; b++)
        if (i < t->ops[b].count)
            fprintf(f, "<td>%.3f</td>", (double)t->ops[b].op[i].ns / 1e6);
    fputs("</tr>\n", f);
}

static void ops_table(FILE *f, const struct thm_fit_page *p, const struct ops_table *t, unsigned model,
                      const struct thm_model *m, const struct thm_memory_plan *plan)
{
    fputs("<details><summary>Operators: bytes alive in the arena, multiply-accumulates, milliseconds</summary>"
          "<div class=\"wide\"><table class=\"ops\"><tr><th>operator</th><th>bytes</th><th>MACs</th>",
          f);
    for (unsigned b = 0; b < t->boards; b++)
        element(f, "th", case_of(p, t->board[b], model)->profile->name);
    fputs("</tr>\n", f);
    for (size_t i = 0; i < t->ops[0].count; i++)
        ops_row(f, t, i, m, plan);
    fputs("</table></div></details>\n", f);
}

static int plan_of(FILE *f, const struct thm_fit_page *p, unsigned board, unsigned model)
{
    const struct thm_fit_case *c = case_of(p, board, model);
    struct ops_table *t = calloc(1, sizeof *t);
    struct thm_memory_plan plan;
    struct thm_model m;
    char title[256];
    bool out_of_memory = !t;
    if (!t || fit_plan_make(c, &m, &plan)) {
        free(t);
        return out_of_memory ? -1 : 0;
    }
    snprintf(title, sizeof title, "Arena of %.100s, layout %s: %u bytes planned, %u is the smallest", c->model->name,
             c->profile->cores[0].layout, plan.arena.head, plan.arena.min);
    element(f, "h3", title);
    fputs("<div class=\"wide\">", f);
    thm_fit_draw_arena(f, THM_SVG_IN_PAGE, &m, &plan, title);
    fputs("</div>\n", f);
    run_ops(p, board, model, t);
    if (t->boards)
        ops_table(f, p, t, model, &m, &plan);
    for (unsigned b = 0; b < t->boards; b++) {
        out_of_memory |= t->ops[b].out_of_memory;
        fit_ops_free(&t->ops[b]);
    }
    thm_memory_plan_free(&plan);
    free(t);
    return out_of_memory ? -1 : 0;
}

static int model_section(FILE *f, const struct thm_fit_page *p, unsigned model)
{
    const struct thm_fit_model *m = case_of(p, 0, model)->model;
    int status = 0;
    fprintf(f, "<h2 id=\"m%u\">", model);
    thm_xml_text(f, m->name);
    fprintf(f, ", %u bytes</h2>\n", m->bytes);
    for (unsigned b = 0; b < p->boards; b++)
        pair(f, p, b, model);
    for (unsigned b = 0; b < p->boards && !status; b++)
        if (fit_plan_is_first(p, b, model))
            status = plan_of(f, p, b, model);
    return status;
}

int thm_fit_page_write(const struct thm_fit_page *p, FILE *f)
{
    int status = 0;
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
          "<meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">"
          "<title>thimble fit</title>\n<style>",
          f);
    fprintf(f, "%s%s</style></head><body>\n<h1>Which boards run which models</h1>\n", thm_svg_style, style);
    matrix(f, p);
    for (unsigned m = 0; m < p->models && !status; m++)
        status = model_section(f, p, m);
    fputs("</body></html>\n", f);
    return status;
}
