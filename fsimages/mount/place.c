/* fsimages/mount/place.c -- from a path of the folder to what the file system knows, and directories of both kinds. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "fsimages/mount/core.h"

static int copy(char to[MT_PATH_MAX], const char *from)
{
    size_t len = strlen(from);
    if (len >= MT_PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(to, from, len + 1);
    return 0;
}

/* Characters of UTF-8. */
static size_t characters(const char *name)
{
    size_t n = 0;
    for (; *name; name++)
        n += ((unsigned char)*name & 0xC0) != 0x80;
    return n;
}

/* Of the last component, or of all of it on a flat file system. */
static bool is_too_long(const struct mt *m, const char *path)
{
    const char *slash = strrchr(path, '/');
    return m->ops->flat ? strlen(m->ops->root) + strlen(path) > m->source->name_max
                        : characters(slash ? slash + 1 : path) > m->source->name_max;
}

int mt_new_name(const struct mt *m, const char *path, char stored[MT_PATH_MAX])
{
    path += *path == '/';
    int n = snprintf(stored, MT_PATH_MAX, "%s%s", m->ops->flat ? m->ops->root : "", path);
    return n < MT_PATH_MAX && !is_too_long(m, path) ? 0 : -ENAMETOOLONG;
}

static int find_flat(struct mt *m, const char *path, struct mt_place *out)
{
    int err = mt_names_update(m);
    if (err)
        return err;
    const struct mt_name *name = mt_names_find(m, path);
    if (name) {
        err = copy(out->stored, name->stored);
        return err ? err : mt_errno(m, m->ops->stat(m->fs, out->stored, &out->st));
    }
    *out->stored = '\0';
    out->st = (struct thm_fs_stat){ .directory = true };
    return mt_names_has_folder(m, path) ? 0 : -ENOENT;
}

/* A file that is being made, of which the file system does not know yet. */
static int find_fresh(struct mt *m, const char *path, struct mt_place *out)
{
    int err = mt_new_name(m, path, out->stored);
    const struct mt_file *f = err ? NULL : mt_file_find(m, out->stored);
    if (!f || !f->fresh)
        return -ENOENT;
    out->st = (struct thm_fs_stat){ .size = (uint32_t)f->size };
    return 0;
}

int mt_find(struct mt *m, const char *path, struct mt_place *out)
{
    path += *path == '/';
    if (strlen(path) >= MT_PATH_MAX)
        return -ENAMETOOLONG;
    if (!*path) {
        *out = (struct mt_place){ .st.directory = true };
        return 0;
    }
    int err = m->ops->flat ? find_flat(m, path, out) : copy(out->stored, path);
    if (!err && !m->ops->flat && is_too_long(m, path)) /* before the driver calls it wrong */
        err = -ENAMETOOLONG;
    if (!err && !m->ops->flat)
        err = mt_errno(m, m->ops->stat(m->fs, out->stored, &out->st));
    return err == -ENOENT ? find_fresh(m, path, out) : err;
}

struct listing {
    mt_entry *each;
    void *ctx;
};

/* Names that no path can have are left out: only a damaged image has them. */
static int32_t pass(void *ctx, const struct thm_fs_stat *st)
{
    struct listing *l = ctx;
    if (!*st->name || strchr(st->name, '/') || strcmp(st->name, ".") == 0 || strcmp(st->name, "..") == 0)
        return 0;
    return l->each(l->ctx, st->name, st) ? 1 : 0;
}

int mt_list(struct mt *m, const char *path, mt_entry *each, void *ctx)
{
    struct mt_place at;
    struct listing l = { each, ctx };
    int err = mt_find(m, path, &at);
    if (err || !at.st.directory)
        return err ? err : -ENOTDIR;
    if (m->ops->flat) {
        err = mt_names_update(m);
        return err ? err : mt_names_list(m, path + (*path == '/'), each, ctx);
    }
    return mt_errno(m, m->ops->list(m->fs, at.stored, pass, &l));
}

static int not_empty(void *ctx, const char *name, const struct thm_fs_stat *st)
{
    (void)name, (void)st;
    *(bool *)ctx = true;
    return 1;
}

int mt_is_empty(struct mt *m, const char *path)
{
    bool found = false;
    int err = mt_list(m, path, not_empty, &found);
    return found ? -ENOTEMPTY : err;
}
