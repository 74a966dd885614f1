/* emu/library/device.c -- a device: its life. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/library/internal.h"

static char trouble[512];

const char *thm_device_trouble(void)
{
    return trouble;
}

const char *thm_device_version(void)
{
    return THM_DEVICE_VERSION;
}

void device_problem(struct thm_device *d, int status, const char *fmt, ...)
{
    va_list args;
    if (d->has.status)
        return;
    d->has.status = status;
    va_start(args, fmt);
    vsnprintf(d->has.problem, sizeof d->has.problem, fmt, args);
    va_end(args);
}

/* ---- what devices share ---- */

static void drop_kind(struct board_kind *k)
{
    if (--k->holders)
        return;
    for (unsigned i = 0; i < k->links; i++)
        thm_profile_link_free(k->link[i]);
    thm_profile_operators_free(k->operators);
    thm_profile_free(k->profile);
    free(k);
}

static void load_kind(struct thm_device *d, const char *board)
{
    char *error = NULL;
    int status = thm_profile_load(board, &d->kind->profile, &error);
    const struct thm_profile *p = d->kind->profile;
    if (!status && p->operators && strcmp(p->operators, "all") != 0)
        status = thm_profile_operators_load(p->operators, &d->kind->operators, &error);
    if (status)
        device_problem(d, status, "%s", error ? error : "out of memory");
    else if (p->network.link)
        device_use_link(d, p->network.link);
    free(error);
}

void device_use_link(struct thm_device *d, const char *name)
{
    struct board_kind *k = d->kind;
    char *error = NULL;
    unsigned i = 0;
    while (i < k->links && strcmp(k->link[i]->name, name) != 0)
        i++;
    int status = i < k->links                           ? 0
                 : i < sizeof k->link / sizeof *k->link ? thm_profile_link_load(name, &k->link[i], &error)
                                                        : 2;
    if (status) {
        device_problem(d, status, "%s", error ? error : "too many links");
        free(error);
        return;
    }
    k->links += i == k->links;
    d->link = k->link[i];
}

void device_each_held(struct device_has *has, void (*each)(struct held **h))
{
    struct held **one[] = { &has->model, &has->storage, &has->store, &has->firmware };
    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++)
        each(one[i]);
    for (unsigned i = 0; i < has->inputs; i++)
        each(&has->input[i]);
    for (unsigned i = 0; i < has->settings; i++) {
        each(&has->setting[i].key);
        each(&has->setting[i].value);
    }
    for (unsigned i = 0; i < has->answers; i++) {
        each(&has->answer[i].url);
        each(&has->answer[i].body);
    }
}

/* ---- life ---- */

static struct thm_device *no_memory(struct thm_device *d)
{
    snprintf(trouble, sizeof trouble, "the PC is out of memory");
    thm_device_destroy(d);
    return NULL;
}

struct thm_device *thm_device_create(const char *board)
{
    struct thm_device *d = calloc(1, sizeof *d);
    struct board_kind *k = calloc(1, sizeof *k);
    if (!d || !k) {
        free(k);
        free(d);
        return no_memory(NULL);
    }
    k->holders = 1;
    d->kind = k;
    d->chips.lock = -1;
    load_kind(d, board ? board : "esp32");
    return d;
}

static void hold(struct held **h)
{
    held_again(*h);
}

struct thm_device *thm_device_copy(const struct thm_device *d)
{
    struct thm_device *copy = calloc(1, sizeof *copy);
    if (!copy)
        return no_memory(NULL);
    copy->kind = d->kind;
    copy->link = d->link;
    copy->kind->holders++;
    copy->has = d->has;
    copy->chips.lock = -1;
    device_each_held(&copy->has, hold);
    if (d->kind->profile && thm_chips_copy(&copy->chips, &d->chips, d->kind->profile) < 0)
        return no_memory(copy);
    return copy;
}

static void drop(struct held **h)
{
    held_drop(*h);
}

void thm_device_destroy(struct thm_device *d)
{
    if (!d)
        return;
    device_result_drop(&d->result);
    device_each_held(&d->has, drop);
    thm_chips_close(&d->chips);
    drop_kind(d->kind);
    free(d);
}

void thm_device_erase(struct thm_device *d)
{
    thm_chips_close(&d->chips);
}
