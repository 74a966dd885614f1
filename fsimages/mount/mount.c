/* fsimages/mount/mount.c -- a session: from mount to unmount. */
#include <errno.h>
#include <fuse_log.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fsimages/mount/core.h"

struct mt *mt_self(void)
{
    return fuse_get_context()->private_data;
}

void mt_changed(struct mt *m)
{
    m->change++;
}

int mt_refresh(struct mt *m)
{
    const struct thm_mount_source *s = m->source;
    if (s->changed && s->changed(s->ctx)) {
        mt_files_close(m);
        m->fs = s->volume(s->ctx);
        m->names.stale = true;
        for (struct mt_file *f = m->files; f && m->fs; f = f->next) {
            struct thm_fs_stat st;
            f->size = m->ops->stat(m->fs, f->stored, &st) < 0 ? 0 : st.size;
        }
        mt_changed(m);
    }
    return m->fs ? 0 : -EIO;
}

/* ---- libfuse's messages: the last one explains a mount that fails ---- */

static char last_message[200];

static void keep_message(enum fuse_log_level level, const char *fmt, va_list ap)
{
    (void)level;
    vsnprintf(last_message, sizeof last_message, fmt, ap);
    last_message[strcspn(last_message, "\n")] = '\0';
}

static int fail(char *error, size_t size, int status, const char *what)
{
    snprintf(error, size, "%s%s%s", what, *last_message ? ": " : "", last_message);
    return status;
}

/* ---- options ---- */

/* Commas end an option, so they get a backslash. */
static char *escaped(const char *name)
{
    char *text = malloc(2 * strlen(name) + 1), *to = text;
    for (; text && *name; name++) {
        if (*name == ',' || *name == '\\')
            *to++ = '\\';
        *to++ = *name;
    }
    if (text)
        *to = '\0';
    return text;
}

static int add_options(const struct thm_mount_source *s, struct fuse_args *args)
{
    char *name = escaped(s->name), *option = NULL;
    int bad = !name || asprintf(&option, "fsname=%s,subtype=thimble-%s,default_permissions,%s", name, s->ops->name,
                                s->writable ? "rw" : "ro") < 0;
    bad = bad || fuse_opt_add_arg(args, "thimble") || fuse_opt_add_arg(args, "-o") || fuse_opt_add_arg(args, option);
    free(option);
    free(name);
    return bad;
}

/* ---- the session ---- */

static int serve(struct mt *m, struct fuse *fuse, const char *folder, bool foreground, char *error, size_t error_size)
{
    if (fuse_mount(fuse, folder))
        return fail(error, error_size, 20, "the folder could not be mounted on");
    struct fuse_session *session = fuse_get_session(fuse);
    int status = 0;
    if (fuse_daemonize(foreground))
        status = fail(error, error_size, 20, "going into the background failed");
    else if (fuse_set_signal_handlers(session))
        status = fail(error, error_size, 20, "the signals could not be set up");
    else if (fuse_loop(fuse) < 0)
        status = fail(error, error_size, 20, "FUSE failed");
    fuse_remove_signal_handlers(session);
    fuse_unmount(fuse);
    mt_files_close(m);
    return status;
}

int thm_mount_serve(const struct thm_mount_source *s, const char *folder, bool foreground, char *error,
                    size_t error_size)
{
    struct mt m = { .source = s, .ops = s->ops, .names.stale = true, .change = 1, .uid = getuid(), .gid = getgid() };
    struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
    int status = 20;
    *last_message = '\0';
    fuse_set_log_func(keep_message);
    clock_gettime(CLOCK_REALTIME, &m.start);
    m.fs = s->volume(s->ctx);
    struct fuse *fuse = add_options(s, &args) ? NULL : fuse_new(&args, &mt_operations, sizeof mt_operations, &m);
    if (fuse)
        status = serve(&m, fuse, folder, foreground, error, error_size);
    else
        fail(error, error_size, status, "FUSE could not be started");
    if (fuse)
        fuse_destroy(fuse);
    fuse_opt_free_args(&args);
    mt_files_free(&m);
    mt_handles_free(&m);
    mt_names_free(&m.names);
    mt_texts_free(&m);
    return status;
}
