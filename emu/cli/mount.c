/* emu/cli/mount.c -- `thimble mount`: a board's file system as a folder. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "emu/cli/cli.h"
#include "emu/cli/commands.h"
#include "emu/cli/mount_source.h"

#define END_MS 60000 /* how long the server may take to bring everything to the disk */

enum option { OPT_RW, OPT_FOREGROUND, OPT_UNMOUNT, OPT_FS, OPT_BOARD, OPT_FS_FIRST };

static const struct thm_option options[] = {
    [OPT_RW] = { "rw", NULL, "for writing, too: into the image, as the board would write", 'w' },
    [OPT_FOREGROUND] = { "foreground", NULL, "stay in the foreground until it is unmounted", 'f' },
    [OPT_UNMOUNT] = { "unmount", NULL, "unmount DIR, and wait until everything is on the disk", 'u' },
    [OPT_FS] = { "fs", "NAME", "file system; default: found", 0 },
    [OPT_BOARD] = { "board", "NAME[:STORAGE]", "place and geometry as this board has them", 'b' },
    IMAGE_FS_OPTION_ROWS
};

struct arguments {
    struct image_options image;
    bool foreground, unmount;
};

static int take_option(struct thm_args *a, int option, struct arguments *g)
{
    switch (option) {
    case OPT_RW: g->image.use = IMAGE_IN_PLACE; return 0;
    case OPT_FOREGROUND: g->foreground = true; return 0;
    case OPT_UNMOUNT: g->unmount = true; return 0;
    case OPT_FS: g->image.fs = a->value; return 0;
    case OPT_BOARD: g->image.board = a->value; return 0;
    default: return image_fs_option(a, option - OPT_FS_FIRST, &g->image.fs_config);
    }
}

/* ---- mount ---- */

static int check_folder(const char *folder)
{
    struct stat st;
    if (stat(folder, &st) < 0)
        return thm_fail(THM_EXIT_USAGE, "%s: %s", folder, strerror(errno));
    return S_ISDIR(st.st_mode) ? 0 : thm_fail(THM_EXIT_USAGE, "%s: %s", folder, strerror(ENOTDIR));
}

static int mount(const struct arguments *g, const char *image, const char *folder)
{
    struct mount_source s;
    char error[300];
    int status = check_folder(folder);
    if (status)
        return status;
    status = mount_source_open(&s, image, &g->image);
    if (!status) {
        status = thm_mount_serve(&s.source, folder, g->foreground, error, sizeof error);
        if (status)
            thm_fail(status, "%s: %s", folder, error);
    }
    mount_source_close(&s);
    return status;
}

/* ---- unmount ---- */

/* The process that serves the folder; 0: none of ours does. */
static pid_t server_of(const char *folder)
{
    static const char key[] = "process: ";
    char *path = NULL, line[512];
    long pid = 0;
    FILE *f = asprintf(&path, "%s/.thimble/mount", folder) < 0 ? NULL : fopen(path, "re");
    while (f && pid == 0 && fgets(line, sizeof line, f))
        pid = strncmp(line, key, sizeof key - 1) == 0 ? strtol(line + sizeof key - 1, NULL, 10) : 0;
    if (f)
        fclose(f);
    free(path);
    return pid > 0 && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* Result: as of waitpid(), or -1. */
static int run_fusermount(const char *folder)
{
    char *argv[] = { (char *)(uintptr_t) "fusermount3", (char *)(uintptr_t) "-u", (char *)(uintptr_t) "--",
                     (char *)(uintptr_t)folder, NULL };
    posix_spawn_file_actions_t quiet; /* our message says it */
    pid_t pid;
    int status = -1;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int err = posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&quiet);
    errno = err;
    return !err && waitpid(pid, &status, 0) == pid ? status : -1;
}

static int unmount(const char *folder)
{
    pid_t pid = server_of(folder);
    if (!pid)
        return thm_fail(THM_EXIT_USAGE, "%s: nothing that thimble has mounted", folder);
    int server = (int)syscall(SYS_pidfd_open, pid, 0), status = run_fusermount(folder);
    if (status < 0)
        return thm_fail(THM_EXIT_HOST, "fusermount3: %s; the package fuse3 has it", strerror(errno));
    if (status != 0)
        return thm_fail(THM_EXIT_HOST, "%s: cannot be unmounted; does a program still use it?", folder);
    struct pollfd end = { .fd = server, .events = POLLIN };
    if (server >= 0 && poll(&end, 1, END_MS) != 1)
        return thm_fail(THM_EXIT_HOST, "%s: unmounted, but process %d still writes", folder, (int)pid);
    return 0;
}

static int run(int argc, char **argv)
{
    struct thm_args a;
    struct arguments g = { 0 };
    int i, status;
    thm_args_init(&a, &thm_command_mount, argc, argv);
    while ((i = thm_args_next(&a)) >= 0)
        if ((status = take_option(&a, i, &g)) != 0)
            return status;
    if (i != -1)
        return i == -3 ? THM_EXIT_OK : THM_EXIT_USAGE;
    if (g.unmount)
        return a.argc == 1 ? unmount(a.argv[0]) : thm_usage(&a, "--unmount takes the folder");
    return a.argc == 2 ? mount(&g, a.argv[0], a.argv[1]) : thm_usage(&a, "an image and a folder are needed");
}

const struct thm_command thm_command_mount = {
    .name = "mount",
    .args = "IMAGE[:PARTITION] DIR",
    .summary = "show a board's file system as a folder",
    .details = "IMAGE is what 'thimble image' takes; one that a board runs on can be looked at meanwhile. The folder "
               ".thimble in DIR holds texts about the image. 'thimble mount -u DIR' or 'fusermount3 -u DIR' unmounts.",
    .options = options,
    .run = run,
};
