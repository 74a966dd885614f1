/* fsimages/mount/ops.c -- what FUSE asks for: attributes, folders, sizes; and the table of all that it may ask. */
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include "fsimages/mount/core.h"
#include "fsimages/mount/ops.h"

static void fill_stat(const struct mt *m, struct stat *st, bool directory, bool read_only, uint64_t size)
{
    mode_t write = m->source->writable && !read_only ? 0200 : 0;
    *st = (struct stat){ .st_mode = directory ? S_IFDIR | 0555 | write : S_IFREG | 0444 | write,
                         .st_nlink = directory ? 2 : 1,
                         .st_uid = m->uid,
                         .st_gid = m->gid,
                         .st_size = (off_t)size,
                         .st_blocks = (blkcnt_t)((size + 511) / 512),
                         .st_atim = m->start,
                         .st_mtim = m->start,
                         .st_ctim = m->start };
}

static int get_text_attributes(struct mt *m, const char *path, struct stat *st)
{
    const struct mt_text *text;
    int err = mt_text_find(m, path, &text);
    if (!err)
        fill_stat(m, st, !text, true, text ? text->len : 0);
    return err;
}

static void add_date(struct stat *st, uint32_t modified)
{
    if (modified)
        st->st_mtim = st->st_ctim = st->st_atim = (struct timespec){ .tv_sec = modified };
}

static int get_open_attributes(struct mt *m, const struct mt_file *f, struct stat *st)
{
    struct thm_fs_stat at = { 0 };
    if (*f->stored) /* else it was removed */
        (void)m->ops->stat(m->fs, f->stored, &at);
    fill_stat(m, st, false, at.read_only, f->size);
    add_date(st, at.modified);
    return 0;
}

static int get_attributes(struct mt *m, const char *path, struct stat *st)
{
    struct mt_place at;
    int err = mt_find(m, path, &at);
    if (err)
        return err;
    const struct mt_file *open = mt_file_find(m, at.stored);
    fill_stat(m, st, at.st.directory, at.st.read_only, open && !at.st.directory ? open->size : at.st.size);
    add_date(st, at.st.modified);
    return 0;
}

static int op_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
    struct mt *m = mt_self();
    int err = mt_refresh(m);
    const struct mt_file *f = fi ? mt_handle(fi)->file : mt_file_hidden(m, path);
    if (f)
        return err ? err : get_open_attributes(m, f, st);
    if (fi)
        path = mt_handle(fi)->path;
    if (mt_is_text(path))
        return get_text_attributes(m, path, st);
    if (strcmp(path, "/") == 0) { /* also of an image that cannot be read now: .thimble is in it */
        fill_stat(m, st, true, false, 0);
        return 0;
    }
    return err ? err : get_attributes(m, path, st);
}

struct fill {
    void *buf;
    fuse_fill_dir_t fill;
};

static int put_entry(void *ctx, const char *name, const struct thm_fs_stat *st)
{
    struct fill *f = ctx;
    struct stat kind = { .st_mode = st->directory ? S_IFDIR : S_IFREG };
    return f->fill(f->buf, name, &kind, 0, 0);
}

static void put_texts(const struct mt *m, struct fill *f)
{
    struct thm_fs_stat file = { .directory = false };
    for (size_t i = 0; m->source->texts[i].name; i++)
        put_entry(f, m->source->texts[i].name, &file);
}

static int op_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off, struct fuse_file_info *fi,
                      enum fuse_readdir_flags flags)
{
    struct mt *m = mt_self();
    struct fill f = { buf, fill };
    const struct thm_fs_stat folder = { .directory = true };
    (void)off, (void)flags;
    path = mt_handle(fi)->path;
    put_entry(&f, ".", &folder);
    put_entry(&f, "..", &folder);
    if (strcmp(path, MT_TEXTS) == 0) {
        put_texts(m, &f);
        return 0;
    }
    bool root = strcmp(path, "/") == 0;
    if (root)
        put_entry(&f, MT_TEXTS + 1, &folder);
    int err = mt_refresh(m);
    return err ? err : mt_list(m, path, put_entry, &f);
}

static int op_opendir(const char *path, struct fuse_file_info *fi)
{
    return mt_handle_new(fi, path);
}

static int op_releasedir(const char *path, struct fuse_file_info *fi)
{
    (void)path;
    mt_handle_free(fi);
    return 0;
}

static int op_statfs(const char *path, struct statvfs *s)
{
    struct mt *m = mt_self();
    struct thm_fs_usage u = { 0 };
    (void)path;
    int err = mt_refresh(m);
    err = err ? err : mt_errno(m, m->ops->usage(m->fs, &u));
    if (err)
        return err;
    uint64_t available = u.used < u.total ? u.total - u.used : 0;
    *s = (struct statvfs){ .f_bsize = 1, /* the devices count bytes */
                           .f_frsize = 1,
                           .f_blocks = u.total,
                           .f_bfree = available,
                           .f_bavail = available,
                           .f_namemax = m->source->name_max };
    return 0;
}

/* ---- what the devices do not keep: accepted, so that programs which copy it go on ---- */

static int op_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
    (void)path, (void)mode, (void)fi;
    return 0;
}

static int op_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi)
{
    (void)path, (void)uid, (void)gid, (void)fi;
    return 0;
}

static int op_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *fi)
{
    (void)path, (void)times, (void)fi;
    return 0;
}

static void *op_init(struct fuse_conn_info *connection, struct fuse_config *c)
{
    const struct mt *m = mt_self();
    (void)connection;
    if (m->source->changed) { /* nothing is remembered that a board may have changed */
        c->attr_timeout = 0;
        c->entry_timeout = 0;
    }
    c->negative_timeout = 0;
    c->nullpath_ok = 1;
    return fuse_get_context()->private_data;
}

const struct fuse_operations mt_operations = {
    .init = op_init,
    .getattr = op_getattr,
    .opendir = op_opendir,
    .readdir = op_readdir,
    .releasedir = op_releasedir,
    .statfs = op_statfs,
    .mkdir = mt_op_mkdir,
    .rmdir = mt_op_rmdir,
    .unlink = mt_op_unlink,
    .rename = mt_op_rename,
    .chmod = op_chmod,
    .chown = op_chown,
    .utimens = op_utimens,
    .open = mt_op_open,
    .create = mt_op_create,
    .read = mt_op_read,
    .write = mt_op_write,
    .truncate = mt_op_truncate,
    .flush = mt_op_flush,
    .fsync = mt_op_fsync,
    .release = mt_op_release,
};
