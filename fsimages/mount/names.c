/* fsimages/mount/names.c -- the names of a flat file system as a tree of folders. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "fsimages/mount/core.h"

#define NAMES_MAX 100000u /* more are a loop in a damaged image */

/* ---- what is stored, as paths ---- */

/* Components that no path can have, and our own folder in the root, get a sign before them. */
static bool is_odd(const char *component, size_t len, bool first)
{
    return len == 0 || (len <= 2 && strspn(component, ".") >= len) ||
           (first && len == strlen(MT_TEXTS) - 1 && strncmp(component, MT_TEXTS + 1, len) == 0);
}

/* malloc'ed; NULL: out of memory. */
static char *show(const struct mt *m, const char *stored)
{
    size_t root = strlen(m->ops->root);
    const char *at = strncmp(stored, m->ops->root, root) == 0 ? stored + root : stored;
    char *shown = malloc(2 * strlen(at) + 2), *to = shown;
    for (bool first = true; shown; first = false) {
        size_t len = strcspn(at, "/");
        if (is_odd(at, len, first))
            *to++ = '%';
        memcpy(to, at, len);
        to += len;
        at += len;
        *to++ = *at;
        if (!*at++)
            break;
    }
    return shown;
}

static int by_shown(const void *a, const void *b)
{
    return strcmp(((const struct mt_name *)a)->shown, ((const struct mt_name *)b)->shown);
}

static int by_stored(const void *a, const void *b)
{
    return strcmp(((const struct mt_name *)a)->stored, ((const struct mt_name *)b)->stored);
}

static int32_t collect(void *ctx, const struct thm_fs_stat *st)
{
    struct mt *m = ctx;
    struct mt_names *n = &m->names;
    if (n->count >= NAMES_MAX || !*st->name)
        return n->count >= NAMES_MAX;
    if ((n->count & (n->count - 1)) == 0) { /* full: twice as much */
        struct mt_name *more = realloc(n->items, (n->count ? 2 * n->count : 1) * sizeof *more);
        if (!more)
            return 1;
        n->items = more;
    }
    struct mt_name *name = &n->items[n->count];
    *name = (struct mt_name){ show(m, st->name), strdup(st->name) };
    n->count++;
    return !name->shown || !name->stored;
}

static void free_items(struct mt_names *n)
{
    for (size_t i = 0; i < n->count; i++) {
        free(n->items[i].shown);
        free(n->items[i].stored);
    }
    free(n->items);
    n->items = NULL;
    n->count = 0;
}

/* A damaged image may have a name twice; the driver finds one of them. */
static void drop_doubles(struct mt_names *n)
{
    size_t kept = 0;
    if (n->count)
        qsort(n->items, n->count, sizeof *n->items, by_stored);
    for (size_t i = 0; i < n->count; i++) {
        if (kept && strcmp(n->items[kept - 1].stored, n->items[i].stored) == 0) {
            free(n->items[i].shown);
            free(n->items[i].stored);
        } else {
            n->items[kept++] = n->items[i];
        }
    }
    n->count = kept;
}

static bool is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && (len == 0 || path[len] == '/');
}

size_t mt_names_from(const struct mt *m, const char *prefix)
{
    size_t low = 0, high = m->names.count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(m->names.items[mid].shown, prefix) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Is it also the name of another file, or of a folder that others need? */
static bool is_taken(const struct mt *m, size_t i)
{
    const struct mt_names *n = &m->names;
    char folder[MT_PATH_MAX + 2];
    if (i && strcmp(n->items[i - 1].shown, n->items[i].shown) == 0)
        return true;
    int len = snprintf(folder, sizeof folder, "%s/", n->items[i].shown);
    size_t next = mt_names_from(m, folder);
    return next < n->count && strncmp(n->items[next].shown, folder, (size_t)len) == 0;
}

/* Names that are taken get a sign behind them, until none is: each round makes them longer. */
static int tell_apart(struct mt *m)
{
    struct mt_names *n = &m->names;
    for (bool again = true; again;) {
        again = false;
        if (n->count)
            qsort(n->items, n->count, sizeof *n->items, by_shown);
        for (size_t i = 0; i < n->count && !again; i++) {
            if (!is_taken(m, i))
                continue;
            char *longer = realloc(n->items[i].shown, strlen(n->items[i].shown) + 2);
            if (!longer)
                return -ENOMEM;
            n->items[i].shown = strcat(longer, "%");
            again = true;
        }
    }
    return 0;
}

int mt_names_update(struct mt *m)
{
    if (!m->names.stale)
        return 0;
    free_items(&m->names);
    int32_t res = m->ops->list(m->fs, "", collect, m);
    if (res > 0)
        return m->names.count >= NAMES_MAX ? -EIO : -ENOMEM;
    if (res < 0)
        return mt_errno(m, res);
    drop_doubles(&m->names);
    int err = tell_apart(m);
    m->names.stale = err != 0;
    return err;
}

const struct mt_name *mt_names_find(struct mt *m, const char *path)
{
    size_t i = mt_names_from(m, path);
    return i < m->names.count && strcmp(m->names.items[i].shown, path) == 0 ? &m->names.items[i] : NULL;
}

/* ---- folders ---- */

static bool is_made(const struct mt *m, const char *path)
{
    for (size_t i = 0; i < m->names.made_count; i++)
        if (strcmp(m->names.made[i], path) == 0 || is_below(m->names.made[i], path))
            return true;
    return false;
}

bool mt_names_has_folder(struct mt *m, const char *path)
{
    char folder[MT_PATH_MAX + 2];
    int len = snprintf(folder, sizeof folder, "%s/", path);
    if (!*path || is_made(m, path))
        return true;
    size_t i = mt_names_from(m, folder);
    return i < m->names.count && strncmp(m->names.items[i].shown, folder, (size_t)len) == 0;
}

int mt_names_make(struct mt *m, const char *path)
{
    struct mt_names *n = &m->names;
    if (is_made(m, path))
        return 0;
    char **more = realloc(n->made, (n->made_count + 1) * sizeof *more);
    if (!more)
        return -ENOMEM;
    n->made = more;
    n->made[n->made_count] = strdup(path);
    return n->made[n->made_count] ? (n->made_count++, 0) : -ENOMEM;
}

int mt_names_keep_parent(struct mt *m, const char *path)
{
    char parent[MT_PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || (size_t)(slash - path) >= sizeof parent)
        return 0;
    memcpy(parent, path, (size_t)(slash - path));
    parent[slash - path] = '\0';
    return mt_names_make(m, parent);
}

void mt_names_forget(struct mt *m, const char *path)
{
    struct mt_names *n = &m->names;
    size_t kept = 0;
    for (size_t i = 0; i < n->made_count; i++) {
        if (strcmp(n->made[i], path) == 0 || is_below(n->made[i], path))
            free(n->made[i]);
        else
            n->made[kept++] = n->made[i];
    }
    n->made_count = kept;
}

/* ---- listing ---- */

struct children {
    struct mt *m;
    const char *folder;
    mt_entry *each;
    void *ctx;
    char last[MT_PATH_MAX]; /* the folder told last: its files stand together */
};

/* Tell of the child that leads to `path`, once. stored: NULL for a folder that was made. */
static int tell_child(struct children *c, const char *path, const char *stored)
{
    const char *name = path + strlen(c->folder) + (*c->folder ? 1 : 0), *slash = strchr(name, '/');
    struct thm_fs_stat st = { .directory = slash || !stored };
    char child[MT_PATH_MAX];
    if (!slash && stored)
        return c->each(c->ctx, name, &st);
    snprintf(child, sizeof child, "%.*s", slash ? (int)(slash - name) : (int)strlen(name), name);
    if (strcmp(child, c->last) == 0)
        return 0;
    memcpy(c->last, child, sizeof child);
    return c->each(c->ctx, child, &st);
}

/* A folder that was made, unless files or an earlier one have told it. */
static int tell_made(struct children *c, size_t i)
{
    struct mt *m = c->m;
    const char *path = m->names.made[i];
    size_t skip = strlen(c->folder) + (*c->folder ? 1 : 0), len = skip + strcspn(path + skip, "/");
    char child[MT_PATH_MAX + 2];
    snprintf(child, sizeof child, "%.*s/", (int)len, path);
    size_t first = mt_names_from(m, child);
    if (first < m->names.count && strncmp(m->names.items[first].shown, child, len + 1) == 0)
        return 0;
    for (size_t k = 0; k < i; k++)
        if (strncmp(m->names.made[k], child, len) == 0 && (m->names.made[k][len] == '/' || !m->names.made[k][len]))
            return 0;
    child[len] = '\0';
    return tell_child(c, child, NULL);
}

int mt_names_list(struct mt *m, const char *path, mt_entry *each, void *ctx)
{
    struct children c = { m, path, each, ctx, "" };
    char folder[MT_PATH_MAX + 2];
    int err = 0, len = snprintf(folder, sizeof folder, *path ? "%s/" : "%s", path);
    for (size_t i = mt_names_from(m, folder);
         !err && i < m->names.count && strncmp(m->names.items[i].shown, folder, (size_t)len) == 0; i++)
        err = tell_child(&c, m->names.items[i].shown, m->names.items[i].stored);
    *c.last = '\0';
    for (size_t i = 0; !err && i < m->names.made_count; i++)
        if (is_below(m->names.made[i], path))
            err = tell_made(&c, i);
    return err;
}

void mt_names_free(struct mt_names *n)
{
    free_items(n);
    for (size_t i = 0; i < n->made_count; i++)
        free(n->made[i]);
    free(n->made);
}
