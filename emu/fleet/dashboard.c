#include "emu/fleet/dashboard.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "emu/fleet/dashboard_internal.h"

enum { END_MS = 10000 }; /* two seconds for clients; the rest for the last figures, on a busy PC */

struct thm_fleet_dashboard {
    pid_t pid;
    int line;
    struct thm_glance *glance;
    size_t glance_bytes;
    char url[sizeof((struct thm_dashboard_access *)0)->url];
};

static int out_of(char **error, const char *what)
{
    if (asprintf(error, "dashboard: %s: %s", what, strerror(errno)) < 0)
        *error = NULL;
    return 20;
}

/* Boards of other shards never change. */
static bool map_glance(struct thm_fleet_dashboard *d, const struct thm_fleet_dashboard_options *o)
{
    const uint32_t boards = thm_fleet_boards(o->kit->fleet);
    d->glance_bytes = boards * sizeof *d->glance;
    d->glance = mmap(NULL, d->glance_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (d->glance == MAP_FAILED)
        return false;
    for (uint32_t i = 0; o->shards && i < boards; i++)
        if (i % o->shards != o->shard)
            atomic_store_explicit(&d->glance[i].state, THM_FLEET_ELSEWHERE, memory_order_relaxed);
    return true;
}

static void become_dashboard(struct thm_fleet_dashboard *d, const struct thm_fleet_dashboard_options *o,
                             const struct thm_dashboard_access *access, int line)
{
    struct thm_dashboard p = {
        .o = o, .access = *access, .glance = d->glance, .boards = thm_fleet_boards(o->kit->fleet), .line = line
    };
    close(d->line);
    thm_dashboard_process(&p);
}

/* It says a byte when it can be asked. */
static bool is_ready(const struct thm_fleet_dashboard *d)
{
    char byte;
    ssize_t n;
    while ((n = read(d->line, &byte, 1)) < 0 && errno == EINTR) {
    }
    return n == 1;
}

static int fork_dashboard(struct thm_fleet_dashboard *d, const struct thm_fleet_dashboard_options *o,
                          struct thm_dashboard_access *access, char **error)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return out_of(error, "socket");
    d->line = fds[0];
    d->pid = fork();
    if (d->pid == 0)
        become_dashboard(d, o, access, fds[1]);
    close(fds[1]);
    if (d->pid < 0)
        return out_of(error, "process");
    /* board processes do not need it */
    madvise(d->glance, d->glance_bytes, MADV_DONTFORK);
    errno = EIO;
    return is_ready(d) ? 0 : out_of(error, "its process did not start");
}

int thm_fleet_dashboard_start(struct thm_fleet_dashboard **out, const struct thm_fleet_dashboard_options *o,
                              char **error)
{
    struct thm_dashboard_access access;
    struct thm_fleet_dashboard *d = calloc(1, sizeof *d);
    *out = d;
    *error = NULL;
    if (!d)
        return 20;
    *d = (struct thm_fleet_dashboard){ .line = -1, .glance = MAP_FAILED };
    int status = thm_dashboard_access_open(&access, o->address, o->token, error);
    if (!status && !map_glance(d, o))
        status = out_of(error, "memory");
    if (!status)
        status = fork_dashboard(d, o, &access, error);
    if (access.listener >= 0)
        close(access.listener);
    snprintf(d->url, sizeof d->url, "%s", access.url);
    if (status) {
        thm_fleet_dashboard_stop(d);
        *out = NULL;
    }
    return status;
}

const char *thm_fleet_dashboard_url(const struct thm_fleet_dashboard *d)
{
    return d->url;
}

static void put(_Atomic uint32_t *where, uint64_t value)
{
    atomic_store_explicit(where, value < UINT32_MAX ? (uint32_t)value : UINT32_MAX, memory_order_relaxed);
}

void thm_fleet_dashboard_board(void *dashboard, uint32_t id, enum thm_fleet_state state, const struct thm_event *e)
{
    struct thm_glance *g = &((struct thm_fleet_dashboard *)dashboard)->glance[id];
    put(&g->state, state);
    if (!e)
        return;
    put(&g->device_ms, e->t_ns / 1000000);
    if (e->type == THM_EV_STEP) {
        put(&g->heap_free, e->v[1]);
        put(&g->heap_low_water, e->v[3]);
    }
}

void thm_fleet_dashboard_end(struct thm_fleet_dashboard *d, enum thm_fleet_dashboard_end how)
{
    const char byte = (char)how;
    if (!d || send(d->line, &byte, 1, MSG_NOSIGNAL) != 1)
        return;
    struct pollfd p = { .fd = d->line, .events = POLLIN };
    if (poll(&p, 1, END_MS) == 1)
        (void)is_ready(d);
}

void thm_fleet_dashboard_stop(struct thm_fleet_dashboard *d)
{
    if (!d)
        return;
    if (d->line >= 0)
        close(d->line);
    if (d->pid > 0) {
        kill(d->pid, SIGKILL); /* it owns nothing that must be put in order */
        while (waitpid(d->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    if (d->glance != MAP_FAILED)
        munmap(d->glance, d->glance_bytes);
    free(d);
}
