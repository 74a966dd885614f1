/* emu/library/settings.c -- what a device is told: its model and firmware, what goes wrong. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "emu/board/storage_place.h"
#include "emu/firmware/store.h"
#include "emu/library/internal.h"

#define FILE_BYTES_MAX (256u << 20)

/* ---- taking hold ---- */

static struct held *checked(struct thm_device *d, struct held *h)
{
    if (!h)
        device_problem(d, 20, "the PC is out of memory");
    return h;
}

static struct held *take_text(struct thm_device *d, const char *text)
{
    return checked(d, held_copy(text, strlen(text)));
}

static struct held *read_open(struct thm_device *d, FILE *f, const char *path)
{
    struct stat st;
    if (fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > FILE_BYTES_MAX) {
        device_problem(d, 2, "%s: expected a file of 1 byte to 256 MB", path);
        return NULL;
    }
    struct held *h = checked(d, held_create((size_t)st.st_size));
    if (h && fread(h->data, 1, h->bytes, f) != h->bytes)
        device_problem(d, 20, "%s: %s", path, ferror(f) ? strerror(errno) : "it has become shorter");
    return h;
}

static struct held *take_file(struct thm_device *d, const char *path)
{
    FILE *f = fopen(path, "rbe");
    if (!f) {
        device_problem(d, 2, "%s: %s", path, strerror(errno));
        return NULL;
    }
    struct held *h = read_open(d, f, path);
    fclose(f);
    return h;
}

/* ---- model and inputs ---- */

static void use_model(struct thm_device *d, enum thm_device_from from, struct held *h)
{
    held_replace(&d->has.model, h);
    d->has.from = from;
    d->has.stored = !h;
}

void thm_device_model(struct thm_device *d, enum thm_device_from from, const void *data, size_t bytes)
{
    if (bytes > FILE_BYTES_MAX || (bytes == 0 && from != THM_FROM_STORAGE))
        device_problem(d, 2, "a model of %zu bytes", bytes);
    else
        use_model(d, from, bytes ? checked(d, held_copy(data, bytes)) : NULL);
}

void thm_device_model_file(struct thm_device *d, enum thm_device_from from, const char *path)
{
    struct held *h = take_file(d, path);
    if (h)
        use_model(d, from, h);
}

static void use_input(struct thm_device *d, unsigned index, struct held *h)
{
    if (index >= DEVICE_INPUTS_MAX) {
        device_problem(d, 2, "input %u: at most %d", index, DEVICE_INPUTS_MAX);
        held_drop(h);
        return;
    }
    held_replace(&d->has.input[index], h);
    if (d->has.inputs <= index)
        d->has.inputs = index + 1;
}

void thm_device_input(struct thm_device *d, unsigned index, const void *data, size_t bytes)
{
    use_input(d, index, checked(d, held_copy(data, bytes)));
}

void thm_device_input_file(struct thm_device *d, unsigned index, const char *path)
{
    use_input(d, index, take_file(d, path));
}

/* ---- the board and its firmware ---- */

void thm_device_storage(struct thm_device *d, const char *name)
{
    const struct thm_profile *p = d->kind->profile;
    if (p && strcmp(name, "none") != 0 && !thm_storage_find(p, name))
        device_problem(d, 2, "%s has no storage '%s'", p->name, name);
    held_replace(&d->has.storage, take_text(d, name));
}

void thm_device_store(struct thm_device *d, const char *strategy)
{
    const struct thm_store_ops *s = thm_store_find(strategy);
    if (!s)
        device_problem(d, 2, "there is no way '%s' to store a model", strategy);
    else if (s->is_bundle)
        device_problem(d, 2, "'%s' wants a key to trust: that is not for the built-in firmware here", strategy);
    held_replace(&d->has.store, take_text(d, strategy));
}

void thm_device_arena(struct thm_device *d, uint32_t bytes)
{
    d->has.arena = bytes;
}

void thm_device_stack(struct thm_device *d, uint32_t bytes)
{
    d->has.stack = bytes;
}

void thm_device_link(struct thm_device *d, const char *name)
{
    const struct thm_profile *p = d->kind->profile;
    if (p && !p->network.link)
        device_problem(d, 2, "%s has no network for link '%s'", p->name, name);
    else if (p)
        device_use_link(d, name);
}

void thm_device_firmware(struct thm_device *d, const char *path)
{
    char *real = realpath(path, NULL);
    if (!real)
        device_problem(d, 2, "%s: %s", path, strerror(errno));
    held_replace(&d->has.firmware, real ? take_text(d, real) : NULL);
    free(real);
}

static struct device_setting *setting_of(struct thm_device *d, const char *key)
{
    struct device_has *has = &d->has;
    for (unsigned i = 0; i < has->settings; i++)
        if (strcmp(held_text(has->setting[i].key), key) == 0)
            return &has->setting[i];
    if (has->settings == DEVICE_SETTINGS_MAX) {
        device_problem(d, 2, "more than %d settings", DEVICE_SETTINGS_MAX);
        return NULL;
    }
    struct held *h = take_text(d, key);
    if (!h)
        return NULL;
    has->setting[has->settings].key = h;
    return &has->setting[has->settings++];
}

void thm_device_set(struct thm_device *d, const char *key, const char *value)
{
    struct held *h = take_text(d, value);
    struct device_setting *s = h ? setting_of(d, key) : NULL;
    if (s)
        held_replace(&s->value, h);
    else
        held_drop(h);
}

void thm_device_seconds(struct thm_device *d, double seconds)
{
    if (!(seconds > 0 && seconds <= 1e9))
        device_problem(d, 2, "%g seconds", seconds);
    else
        d->has.duration_ns = (uint64_t)(seconds * 1e9);
}

/* ---- the server ---- */

static struct device_answer *answer_to(struct thm_device *d, const char *url)
{
    struct device_has *has = &d->has;
    for (unsigned i = 0; i < has->answers; i++)
        if (strcmp(held_text(has->answer[i].url), url) == 0)
            return &has->answer[i];
    if (has->answers == DEVICE_ANSWERS_MAX) {
        device_problem(d, 2, "more than %d answers", DEVICE_ANSWERS_MAX);
        return NULL;
    }
    struct held *h = take_text(d, url);
    if (!h)
        return NULL;
    has->answer[has->answers].url = h;
    return &has->answer[has->answers++];
}

void thm_device_answer(struct thm_device *d, const char *url, unsigned status, const void *data, size_t bytes)
{
    if (strncmp(url, "https://", 8) != 0 || status < 200 || status > 599 || (status >= 300 && status < 400)) {
        device_problem(d, 2, "answer %u to %.200s: an https URL, and a status from 200 that is no redirect", status,
                       url);
        return;
    }
    struct held *h = checked(d, held_copy(data, bytes));
    struct device_answer *a = h ? answer_to(d, url) : NULL;
    if (!a) {
        held_drop(h);
        return;
    }
    held_replace(&a->body, h);
    a->status = status;
}

/* ---- what goes wrong ---- */

void thm_device_fail_allocation(struct thm_device *d, uint32_t nth)
{
    d->has.fail_nth = nth;
}

void thm_device_cut_power(struct thm_device *d, uint32_t nth, enum thm_device_cut when)
{
    static const enum thm_cut cuts[] = {
        [THM_CUT_IS_BEFORE] = THM_CUT_BEFORE, [THM_CUT_IS_INSIDE] = THM_CUT_TORN, [THM_CUT_IS_AFTER] = THM_CUT_AFTER
    };
    if ((unsigned)when >= sizeof cuts / sizeof cuts[0])
        device_problem(d, 2, "a power cut is before, inside or after an operation");
    else
        d->has.media_faults.cut_when = cuts[when];
    d->has.media_faults.cut_at = nth;
}

void thm_device_fill_storage(struct thm_device *d, uint32_t left)
{
    d->has.filled = true;
    d->has.left = left;
}

void thm_device_bad_blocks(struct thm_device *d, uint32_t per_million)
{
    if (per_million > 1000000)
        device_problem(d, 2, "%u bad blocks of a million", per_million);
    d->has.media_faults.bad_per_million = per_million;
}

void thm_device_bit_flips(struct thm_device *d, uint32_t per_billion)
{
    if (per_billion > 1000000000)
        device_problem(d, 2, "%u wrong bytes of a billion", per_billion);
    d->has.media_faults.flips_per_billion = per_billion;
}

void thm_device_wear_out(struct thm_device *d)
{
    d->has.media_faults.worn = true;
}

void thm_device_network_fault(struct thm_device *d, const char *list)
{
    const char *message;
    d->has.net_fault = true;
    if (thm_net_faults_parse(list, &d->has.net_faults, &message))
        device_problem(d, 2, "network fault: %s", message);
}

void thm_device_seed(struct thm_device *d, uint32_t seed)
{
    d->has.seed = seed;
}

void thm_device_no_faults(struct thm_device *d)
{
    struct device_has *has = &d->has;
    has->fail_nth = has->left = 0;
    has->filled = has->net_fault = false;
    has->media_faults = (struct thm_media_faults){ 0 };
}
