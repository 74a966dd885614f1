/* emu/preload/start.c -- main() on the board's stack; threads; the ways out. */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "emu/preload/library.h"

#define EXPORT __attribute__((visibility("default")))

void *thm_exec_next(const char *symbol)
{
    return dlsym(RTLD_NEXT, symbol);
}

/* -- main ------------------------------------------------------------------------------------------------------- */

typedef int main_fn(int argc, char **argv, char **envp);

struct main_call {
    int argc;
    char **argv, **envp;
    int status;
};

static main_fn *program_main;

void thm_exec_call_main(void *arg)
{
    struct main_call *c = arg;
    c->status = program_main(c->argc, c->argv, c->envp);
}

static int board_main(int argc, char **argv, char **envp)
{
    struct main_call c = { argc, argv, envp, 0 };
    if (!thm_exec_ready())
        return program_main(argc, argv, envp);
    const struct mallinfo2 startup = mallinfo2();
    thm_exec.result->startup_bytes = (uint32_t)(startup.uordblks + startup.hblkhd);
    if (thm_exec_catch_faults() < 0) {
        thm_exec.result->setup_error = THM_MEM_EHOST;
        thm_exec.result->stage = THM_EXEC_NO_SETUP;
        thm_exec_end(20);
    }
    thm_exec.charging = true;
    thm_exec.result->stage = THM_EXEC_IN_MAIN;
    thm_call_on_stack(thm_exec_call_main, &c, thm_exec.stack.top);
    return c.status;
}

typedef int start_fn(main_fn *main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                     void (*rtld_fini)(void), void *stack_end);
start_fn __libc_start_main;

EXPORT int __libc_start_main(main_fn *main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                             void (*rtld_fini)(void), void *stack_end)
{
    start_fn *start = (start_fn *)thm_exec_next("__libc_start_main");
    program_main = main;
    if (!start)
        thm_exec_end(20);
    return start(board_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* -- the ways out that run no destructor ------------------------------------------------------------------------ */

EXPORT void _exit(int status)
{
    thm_exec_finish();
    thm_exec_end(status);
}

void _Exit(int status) __attribute__((alias("_exit"), visibility("default")));

EXPORT void abort(void)
{
    void (*next)(void) = (void (*)(void))thm_exec_next("abort");
    thm_exec_finish();
    if (next)
        next();
    thm_exec_end(128 + SIGABRT);
}

/* -- threads ---------------------------------------------------------------------------------------------------- */

struct start { /* what a thread begins with */
    void *(*fn)(void *arg);
    void *arg;
};

static void count_thread(int change)
{
    struct thm_exec_result *r = thm_exec.result;
    const uint32_t now = __atomic_add_fetch(&r->threads, (uint32_t)change, __ATOMIC_RELAXED);
    uint32_t peak = __atomic_load_n(&r->threads_peak, __ATOMIC_RELAXED);
    while (change > 0 && now > peak &&
           !__atomic_compare_exchange_n(&r->threads_peak, &peak, now, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static void leave(void *unused)
{
    (void)unused;
    count_thread(-1);
}

void *__libc_malloc(size_t n);
void __libc_free(void *p);

void *thm_exec_begin_thread(void *arg)
{
    const struct start s = *(struct start *)arg;
    void *result;
    __libc_free(arg);
    pthread_cleanup_push(leave, NULL);
    result = s.fn(s.arg);
    pthread_cleanup_pop(1);
    return result;
}

typedef int create_fn(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *arg), void *arg);

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *arg), void *arg)
{
    create_fn *create = (create_fn *)thm_exec_next("pthread_create");
    if (!create)
        return EAGAIN;
    if (!thm_exec_ready())
        return create(thread, attr, fn, arg);
    struct start *s = __libc_malloc(sizeof *s);
    if (!s)
        return EAGAIN;
    *s = (struct start){ fn, arg };
    count_thread(1);
    const int e = create(thread, attr, thm_exec_begin_thread, s);
    if (e) {
        count_thread(-1);
        __libc_free(s);
    }
    return e;
}
