/* How many boards the model server holds at once on one core: bench_serve [BOARDS [MEGABYTES]].
 *
 * The server is a process of its own on one CPU. Every board connects and takes the first piece; when the last one has,
 * all go on. What the server holds is read from /proc in between. */
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "netlink/fetch.h"
#include "netlink/serve.h"

enum { CHUNK = 16384 };

static char dir[] = "/tmp/thimble-bench-XXXXXX", state[64], model[64], ca[80];

struct board {
    struct thm_fetch *fetch;
    uint64_t got;
    bool waiting, ended, failed;
};

struct bench {
    struct board *boards;
    size_t n, waiting, ended, failed;
    bool go;
};

static struct bench all;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool on_body(void *ctx, const uint8_t *data, uint32_t len)
{
    struct board *b = ctx;
    (void)data;
    if (!all.go && b->got > 0) {
        all.waiting += !b->waiting;
        b->waiting = true;
        return false;
    }
    b->got += len;
    return true;
}

static void on_done(void *ctx, enum thm_net_err err, const char *message, const struct thm_fetch_info *info)
{
    struct board *b = ctx;
    (void)info;
    if (err && all.failed++ == 0)
        fprintf(stderr, "%s\n", message);
    all.ended++;
    b->ended = true;
    b->failed = err != THM_NET_OK;
}

/* ---- the server ---- */

static void serve(int port_pipe)
{
    cpu_set_t one;
    struct thm_server *server;
    const char *message;
    const struct thm_server_options o = { .dir = dir, .state_dir = state };
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one);
    if (thm_server_start(&server, &o, &message)) {
        fprintf(stderr, "%s\n", message);
        _exit(1);
    }
    const uint16_t port = thm_server_port(server);
    if (write(port_pipe, &port, sizeof port) != sizeof port)
        _exit(1);
    pause();
    _exit(0);
}

static long status_kb(pid_t pid, const char *key)
{
    char path[64], line[128];
    long kb = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            kb = strtol(line + strlen(key), NULL, 10);
    if (f)
        fclose(f);
    return kb;
}

static long descriptors(pid_t pid)
{
    char path[64];
    long n = -2;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static void tell(const char *when, pid_t server, double since)
{
    printf("%-22s %7.2f s  server: %6ld KB resident, %5ld descriptors, %5ld threads\n", when, seconds() - since,
           status_kb(server, "VmRSS:"), descriptors(server), status_kb(server, "Threads:"));
    fflush(stdout);
}

/* ---- the boards ---- */

static void poll_until(struct thm_net *net, const size_t *count)
{
    while (*count + all.failed < all.n && all.ended < all.n)
        thm_net_poll(net, NULL, NULL, 0, 1000);
}

static int run(pid_t server, uint16_t port, uint64_t bytes)
{
    struct thm_net *net;
    char url[64];
    const char *message = "";
    const double start = seconds();
    snprintf(url, sizeof url, "https://localhost:%u/model.tflite", port);
    if (thm_net_create(&net))
        return 1;
    tell("before", server, start);
    for (size_t i = 0; i < all.n; i++) {
        const struct thm_fetch_options o = { .url = url,
                                             .cacert = ca,
                                             .chunk_bytes = CHUNK,
                                             .timeout_ms = 120000,
                                             .body = on_body,
                                             .done = on_done,
                                             .ctx = &all.boards[i] };
        if (thm_fetch_start(net, &o, &all.boards[i].fetch, &message))
            fprintf(stderr, "%s\n", message);
    }
    poll_until(net, &all.waiting);
    tell("all are downloading", server, start);
    all.go = true;
    for (size_t i = 0; i < all.n; i++)
        if (!all.boards[i].ended)
            thm_fetch_resume(all.boards[i].fetch);
    poll_until(net, &all.ended);
    tell("all have ended", server, start);
    size_t whole = 0;
    for (size_t i = 0; i < all.n; i++)
        whole += all.boards[i].got == bytes && !all.boards[i].failed;
    printf("%zu of %zu boards have their %llu bytes\n", whole, all.n, (unsigned long long)bytes);
    thm_net_destroy(net);
    return whole != all.n;
}

static bool write_model(uint64_t bytes)
{
    static uint8_t block[1 << 16];
    FILE *f = fopen(model, "wb");
    for (uint64_t at = 0; f && at < bytes; at += sizeof block)
        fwrite(block, 1, sizeof block, f);
    return f && fclose(f) == 0;
}

int main(int argc, char **argv)
{
    const uint64_t bytes = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1) << 20;
    struct rlimit files;
    int port_pipe[2];
    uint16_t port = 0;
    all.n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;
    all.boards = calloc(all.n, sizeof *all.boards);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (!all.boards || !mkdtemp(dir) || pipe(port_pipe) < 0)
        return 1;
    snprintf(state, sizeof state, "%s.state", dir);
    snprintf(model, sizeof model, "%s/model.tflite", dir);
    snprintf(ca, sizeof ca, "%s/ca.pem", state);
    if (!write_model(bytes))
        return 1;
    const pid_t server = fork();
    if (server == 0)
        serve(port_pipe[1]);
    close(port_pipe[1]);
    int status = read(port_pipe[0], &port, sizeof port) == sizeof port ? run(server, port, bytes) : 1;
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s %s", dir, state);
    return system(command) || status;
}
