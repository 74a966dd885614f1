/* emu/fit/matrix.c -- many cases on all processors: workers take the next case and leave its cell in shared memory. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "emu/fit/fit.h"

enum { WORKERS_MAX = 64 };

struct shared { /* between this process and the workers */
    atomic_size_t next;
    struct thm_fit_cell cell[];
};

struct work {
    const struct thm_fit_case *c;
    size_t n;
    struct shared *shared;
    pid_t worker[WORKERS_MAX];
    size_t workers;
    int done[2]; /* a byte a cell; its end is the workers' */
};

static void serve(struct work *w)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(w->done[0]);
    for (size_t i; (i = atomic_fetch_add(&w->shared->next, 1)) < w->n;) {
        thm_fit_run(&w->c[i], &w->shared->cell[i]);
        if (write(w->done[1], "", 1) != 1)
            _exit(1);
    }
    _exit(0);
}

static size_t processors(size_t n)
{
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t most = online < 1 ? 1 : online > WORKERS_MAX ? WORKERS_MAX : (size_t)online;
    return n < most ? n : most;
}

static int start(struct work *w)
{
    if (pipe2(w->done, O_CLOEXEC) < 0)
        return -1;
    for (size_t want = processors(w->n); w->workers < want; w->workers++) {
        const pid_t pid = fork();
        if (pid == 0)
            serve(w);
        if (pid < 0)
            break;
        w->worker[w->workers] = pid;
    }
    close(w->done[1]);
    return w->workers ? 0 : -1;
}

static size_t follow(const struct work *w, const struct thm_fit_progress *progress)
{
    char bytes[256];
    size_t done = 0;
    for (ssize_t got; (got = read(w->done[0], bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR);) {
        done += got > 0 ? (size_t)got : 0;
        if (progress && progress->tell)
            progress->tell(progress->ctx, done, w->n);
    }
    return done;
}

static void wait_for(const struct work *w)
{
    for (size_t i = 0; i < w->workers; i++)
        while (waitpid(w->worker[i], NULL, 0) < 0 && errno == EINTR) {
        }
}

int thm_fit_run_all(const struct thm_fit_case *c, size_t n, struct thm_fit_cell *cell,
                    const struct thm_fit_progress *progress)
{
    const size_t bytes = sizeof(struct shared) + n * sizeof *cell;
    struct work w = { .c = c, .n = n };
    w.shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (w.shared == MAP_FAILED)
        return -1;
    int status = start(&w);
    if (!status && follow(&w, progress) != n) {
        errno = ECHILD;
        status = -1;
    }
    wait_for(&w);
    if (!status)
        memcpy(cell, w.shared->cell, n * sizeof *cell);
    if (w.workers)
        close(w.done[0]);
    munmap(w.shared, bytes);
    return status;
}
