/* fsimages/mount/ops_name.c -- what FUSE asks for: names that come, go and change. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "fsimages/mount/ops.h"

int mt_op_mkdir(const char *path, mode_t mode)
{
    struct mt *m = mt_self();
    char stored[MT_PATH_MAX];
    (void)mode;
    int err = mt_is_text(path) ? -EPERM : mt_new_name(m, path, stored);
    if (err)
        return err;
    if (m->ops->flat)
        return mt_names_make(m, path + 1);
    err = mt_errno(m, m->ops->mkdir(m->fs, stored));
    mt_changed(m);
    return err;
}

int mt_op_rmdir(const char *path)
{
    struct mt *m = mt_self();
    struct mt_place at;
    int err = mt_is_text(path) ? -EPERM : mt_find(m, path, &at);
    if (!err)
        err = mt_is_empty(m, path);
    if (err)
        return err;
    if (m->ops->flat) {
        err = mt_names_keep_parent(m, path + 1);
        mt_names_forget(m, path + 1);
        return err;
    }
    err = mt_errno(m, m->ops->remove(m->fs, at.stored));
    mt_changed(m);
    return err;
}

static int remove_file(struct mt *m, const char *path, const struct mt_place *at)
{
    int err = mt_file_keep(m, mt_file_find(m, at->stored));
    if (!err && m->ops->flat)
        err = mt_names_keep_parent(m, path + 1);
    if (!err)
        err = mt_errno(m, m->ops->remove(m->fs, at->stored));
    mt_changed(m);
    m->names.stale = true;
    return err;
}

int mt_op_unlink(const char *path)
{
    struct mt *m = mt_self();
    struct mt_place at;
    struct mt_file *hidden = mt_file_hidden(m, path);
    if (hidden) {
        free(hidden->hidden);
        hidden->hidden = NULL;
        return 0;
    }
    int err = mt_is_text(path) ? -EPERM : mt_find(m, path, &at);
    return err ? err : remove_file(m, path, &at);
}

/* ---- rename ---- */

/* Whoever has it open goes on with it under its new name. */
static int rename_file(struct mt *m, const char *from, const char *to)
{
    struct mt_file *open = mt_file_find(m, from);
    char *name = strdup(to);
    if (!name)
        return -ENOMEM;
    mt_file_close(m, open);
    int32_t res = m->ops->rename(m->fs, from, to);
    mt_changed(m);
    m->names.stale = true;
    if (res < 0 || !open) {
        free(name);
        return mt_errno(m, res);
    }
    free(open->stored);
    open->stored = name;
    return 0;
}

/* Most devices refuse to replace a file, so that there is a moment without it. */
static int replace_file(struct mt *m, const char *from, const char *path, const struct mt_place *to)
{
    int err = rename_file(m, from, to->stored); /* nobody has it open: libfuse has hidden it then */
    if (err != -EEXIST && err != -EINVAL)       /* EEFS has no other word for it */
        return err;
    err = remove_file(m, path, to);
    return err ? err : rename_file(m, from, to->stored);
}

/* A folder of a flat file system: each file that is in it. Those that are done are undone when one fails. */
static int rename_flat_folder(struct mt *m, const char *from, const char *to)
{
    char folder[MT_PATH_MAX + 2], name[MT_PATH_MAX];
    int err = mt_names_update(m), len = snprintf(folder, sizeof folder, "%s/", from);
    if (err)
        return err;
    size_t first = mt_names_from(m, folder), i = first;
    for (; !err && i < m->names.count && strncmp(m->names.items[i].shown, folder, (size_t)len) == 0; i++) {
        int n = snprintf(name, sizeof name, "%s%s/%s", m->ops->root, to, m->names.items[i].shown + len);
        err = n < MT_PATH_MAX ? rename_file(m, m->names.items[i].stored, name) : -ENAMETOOLONG;
    }
    for (i--; err && i-- > first;) {
        snprintf(name, sizeof name, "%s%s/%s", m->ops->root, to, m->names.items[i].shown + len);
        (void)rename_file(m, name, m->names.items[i].stored);
    }
    if (err)
        return err;
    mt_names_forget(m, from);
    err = mt_names_keep_parent(m, from);
    return err ? err : mt_names_make(m, to);
}

/* Handles know files by name: those in the folder would look in the wrong place. */
static bool has_open_below(const struct mt *m, const char *folder)
{
    size_t len = strlen(folder);
    for (const struct mt_file *f = m->files; f; f = f->next)
        if (strncmp(f->stored, folder, len) == 0 && f->stored[len] == '/')
            return true;
    return false;
}

static int rename_folder(struct mt *m, const char *from, const char *to, const struct mt_place *at)
{
    char stored[MT_PATH_MAX];
    if (m->ops->flat)
        return rename_flat_folder(m, from + 1, to + 1);
    int err = has_open_below(m, at->stored) ? -EBUSY : mt_new_name(m, to, stored);
    return err ? err : rename_file(m, at->stored, stored);
}

/* libfuse renames a file that is removed or replaced while it is open, and removes it when it is closed. The devices
 * have no room for such names: the file goes now, its content stays in memory. */
static bool is_hiding(const char *to)
{
    const char *name = strrchr(to, '/');
    return name && strncmp(name, "/.fuse_hidden", 13) == 0;
}

static int hide(struct mt *m, const char *path, const char *to, struct mt_file *f, const struct mt_place *at)
{
    char *hidden = strdup(to);
    int err = hidden ? remove_file(m, path, at) : -ENOMEM;
    if (err)
        free(hidden);
    else
        f->hidden = hidden;
    return err;
}

int mt_op_rename(const char *from, const char *to, unsigned flags)
{
    struct mt *m = mt_self();
    struct mt_place source, target;
    char stored[MT_PATH_MAX];
    if (mt_is_text(from) || mt_is_text(to))
        return -EPERM;
    int err = mt_find(m, from, &source), missing = mt_find(m, to, &target);
    if (err || (missing && missing != -ENOENT))
        return err ? err : missing;
    if (flags & ~1u) /* RENAME_EXCHANGE and others */
        return -EINVAL;
    if (!missing && flags)
        return -EEXIST;
    if (!missing && target.st.directory) /* the kernel has made sure that both are */
        err = mt_op_rmdir(to);
    if (err)
        return err;
    if (source.st.directory)
        return rename_folder(m, from, to, &source);
    struct mt_file *open = mt_file_find(m, source.stored);
    if (open && missing && is_hiding(to))
        return hide(m, from, to, open, &source);
    err = m->ops->flat ? mt_names_keep_parent(m, from + 1) : 0;
    if (err || !missing)
        return err ? err : replace_file(m, source.stored, to, &target);
    err = mt_new_name(m, to, stored);
    return err ? err : rename_file(m, source.stored, stored);
}
