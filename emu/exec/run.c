/* emu/exec/run.c -- start the program with the library in it, and wait. */
#include "emu/exec/exec.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "memmodels/err.h"

#define DESCRIPTOR_MIN 100 /* programs expect the low numbers for their own files */

static int fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int fail(int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("thimble: exec: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    return status;
}

/* -- the library ------------------------------------------------------------------------------------------------ */

/* Beside the program in a build that is not installed, else where it was installed. */
static int find_library(unsigned bits, char *path, size_t size)
{
    const char *name = bits == 64 ? "libthimble-preload.so" : "libthimble-preload-32.so";
    char self[PATH_MAX] = "";
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = n > 0 ? strrchr(self, '/') : NULL;
    if (slash)
        *slash = '\0';
    const char *dirs[] = { self, THM_PRELOAD_DIR };
    const char *folders[] = { "/preload/", "/" };
    for (size_t i = 0; i < 2; i++) {
        const int len = snprintf(path, size, "%s%s%s", dirs[i], folders[i], name);
        if (len < 0 || (size_t)len >= size || access(path, R_OK) < 0)
            continue;
        if (strpbrk(path, " :"))
            return fail(20, "%s: the loader takes no preload library from a folder with a space or colon", path);
        return 0;
    }
    return fail(20, "%s is missing in " THM_PRELOAD_DIR "%s", name,
                bits == 32 ? ": 32-bit programs need a build of thimble with gcc-12-multilib (meson option exec32)"
                           : "");
}

/* -- the page --------------------------------------------------------------------------------------------------- */

/* Out: *page mapped, *fd a high descriptor that the program inherits. */
static int make_page(struct thm_exec_page **page, int *fd)
{
    const int low = memfd_create("thimble-exec", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    *fd = low < 0 ? -1 : fcntl(low, F_DUPFD, DESCRIPTOR_MIN);
    const bool ok = *fd >= 0 && ftruncate(low, sizeof **page) == 0 &&
                    fcntl(low, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
    const int problem = errno;
    if (low >= 0)
        close(low);
    void *at = ok ? mmap(NULL, sizeof **page, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0) : MAP_FAILED;
    if (at == MAP_FAILED)
        return fail(20, "shared memory for the program's figures: %s", strerror(ok ? errno : problem));
    *page = at;
    return 0;
}

/* -- the process ------------------------------------------------------------------------------------------------ */

struct start {
    const char *path, *library;
    char **argv;
    int fd;
    struct thm_exec_page *page;
};

/* The library goes first in LD_PRELOAD. Symbols are bound at once: doing that later takes 3 KB of stack that no device
 * needs. */
static bool set_environment(const struct start *s)
{
    const char *others = getenv("LD_PRELOAD");
    char number[16], *preload;
    snprintf(number, sizeof number, "%d", s->fd);
    return asprintf(&preload, "%s%s%s", s->library, others ? ":" : "", others ? others : "") >= 0 &&
           setenv("LD_PRELOAD", preload, 1) == 0 && setenv("LD_BIND_NOW", "1", 1) == 0 &&
           setenv(THM_EXEC_VARIABLE, number, 1) == 0;
}

/* In the child. */
static void become(const struct start *s)
{
    s->page->setup.pid = (uint32_t)getpid();
    if (set_environment(s))
        execv(s->path, s->argv);
    s->page->exec_errno = (uint32_t)errno;
    _exit(20);
}

static volatile sig_atomic_t child;

static void pass_on(int sig)
{
    if (child > 0)
        kill((pid_t)child, sig);
}

/* The terminal's signals reach the program by themselves and are its to answer; others are passed on. */
static void set_signals(void)
{
    const struct sigaction ignore = { .sa_handler = SIG_IGN }, pass = { .sa_handler = pass_on, .sa_flags = SA_RESTART };
    sigaction(SIGINT, &ignore, NULL);
    sigaction(SIGQUIT, &ignore, NULL);
    sigaction(SIGTERM, &pass, NULL);
    sigaction(SIGHUP, &pass, NULL);
}

static int wait_for(pid_t pid, int *status)
{
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return fail(20, "waiting for the program: %s", strerror(errno));
    return 0;
}

static int start(const struct start *s, int *wait_status)
{
    sigset_t some, before;
    fflush(NULL);
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    sigaddset(&some, SIGHUP);
    sigprocmask(SIG_BLOCK, &some, &before); /* until there is someone to pass them on to */
    const pid_t pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        become(s);
    }
    const int problem = errno;
    child = pid;
    if (pid > 0)
        set_signals();
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0)
        return fail(20, "fork: %s", strerror(problem));
    const int status = wait_for(pid, wait_status);
    const int refused = (int)s->page->exec_errno;
    return !status && refused ? fail(126, "%s: %s", s->path, strerror(refused)) : status;
}

void thm_exec_tame(struct thm_exec_page *page)
{
    struct thm_exec_result *r = &page->result;
    struct thm_exec_trace *const traces[] = { &r->failure_trace, &r->fault_trace, &r->largest_trace };
    for (size_t i = 0; i < sizeof traces / sizeof traces[0]; i++)
        traces[i]->frames = traces[i]->frames < THM_EXEC_FRAMES ? traces[i]->frames : THM_EXEC_FRAMES;
    for (size_t i = 0; i < THM_EXEC_FAILURES; i++)
        r->failure[i].call[sizeof r->failure[i].call - 1] = '\0';
    for (size_t i = 0; i < THM_EXEC_MODULES; i++)
        r->module[i].path[sizeof r->module[i].path - 1] = '\0';
    r->modules = r->modules < THM_EXEC_MODULES ? r->modules : THM_EXEC_MODULES;
    r->fault_region = r->fault_region < page->setup.regions_count ? r->fault_region : 0;
    r->stage = r->stage <= THM_EXEC_ENDED ? r->stage : THM_EXEC_NOT_LOADED;
}

/* Out: *out's page, from the one that the program had. */
static void take_page(struct thm_exec_outcome *out, const struct thm_exec_page *page,
                      const struct thm_exec_setup *setup)
{
    out->page = *page;
    out->page.setup = *setup;
    thm_exec_tame(&out->page);
}

static int run_page(const struct thm_exec_options *o, struct thm_exec_outcome *out, struct thm_exec_page *page, int fd)
{
    char library[PATH_MAX];
    const char *wrong = thm_exec_describe(o, out->bits, &page->setup);
    if (wrong)
        return fail(2, "%s: too much for 'thimble exec': %s", o->profile->name, wrong);
    int status = find_library(out->bits, library, sizeof library);
    if (status)
        return status;
    const struct thm_exec_setup setup = page->setup;
    status = start(&(struct start){ out->path, library, o->argv, fd, page }, &out->wait_status);
    take_page(out, page, &setup);
    return status;
}

int thm_exec_run(const struct thm_exec_options *o, struct thm_exec_outcome *out)
{
    struct thm_exec_page *page = NULL;
    int fd = -1;
    *out = (struct thm_exec_outcome){ 0 };
    int status = thm_exec_find(o->argv[0], &out->path);
    if (status)
        return fail(status, "%s: %s", o->argv[0],
                    status == 127   ? "no such program"
                    : status == 126 ? "it may not be executed"
                                    : "out of memory");
    const char *wrong = thm_exec_inspect(out->path, &out->bits);
    if (wrong)
        return fail(2, "%s: %s", out->path, wrong);
    status = make_page(&page, &fd);
    if (!status)
        status = run_page(o, out, page, fd);
    if (page)
        munmap(page, sizeof *page);
    if (fd >= 0)
        close(fd);
    return status;
}

void thm_exec_outcome_finish(struct thm_exec_outcome *out)
{
    free(out->path);
    out->path = NULL;
}

/* -- the status ------------------------------------------------------------------------------------------------- */

int thm_exec_status(const struct thm_exec_outcome *out)
{
    const struct thm_exec_result *r = &out->page.result;
    if (r->stage == THM_EXEC_NOT_LOADED)
        return 20;
    if (r->stage == THM_EXEC_NO_SETUP)
        return r->setup_error == THM_MEM_ENOMEM ? 10 : r->setup_error == THM_MEM_EINVAL ? 2 : 20;
    if (r->fault)
        return 12;
    return WIFSIGNALED(out->wait_status) ? 128 + WTERMSIG(out->wait_status) : WEXITSTATUS(out->wait_status);
}
