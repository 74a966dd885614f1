#include "emu/fleet/server.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "emu/fleet/child.h"
#include "netlink/serve.h"

struct greeting { /* what the child tells when it is ready */
    int status;
    uint16_t port;
    char ca[128], message[256];
};

static void remove_folder(const char *folder)
{
    static const char *const names[] = { "ca.pem", "ca-key.pem", "server.pem", "server-key.pem" };
    char path[160];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void greet(int line, const struct thm_server *server, enum thm_net_err err, const char *message)
{
    struct greeting g = { .status = err ? thm_net_exit_status(err) : 0 };
    if (server) {
        g.port = thm_server_port(server);
        snprintf(g.ca, sizeof g.ca, "%s", thm_server_ca(server));
    }
    snprintf(g.message, sizeof g.message, "%s", message ? message : "");
    (void)!write(line, &g, sizeof g);
}

static void wait_for_end(int line)
{
    char byte;
    while (read(line, &byte, 1) < 0 && errno == EINTR) {
    }
}

static void serve(int line, const char *folder)
{
    const char *tmp = getenv("TMPDIR");
    char state[96];
    const int n = snprintf(state, sizeof state, "%s/thimble-fleet-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    struct thm_server *server = NULL;
    const char *message = NULL;
    const struct thm_server_options o = { .dir = folder, .state_dir = state, .posts = "/dev/null" };
    thm_fleet_child(&line);
    signal(SIGPIPE, SIG_IGN);
    enum thm_net_err err =
        n > 0 && (size_t)n < sizeof state && mkdtemp(state) ? thm_server_start(&server, &o, &message) : THM_NET_EHOST;
    greet(line, server, err, message ? message : strerror(errno));
    if (!err)
        wait_for_end(line);
    thm_server_stop(server);
    remove_folder(state);
    _exit(0);
}

static int took_greeting(struct thm_fleet_own_server *s, char **error)
{
    struct greeting g = { .status = 20, .message = "the model server's process has ended" };
    if (read(s->line, &g, sizeof g) != (ssize_t)sizeof g)
        g.status = 20;
    s->port = g.port;
    snprintf(s->ca, sizeof s->ca, "%s", g.ca);
    if (g.status && asprintf(error, "model server: %s", g.message) < 0)
        *error = NULL;
    return g.status;
}

int thm_fleet_server_start(struct thm_fleet_own_server *s, const char *folder, char **error)
{
    int fds[2];
    *s = (struct thm_fleet_own_server){ .line = -1 };
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0 || (s->pid = fork()) < 0) {
        s->pid = 0;
        (void)!asprintf(error, "model server: %s", strerror(errno));
        return 20;
    }
    if (s->pid == 0)
        serve(fds[1], folder);
    close(fds[1]);
    s->line = fds[0];
    int status = took_greeting(s, error);
    if (status)
        thm_fleet_server_stop(s, NULL);
    return status;
}

bool thm_fleet_server_has_ended(const struct thm_fleet_own_server *s)
{
    return s->pid > 0 && poll(&(struct pollfd){ .fd = s->line, .events = POLLIN }, 1, 0) > 0;
}

void thm_fleet_server_stop(struct thm_fleet_own_server *s, uint64_t *cpu_us)
{
    struct rusage u = { 0 };
    if (s->pid <= 0)
        return;
    close(s->line);
    while (wait4(s->pid, NULL, 0, &u) < 0 && errno == EINTR) {
    }
    char *slash = strrchr(s->ca, '/');
    if (slash) { /* it was killed before it could */
        *slash = '\0';
        remove_folder(s->ca);
    }
    if (cpu_us)
        *cpu_us = (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000u +
                  (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
    *s = (struct thm_fleet_own_server){ .line = -1 };
}
