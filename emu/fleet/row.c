#include "emu/fleet/row.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/report/report.h"

#define FNV_BASIS UINT64_C(0xCBF29CE484222325) /* Fowler, Noll, Vo; RFC 9923 */
#define FNV_PRIME UINT64_C(0x100000001B3)

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++)
        h = (h ^ p[i]) * FNV_PRIME;
    return h;
}

void thm_fleet_row_init(struct thm_fleet_row *row, const struct thm_fleet_kit *k, const struct thm_fleet_plan *p)
{
    const struct thm_fleet_group *g = &k->fleet->groups[p->group];
    *row = (struct thm_fleet_row){ .id = p->id,
                                   .fault_value = p->fault && !p->fault_text ? (int64_t)p->fault_value : -1,
                                   .status = -1,
                                   .polls = p->polls,
                                   .unanswered = -1,
                                   .poll_ns = -1,
                                   .poll_bytes = -1,
                                   .poll_uj = -1,
                                   .opened_ms = p->wave == THM_FLEET_NO_WAVE ? -1 : (int64_t)p->opened,
                                   .asked_ms = p->wave == THM_FLEET_NO_WAVE ? -1 : (int64_t)p->asked,
                                   .updated_ms = -1,
                                   .ended_ms = -1,
                                   .device_ns = -1,
                                   .heap_low_water = -1,
                                   .stack_used = -1,
                                   .arena_used = -1,
                                   .bytes_received = -1,
                                   .air_sent = -1,
                                   .air_received = -1,
                                   .air_ns = -1,
                                   .air_uj = -1,
                                   .posted = -1,
                                   .unposted = -1,
                                   .post_bytes = -1,
                                   .programs = -1,
                                   .erases = -1,
                                   .inference_ns = -1,
                                   .energy_uj = -1 };
    snprintf(row->grp, sizeof row->grp, "%s", g->name);
    snprintf(row->board, sizeof row->board, "%s", k->kinds[p->group].profile->name);
    snprintf(row->wave, sizeof row->wave, "%s", p->wave_name);
    snprintf(row->fault, sizeof row->fault, "%s", p->fault ? p->fault->name : "");
    if (p->fault_text)
        snprintf(row->fault, sizeof row->fault, "%s %s", p->fault->name, p->fault_text);
    snprintf(row->outcome, sizeof row->outcome, "%s", p->wave == THM_FLEET_NO_WAVE ? "untouched" : "withheld");
}

void thm_fleet_reader_init(struct thm_fleet_reader *r, struct thm_fleet_row *row, const struct thm_fleet_kit *k,
                           const struct thm_fleet_plan *p)
{
    const struct thm_fleet_kind *d = &k->kinds[p->group];
    *r = (struct thm_fleet_reader){ .row = row, .events = FNV_BASIS, .output = FNV_BASIS };
    r->joules_per_ns = d->nanojoules * 1e-9 * (double)d->profile->cores[0].clock_hz * 1e-9;
    r->link = d->link;
    r->origin_ms = k->fleet->groups[p->group].firmware ? p->asked : p->switched_on;
    r->asked = k->fleet->groups[p->group].firmware != NULL; /* when it asks is its own affair */
    row->bytes_received = 0;
}

/* ---- what the events say ---- */

static void take_low_water(struct thm_fleet_row *row, uint64_t bytes)
{
    if (row->heap_low_water < 0 || (int64_t)bytes < row->heap_low_water)
        row->heap_low_water = (int64_t)bytes;
}

/* The step "telemetry" is the first after the update. */
static void on_step(struct thm_fleet_reader *r, const struct thm_event *e)
{
    r->updated = r->updated || strcmp(e->name, "telemetry") == 0;
    if (!r->updated)
        r->ended_ns = e->t_ns;
    take_low_water(r->row, e->v[3]);
}

static void on_heap(struct thm_fleet_reader *r, const struct thm_event *e)
{
    take_low_water(r->row, e->v[2]);
}

static void on_body(struct thm_fleet_reader *r, const struct thm_event *e)
{
    r->row->bytes_received += (int64_t)e->v[0];
}

static void on_arena(struct thm_fleet_reader *r, const struct thm_event *e)
{
    r->row->arena_used = (int64_t)e->v[1];
}

static void on_invoke(struct thm_fleet_reader *r, const struct thm_event *e)
{
    struct thm_fleet_row *row = r->row;
    row->inference_ns = (row->inference_ns < 0 ? 0 : row->inference_ns) + (int64_t)e->v[2];
    if (r->joules_per_ns > 0)
        row->energy_uj = (double)row->inference_ns * r->joules_per_ns * 1e6;
}

/* The radio receives while a connection is open, and sends for a part of that. mW ns is 1e-6 uJ. */
static double radio_uj(const struct thm_fleet_reader *r, uint64_t open_ns, uint64_t sending_ns)
{
    const struct thm_profile_link *l = r->link;
    if (!l || l->rx_mw == 0)
        return -1;
    return ((double)open_ns * l->rx_mw + (double)sending_ns * ((double)l->tx_mw - l->rx_mw)) * 1e-6;
}

/* It asks, and is offered the update: perhaps not for the first time. */
static void on_polled(struct thm_fleet_reader *r, const struct thm_event *e)
{
    struct thm_fleet_row *row = r->row;
    row->polls = (int64_t)e->v[0];
    row->unanswered = (int64_t)e->v[1];
    row->poll_ns = (int64_t)e->v[2];
    row->poll_bytes = (int64_t)(e->v[3] + e->v[4]);
    row->poll_uj = radio_uj(r, e->v[2], e->v[5]);
    row->asked_ms = (int64_t)(r->origin_ms + e->t_ns / 1000000);
    r->asked_ns = e->t_ns;
    r->asked = true;
}

static void on_link(struct thm_fleet_reader *r, const struct thm_event *e)
{
    struct thm_fleet_row *row = r->row;
    row->air_sent = (int64_t)e->v[0];
    row->air_received = (int64_t)e->v[1];
    row->air_ns = (int64_t)e->v[3];
    row->air_uj = radio_uj(r, e->v[3], e->v[4]);
}

static void on_telemetry(struct thm_fleet_reader *r, const struct thm_event *e)
{
    struct thm_fleet_row *row = r->row;
    row->posted = (int64_t)e->v[0];
    row->unposted = (int64_t)e->v[1];
    row->post_bytes = (int64_t)(e->v[3] + e->v[4]);
}

static void on_stack(struct thm_fleet_reader *r, const struct thm_event *e)
{
    r->row->stack_used = (int64_t)e->v[0];
}

static void on_failed(struct thm_fleet_reader *r, const struct thm_event *e)
{
    snprintf(r->row->step, sizeof r->row->step, "%s", e->name);
}

/* A transfer that broke off: its code is the HTTP status, or 0; a TLS stack's are negative. */
static void on_failed_step(struct thm_fleet_reader *r, const struct thm_event *e)
{
    on_failed(r, e);
    if (e->v[0] == 13 && (int64_t)e->v[1] >= 0)
        r->row->bytes_received += (int64_t)e->v[3];
}

static void on_off(struct thm_fleet_reader *r, const struct thm_event *e)
{
    const uint64_t end = r->updated ? r->ended_ns : e->v[1];
    r->row->device_ns = (int64_t)(end - r->asked_ns);
    r->row->programs = (int64_t)e->v[2];
    r->row->erases = (int64_t)e->v[3];
}

static void (*const readers[THM_EV_COUNT])(struct thm_fleet_reader *, const struct thm_event *) = {
    [THM_EV_STEP] = on_step,          [THM_EV_HEAP] = on_heap,     [THM_EV_BODY] = on_body,
    [THM_EV_ARENA] = on_arena,        [THM_EV_INVOKE] = on_invoke, [THM_EV_STACK] = on_stack,
    [THM_EV_FAILED] = on_failed_step, [THM_EV_FAULT] = on_failed,  [THM_EV_EXIT] = on_off,
    [THM_EV_POLLED] = on_polled,      [THM_EV_LINK] = on_link,     [THM_EV_TELEMETRY] = on_telemetry,
};

/* Details come only when somebody traces, and count the others' numbers on. */
void thm_fleet_reader_event(struct thm_fleet_reader *r, const struct thm_event *e)
{
    if (thm_event_kind(e->type)->detail)
        return;
    r->row->ended_ms = (int64_t)(r->origin_ms + e->t_ns / 1000000);
    r->events = hash(r->events, &e->type, sizeof e->type);
    r->events = hash(r->events, &e->t_ns, sizeof e->t_ns + sizeof e->v);
    r->events = hash(r->events, e->name, strlen(e->name) + 1);
    r->events = hash(r->events, e->text, strlen(e->text) + 1);
    if (readers[e->type])
        readers[e->type](r, e);
}

static void count_label(struct thm_fleet_reader *r, uint32_t label)
{
    unsigned i = 0;
    while (i < r->labels_count && r->labels[i].label != label)
        i++;
    if (i == THM_FLEET_LABELS)
        return;
    r->labels[i].label = label;
    r->labels[i].count++;
    r->labels_count += i == r->labels_count;
}

void thm_fleet_reader_output(struct thm_fleet_reader *r, const struct thm_msg_output *o, const uint8_t *data,
                             uint32_t len)
{
    r->output = hash(r->output, &o->frame, 4 * sizeof o->frame);
    r->output = hash(r->output, data, len);
    const struct thm_tensor_view v = thm_output_view(o, data, len);
    if (o->index == 0 && len == o->total && thm_tensor_count(&v) > 1)
        count_label(r, (uint32_t)thm_tensor_winner(&v));
}

/* ---- the end ---- */

/* Amounts differ from board to board; the reason is the same. Numbers in names and codes stay. */
static void take_reason(struct thm_fleet_row *row)
{
    char *out = row->reason;
    const char *in = row->message;
    while (*in && *in != ';' && out < row->reason + sizeof row->reason - 1) {
        const size_t digits = in > row->message && in[-1] == ' ' ? strspn(in, "0123456789") : 0;
        *out++ = digits ? 'N' : *in;
        in += digits ? digits : 1;
    }
    *out = '\0';
}

static int by_label(const void *a, const void *b)
{
    const struct thm_fleet_label *x = a, *y = b;
    return (x->label > y->label) - (x->label < y->label);
}

static void take_labels(struct thm_fleet_reader *r)
{
    struct thm_fleet_row *row = r->row;
    size_t len = 0;
    qsort(r->labels, r->labels_count, sizeof r->labels[0], by_label);
    for (unsigned i = 0; i < r->labels_count && len < sizeof row->labels; i++)
        len += (size_t)snprintf(row->labels + len, sizeof row->labels - len, "%c\"%u\":%u%s", i ? ',' : '{',
                                r->labels[i].label, r->labels[i].count, i + 1 < r->labels_count ? "" : "}");
}

void thm_fleet_reader_end(struct thm_fleet_reader *r, const struct thm_run_result *result)
{
    struct thm_fleet_row *row = r->row;
    if (!r->asked) {
        row->polls = 0;
        row->asked_ms = -1;
    }
    row->status = result->exit_status;
    snprintf(row->outcome, sizeof row->outcome, "%s", result->exit_status ? "failed" : "updated");
    snprintf(row->message, sizeof row->message, "%s", result->message);
    if (result->exit_status)
        take_reason(row);
    else if (row->device_ns >= 0)
        row->updated_ms = row->asked_ms + row->device_ns / 1000000;
    take_labels(r);
    snprintf(row->output, sizeof row->output, "%016" PRIx64, r->output);
    snprintf(row->events, sizeof row->events, "%016" PRIx64, r->events);
}

const char *thm_fleet_row_difference(const struct thm_fleet_row *a, const struct thm_fleet_row *b)
{
#define DIFFERS_INT(name)  (a->name != b->name)
#define DIFFERS_REAL(name) (a->name < b->name || a->name > b->name)
#define DIFFERS_TEXT(name) (strcmp(a->name, b->name) != 0)
#define X(kind, name, help)   \
    if (DIFFERS_##kind(name)) \
        return #name;
    THM_FLEET_COLUMNS(X)
#undef X
    return NULL;
}
