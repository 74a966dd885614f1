/* emu/library/power.c -- a device is switched on: what it was told becomes a run. */
#include <stdio.h>
#include <string.h>
#include "emu/board/storage_place.h"
#include "emu/firmware/store.h"
#include "emu/library/internal.h"

#define MODEL_URL "https://localhost/model.tflite"

struct power { /* what the run borrows */
    struct thm_run run;
    struct thm_run_input input[DEVICE_INPUTS_MAX];
    struct thm_run_setting setting[DEVICE_SETTINGS_MAX];
    struct thm_canned_answer answer[DEVICE_ANSWERS_MAX + 1];
    unsigned answers;
};

static void add_answer(struct power *p, const char *url, unsigned status, const struct held *body)
{
    struct thm_canned_answer *a = &p->answer[p->answers];
    *a = (struct thm_canned_answer){
        .body = body->data, .len = body->bytes, .info = thm_canned_info(body->bytes), .url = url
    };
    a->info.http_status = status;
    if (p->answers++)
        a[-1].next = a;
}

/* Nothing of what a board asks for leaves this PC. */
static void set_answers(struct power *p, const struct device_has *has)
{
    static const struct held none = { 0 };
    for (unsigned i = 0; i < has->answers; i++)
        add_answer(p, held_text(has->answer[i].url), has->answer[i].status, has->answer[i].body);
    if (has->model && has->from == THM_FROM_NETWORK)
        add_answer(p, MODEL_URL, 200, has->model);
    if (p->answers == 0)
        add_answer(p, NULL, 404, &none);
    p->run.answer = p->answer;
}

static void set_model(struct thm_run *run, const struct device_has *has)
{
    const struct held *m = has->model;
    const bool fetched = has->from == THM_FROM_NETWORK && !has->firmware;
    run->url = fetched ? MODEL_URL : NULL;
    run->from_storage = has->from == THM_FROM_STORAGE && !has->firmware;
    if (m && has->from == THM_FROM_STORAGE) {
        run->stored = m->data;
        run->stored_bytes = (uint32_t)m->bytes;
    } else if (m && has->from == THM_FROM_FLASH) {
        run->model = m->data;
        run->model_bytes = (uint32_t)m->bytes;
    }
}

static void set_firmware(struct power *p, const struct device_has *has)
{
    for (unsigned i = 0; i < has->settings; i++)
        p->setting[i] = (struct thm_run_setting){ held_text(has->setting[i].key), held_text(has->setting[i].value) };
    for (unsigned i = 0; i < has->inputs; i++)
        if (has->input[i])
            p->input[i] = (struct thm_run_input){ has->input[i]->data, has->input[i]->bytes };
    p->run.firmware = held_text(has->firmware);
    p->run.settings = p->setting;
    p->run.settings_count = has->settings;
    p->run.inputs = p->input;
    p->run.inputs_count = has->inputs;
    p->run.duration_ns = has->duration_ns;
}

static void set_faults(struct thm_run *run, const struct device_has *has)
{
    run->fail_nth = has->fail_nth;
    run->media_faults = has->media_faults;
    run->net_faults = has->net_fault ? &has->net_faults : NULL;
    run->filled = has->filled;
    run->left_bytes = has->left;
    run->seed = has->seed;
}

static void prepare(struct power *p, struct thm_device *d)
{
    const struct device_has *has = &d->has;
    const struct thm_profile_operators *o = d->kind->operators;
    p->run = (struct thm_run){ .profile = d->kind->profile,
                               .link = d->link,
                               .storage = held_text(has->storage),
                               .store = held_text(has->store),
                               .chips = &d->chips,
                               .arena = has->arena,
                               .stack = has->stack,
                               .operators = o ? (const char *const *)o->operators : NULL,
                               .operators_count = o ? o->operators_count : 0,
                               .ctx = &d->result,
                               .event = device_result_event,
                               .output = device_result_output };
    set_answers(p, has);
    set_model(&p->run, has);
    set_firmware(p, has);
    set_faults(&p->run, has);
    thm_run_fill(&p->run);
}

/* A firmware of the user's may mount any. */
static void have_chips(struct thm_device *d)
{
    const struct thm_profile *p = d->kind->profile;
    const struct device_has *has = &d->has;
    const char *storage = has->storage ? held_text(has->storage) : p->storage_count ? p->storage[0].name : "none";
    if (thm_chips_add(&d->chips, p, thm_media_of(p, has->firmware ? NULL : storage)) < 0)
        device_problem(d, 20, "storage parts: the PC is out of memory");
}

static void check(struct thm_device *d)
{
    const struct device_has *has = &d->has;
    const char *storage = held_text(has->storage);
    if (!has->firmware && !has->model && !has->stored)
        device_problem(d, 2, "a device has neither a model nor a firmware of its own");
    if (!has->status)
        have_chips(d);
    if (!has->firmware && has->from == THM_FROM_STORAGE && storage && strcmp(storage, "none") == 0)
        device_problem(d, 2, "a model on the storage, and the storage is none");
}

const struct thm_outcome *thm_device_power_on(struct thm_device *d)
{
    struct device_result *r = &d->result;
    struct power p = { 0 };
    device_result_drop(r);
    check(d);
    device_result_begin(r, d->kind->profile);
    if (d->has.status) {
        r->run.exit_status = d->has.status;
        snprintf(r->run.message, sizeof r->run.message, "%s", d->has.problem);
    } else {
        prepare(&p, d);
        thm_run(&p.run, &r->run);
    }
    device_result_end(r);
    return &r->outcome;
}
