/* emu/preload/library.c -- finding the setup, the lock, the end. */
#include "emu/preload/library.h"
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SERVICE_STACK (64u << 10)

struct thm_exec_library thm_exec;

extern void *__libc_stack_end; /* the loader's: argc, argv and the environment lie there before anything is set up */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t service_stack[SERVICE_STACK] __attribute__((aligned(64)));
static _Thread_local bool inside;

void thm_exec_end(int status)
{
    for (;;)
        syscall(SYS_exit_group, status);
}

/* -- the setup -------------------------------------------------------------------------------------------------- */

static const char *variable(const char *name)
{
    char **word = (char **)__libc_stack_end + 1;
    const size_t len = strlen(name);
    while (*word) /* argv */
        word++;
    for (word++; *word; word++)
        if (strncmp(*word, name, len) == 0 && (*word)[len] == '=')
            return *word + len + 1;
    return NULL;
}

static int number(const char *text)
{
    int v = 0;
    while (text && *text >= '0' && *text <= '9' && v < 100000)
        v = 10 * v + (*text++ - '0');
    return text && !*text ? v : -1;
}

/* The page behind a descriptor of which we know nothing yet: only a memfd that cannot shrink under the mapping. */
static struct thm_exec_page *map_page(int fd)
{
    struct stat st;
    const int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
    if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &st) < 0 || st.st_size != (off_t)sizeof *thm_exec.page)
        return NULL;
    void *at = mmap(NULL, sizeof *thm_exec.page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return at == MAP_FAILED ? NULL : at;
}

/* In a process that is another program's, or was started by ours, there is nothing to do. */
static bool is_ours(const struct thm_exec_page *page)
{
    return page->setup.magic == THM_EXEC_MAGIC && page->setup.pid == (uint32_t)getpid();
}

static enum thm_mem_err set_up(const struct thm_exec_setup *s, struct thm_exec_result *r)
{
    struct thm_heap_stats st;
    enum thm_mem_err e = thm_exec_setup_check(s) ? THM_MEM_EINVAL : thm_exec_heap_init(&thm_exec.heap, s);
    if (!e)
        e = thm_stack_map(&thm_exec.stack, "main", s->stack);
    if (e)
        return e;
    thm_heaps_stats(&thm_exec.heap.heaps, THM_CAP_DEFAULT, &st);
    r->whole = thm_exec.heap.whole;
    r->free_at_start = r->end_free = r->low_water = st.free;
    r->largest_at_start = r->end_largest = st.largest;
    r->allocator_align = thm_exec.heap.allocator_align;
    r->threads = r->threads_peak = 1;
    return THM_MEM_OK;
}

static void attach(void)
{
    struct thm_exec_page *page = map_page(number(variable(THM_EXEC_VARIABLE)));
    if (!page)
        return;
    if (!is_ours(page)) {
        munmap(page, sizeof *page);
        return;
    }
    struct thm_exec_result *r = &page->result;
    *r = (struct thm_exec_result){ .images = r->images + 1 };
    r->setup_error = set_up(&page->setup, r);
    r->stage = r->setup_error ? THM_EXEC_NO_SETUP : THM_EXEC_STARTING;
    if (r->setup_error)
        thm_exec_end(20);
    thm_exec.page = page;
    thm_exec.result = r;
    thm_exec.charging = page->setup.charge_startup;
}

/* The first call comes from the loader, long before there can be a second thread. */
bool thm_exec_ready(void)
{
    static bool attached;
    if (!attached) {
        attached = true;
        attach();
    }
    return thm_exec.page != NULL;
}

/* -- the lock --------------------------------------------------------------------------------------------------- */

bool thm_exec_inside(void)
{
    return inside;
}

bool thm_exec_enter(void (*fn)(void *arg), void *arg)
{
    if (inside)
        return false;
    inside = true;
    pthread_mutex_lock(&lock);
    thm_call_on_stack(fn, arg, service_stack + sizeof service_stack);
    pthread_mutex_unlock(&lock);
    inside = false;
    return true;
}

/* A signal handler that forks in the middle of an allocation holds the lock already. */
static void before_fork(void)
{
    if (!inside)
        pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
    if (!inside)
        pthread_mutex_unlock(&lock);
}

/* The child goes on with its copy of the board and tells nobody. */
static void after_fork_in_child(void)
{
    static struct thm_exec_result own;
    if (thm_exec.result) {
        own = *thm_exec.result;
        thm_exec.result = &own;
    }
    after_fork();
}

/* -- the end ---------------------------------------------------------------------------------------------------- */

static void tell_end(void *unused)
{
    struct thm_exec_result *r = thm_exec.result;
    struct thm_heap_stats st;
    (void)unused;
    thm_heaps_stats(&thm_exec.heap.heaps, THM_CAP_DEFAULT, &st);
    r->end_free = st.free;
    r->end_largest = st.largest;
    r->stack_used = thm_stack_used(&thm_exec.stack);
    r->stage = THM_EXEC_ENDED;
}

/* Not for a child of vfork, which ends in our memory. */
void thm_exec_finish(void)
{
    if (thm_exec_ready() && is_ours(thm_exec.page) && thm_exec.result->stage >= THM_EXEC_IN_MAIN)
        thm_exec_enter(tell_end, NULL);
}

__attribute__((constructor)) static void at_load(void)
{
    if (thm_exec_ready())
        pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

__attribute__((destructor)) static void at_unload(void)
{
    thm_exec_finish();
}
