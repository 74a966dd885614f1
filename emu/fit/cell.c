/* emu/fit/cell.c -- one case, run: what the board tells becomes a cell. */
#include "emu/fit/fit.h"
#include <stdio.h>
#include <string.h>
#include "emu/board/storage_place.h"
#include "emu/fit/latency.h"
#include "emu/fit/ledger.h"

static const char *const from_names[] = { "url", "fs", "flash" };

static const char *const step_names[] = {
#define X(id, name) [THM_FIT_STEP_##id] = name,
    THM_FIT_STEPS(X)
#undef X
};

static const struct {
    const char *key, *words;
} rows[] = {
#define X(id, key, words) [THM_FIT_##id] = { key, words },
    THM_FIT_ROWS(X)
#undef X
};

const char *thm_fit_from_name(enum thm_fit_from f)
{
    return from_names[f];
}

const char *thm_fit_step_name(enum thm_fit_step s)
{
    return step_names[s];
}

const char *thm_fit_row_key(enum thm_fit_row r)
{
    return rows[r].key;
}

const char *thm_fit_row_words(enum thm_fit_row r)
{
    return rows[r].words;
}

enum thm_fit_from thm_fit_default_from(const struct thm_profile *p)
{
    return p->network.link ? THM_FIT_URL : p->storage_count ? THM_FIT_FS : THM_FIT_FLASH;
}

/* ---- what the board tells ---- */

struct reader {
    const struct thm_fit_case *c;
    struct thm_fit_cell *cell;
    struct fit_heap heap[2];   /* at the call that failed, at the end */
    uint64_t refused, largest; /* bytes of the last allocation that failed, block there was */
    bool at_end;
};

static void take_step(struct thm_fit_cell *cell, const struct thm_event *ev)
{
    for (int i = 0; i < THM_FIT_STEPS_COUNT; i++)
        if (strcmp(step_names[i], ev->name) == 0)
            cell->step_ns[i] = ev->v[0];
    cell->stored = cell->stored || strcmp(ev->name, cell->from == THM_FIT_FS ? "storage" : "store") == 0;
    cell->in_place = cell->in_place || strstr(ev->text, "in place");
    cell->storage_used = ev->v[4];
    cell->storage_total = ev->v[5];
}

static void take_arena(struct thm_arena_stats *a, const uint64_t *v)
{
    *a = (struct thm_arena_stats){ .size = (uint32_t)v[0],
                                   .used = (uint32_t)v[1],
                                   .head = (uint32_t)v[2],
                                   .tail = (uint32_t)v[3],
                                   .min = (uint32_t)v[4] };
}

/* A board that halts at a malloc tells no bytes of its own. */
static void take_fault(const struct reader *r, const struct thm_event *ev)
{
    snprintf(r->cell->step, sizeof r->cell->step, "%s", ev->name);
    if (ev->v[0] == 10) {
        r->cell->need = r->refused;
        r->cell->have = r->largest;
    }
}

static void take_failure(struct thm_fit_cell *cell, const struct thm_event *ev)
{
    snprintf(cell->step, sizeof cell->step, "%s", ev->name);
    cell->code = (int64_t)ev->v[1];
    cell->need = ev->v[2];
    cell->have = ev->v[3];
}

static void on_event(void *ctx, const struct thm_event *ev)
{
    struct reader *r = ctx;
    struct thm_fit_cell *cell = r->cell;
    cell->ns = ev->t_ns;
    if (ev->type == THM_EV_HEAP)
        r->at_end = strcmp(ev->name, "end") == 0;
    fit_heap_event(&r->heap[r->at_end], r->c->profile, ev);
    switch (ev->type) {
    case THM_EV_STEP: take_step(cell, ev); break;
    case THM_EV_ARENA: take_arena(&cell->arena, ev->v); break;
    case THM_EV_OP:
        if (r->c->op)
            r->c->op(r->c->op_ctx, ev);
        break;
    case THM_EV_INVOKE: cell->macs = ev->v[1]; break;
    case THM_EV_ALLOC_FAILED:
        r->refused = ev->v[0];
        r->largest = ev->v[2];
        break;
    case THM_EV_FAILED: take_failure(cell, ev); break;
    case THM_EV_FAULT: take_fault(r, ev); break;
    case THM_EV_STACK:
        cell->stack_used = (uint32_t)ev->v[0];
        cell->stack_size = (uint32_t)ev->v[1];
        break;
    default: break;
    }
}

/* ---- what the case asks for ---- */

static bool none(struct thm_fit_cell *cell, const char *message)
{
    cell->verdict = THM_FIT_NONE;
    cell->exit_status = 2;
    snprintf(cell->message, sizeof cell->message, "%s", message);
    return false;
}

/* Is there such a case? `thimble run` calls the others wrong usage. */
static bool exists(const struct thm_fit_case *c, const struct thm_run *run, struct thm_fit_cell *cell)
{
    const struct thm_layout *only = c->kernels ? thm_kernel_library_layout(c->kernels) : NULL;
    const bool stored = strcmp(run->storage, "none") != 0;
    if (only && only != thm_layout_find(c->profile->cores[0].layout))
        return none(cell, "the kernel library is for other cores");
    if (stored && !thm_storage_find(c->profile, run->storage))
        return none(cell, "the board has no such storage");
    if (c->from == THM_FIT_FS && !stored)
        return none(cell, "the board has no storage");
    return true;
}

static struct thm_run make_run(const struct thm_fit_case *c, const struct thm_canned_answer *answer)
{
    struct thm_run run = { .profile = c->profile,
                           .link = c->link,
                           .storage = c->storage,
                           .chunk = c->chunk,
                           .cacert = c->cacert,
                           .cacert_bytes = c->cacert_bytes,
                           .operators = c->operators,
                           .operators_count = c->operators_count,
                           .kernels = c->kernels,
                           .static_arena = c->static_arena,
                           .arena = c->arena,
                           .stack = c->stack,
                           .no_invoke = c->no_invoke,
                           .state_dir = c->state_dir,
                           .trace = c->op != NULL,
                           .event = on_event };
    if (c->from == THM_FIT_URL) {
        run.url = "https://localhost/model.tflite";
        run.answer = answer;
    } else if (c->from == THM_FIT_FS) {
        run.from_storage = true;
        run.stored = c->model->data;
        run.stored_bytes = c->model->bytes;
    } else {
        run.model = c->model->data;
        run.model_bytes = c->model->bytes;
    }
    thm_run_fill(&run);
    return run;
}

static void begin(const struct thm_fit_case *c, const struct thm_run *run, struct thm_fit_cell *cell)
{
    const struct thm_profile_flash *f = &c->profile->flash;
    *cell = (struct thm_fit_cell){ .from = c->from,
                                   .model_bytes = c->model->bytes,
                                   .program_size = f->program_size,
                                   .program_image = f->program_image,
                                   .program_model = c->from == THM_FIT_FLASH ? c->model->bytes : 0 };
    snprintf(cell->board, sizeof cell->board, "%s", c->profile->name);
    snprintf(cell->model, sizeof cell->model, "%s", c->model->name);
    snprintf(cell->storage, sizeof cell->storage, "%s", c->from == THM_FIT_FLASH ? "none" : run->storage);
    for (unsigned i = 0; i < c->profile->memory_count; i++)
        cell->ram += c->profile->memory[i].size;
}

static void conclude(struct reader *r, const struct thm_run_result *result)
{
    struct thm_fit_cell *cell = r->cell;
    const bool at_call = result->exit_status && r->heap[0].seen;
    cell->exit_status = result->exit_status;
    cell->verdict = result->exit_status == 0    ? THM_FIT_FITS
                    : result->exit_status == 20 ? THM_FIT_BROKEN
                                                : THM_FIT_FAILS;
    snprintf(cell->message, sizeof cell->message, "%s", result->message);
    if (cell->storage_total)
        cell->storage_need = cell->model_bytes;
    fit_ledger_make(&r->heap[at_call ? 0 : 1], r->c, cell);
}

void thm_fit_run(const struct thm_fit_case *c, struct thm_fit_cell *cell)
{
    const struct thm_canned_answer answer = { .body = c->model->data,
                                              .len = c->model->bytes,
                                              .info = thm_canned_info(c->model->bytes) };
    struct thm_run run = make_run(c, &answer);
    struct reader r = { .c = c, .cell = cell };
    struct thm_run_result result;
    begin(c, &run, cell);
    if (!exists(c, &run, cell))
        return;
    run.ctx = &r;
    thm_run(&run, &result);
    conclude(&r, &result);
    if (cell->verdict == THM_FIT_FITS && !c->no_invoke)
        fit_judge_time(c, &run, cell);
}

/* ---- figures from a cell ---- */

double thm_fit_ram_percent(const struct thm_fit_cell *cell)
{
    const uint64_t *row = cell->peak.row, usable = cell->ram - row[THM_FIT_BANKS] - row[THM_FIT_UNREACHABLE];
    return cell->peak.known && usable ? 100.0 * (1.0 - (double)row[THM_FIT_LEFT] / (double)usable) : 0;
}
