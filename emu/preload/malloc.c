/* emu/preload/malloc.c -- the C library's allocation calls, given the board's heap. */
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "emu/preload/library.h"

#define EXPORT __attribute__((visibility("default")))

/* glibc's own, under the names that it exports for this. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

struct call { /* one request, or one block to free, on its way through the lock */
    const char *name;
    uint64_t n, align;
    void *p; /* realloc and free: the block; out: the new one */
    bool first_failure, largest;
};

/* -- what is told ----------------------------------------------------------------------------------------------- */

static void copy_name(char *to, size_t size, const char *name)
{
    size_t i = 0;
    for (; i < size - 1 && name[i]; i++)
        to[i] = name[i];
    to[i] = '\0';
}

static void tell_failure(struct thm_exec_result *r, struct call *c)
{
    struct thm_heap_stats st;
    c->first_failure = r->failed++ == 0;
    if (r->failed > THM_EXEC_FAILURES)
        return;
    thm_heaps_stats(&thm_exec.heap.heaps, THM_CAP_DEFAULT, &st);
    struct thm_exec_failure *f = &r->failure[r->failed - 1];
    *f = (struct thm_exec_failure){ .bytes = c->n, .number = r->requests, .free = st.free, .largest = st.largest };
    copy_name(f->call, sizeof f->call, c->name);
}

static void tell(struct call *c)
{
    struct thm_exec_result *r = thm_exec.result;
    const uint32_t damage = thm_exec_heap_damage(&thm_exec.heap);
    if (damage)
        thm_exec_fail(THM_EXEC_HEAP_DAMAGE, damage);
    r->requests++;
    r->live = thm_exec.heap.live;
    r->padding = thm_exec.heap.padding;
    if (!c->p)
        tell_failure(r, c);
    else if (thm_exec.heap.heaps.low_water < r->low_water) {
        r->low_water = thm_exec.heap.heaps.low_water;
        r->peak_padding = r->padding;
    }
    c->largest = c->n > r->largest_request;
    if (c->largest)
        r->largest_request = c->n;
}

/* Outside the lock: the loader's locks are taken in there, and their holders may be waiting for ours. */
static void trace(const struct call *c)
{
    if (c->first_failure)
        thm_exec_trace(&thm_exec.result->failure_trace);
    if (c->largest)
        thm_exec_trace(&thm_exec.result->largest_trace);
}

/* -- under the lock --------------------------------------------------------------------------------------------- */

static void give_back(void *p)
{
    const enum thm_mem_err e = thm_exec_heap_free(&thm_exec.heap, p);
    if (e)
        thm_exec_fail(e == THM_MEM_EINVAL ? THM_EXEC_BAD_FREE : THM_EXEC_HEAP_DAMAGE,
                      thm_exec_heap_address(&thm_exec.heap, p));
    thm_exec.result->frees++;
    thm_exec.result->live = thm_exec.heap.live;
    thm_exec.result->padding = thm_exec.heap.padding;
}

/* Blocks freed by a signal handler in the middle of an allocation wait here. More than these are never freed. */
static _Atomic(void *) waiting[64];
static atomic_bool any_waiting;

static void put_off(void *p)
{
    for (size_t i = 0; i < sizeof waiting / sizeof waiting[0]; i++) {
        void *empty = NULL;
        if (atomic_compare_exchange_strong(&waiting[i], &empty, p))
            break;
    }
    atomic_store(&any_waiting, true);
}

static void give_back_waiting(void)
{
    if (!atomic_load_explicit(&any_waiting, memory_order_relaxed) || !atomic_exchange(&any_waiting, false))
        return;
    for (size_t i = 0; i < sizeof waiting / sizeof waiting[0]; i++) {
        void *p = atomic_exchange(&waiting[i], NULL);
        if (p)
            give_back(p);
    }
}

static void do_alloc(void *arg)
{
    struct call *c = arg;
    give_back_waiting();
    c->p = thm_exec_heap_alloc(&thm_exec.heap, c->n, c->align);
    tell(c);
}

static void do_realloc(void *arg)
{
    struct call *c = arg;
    give_back_waiting();
    if (!thm_exec_heap_size(&thm_exec.heap, c->p))
        thm_exec_fail(THM_EXEC_BAD_FREE, thm_exec_heap_address(&thm_exec.heap, c->p));
    c->p = thm_exec_heap_realloc(&thm_exec.heap, c->p, c->n);
    tell(c);
}

static void do_free(void *arg)
{
    struct call *c = arg;
    give_back_waiting();
    give_back(c->p);
}

/* -- whose is it ------------------------------------------------------------------------------------------------ */

/* Inside an allocation, a signal handler's requests are the C library's: the board's heap is half changed. */
static bool charged(void)
{
    return thm_exec_ready() && thm_exec.charging && !thm_exec_inside();
}

static bool owned(const void *p)
{
    return thm_exec_ready() && thm_exec_heap_owns(&thm_exec.heap, p);
}

static void *uncharged(uint64_t n, uint64_t align)
{
    if (thm_exec_ready() && thm_exec.charging)
        thm_exec.result->uncharged++;
    return align ? __libc_memalign((size_t)align, (size_t)n) : __libc_malloc((size_t)n);
}

void *thm_exec_request(const char *name, uint64_t n, uint64_t align)
{
    struct call c = { .name = name, .n = n, .align = align };
    if (!charged() || !thm_exec_enter(do_alloc, &c))
        return uncharged(n, align);
    trace(&c);
    return c.p;
}

static void *or_enomem(void *p)
{
    if (!p)
        errno = ENOMEM;
    return p;
}

static size_t size_of(void *p)
{
    static size_t (*libc_size)(void *);
    if (!p)
        return 0;
    if (owned(p))
        return thm_exec_heap_size(&thm_exec.heap, p);
    if (!libc_size)
        *(void **)&libc_size = thm_exec_next("malloc_usable_size");
    return libc_size ? libc_size(p) : 0;
}

/* From one heap to the other. */
static void *move(void *p, size_t n)
{
    const size_t old = size_of(p);
    void *to = thm_exec_request("realloc", n, 0);
    if (!to)
        return or_enomem(NULL);
    memcpy(to, p, old < n ? old : n);
    free(p);
    return to;
}

/* -- the calls -------------------------------------------------------------------------------------------------- */

EXPORT void *malloc(size_t n)
{
    return or_enomem(thm_exec_request("malloc", n, 0));
}

/* One that does not fit is more than there is: the request fails and is counted as any other. */
static size_t product(size_t count, size_t n)
{
    size_t bytes;
    return __builtin_mul_overflow(count, n, &bytes) ? SIZE_MAX : bytes;
}

EXPORT void *calloc(size_t count, size_t n)
{
    const size_t bytes = product(count, n);
    if (!charged())
        return or_enomem(__libc_calloc(count, n));
    void *p = or_enomem(thm_exec_request("calloc", bytes, 0));
    return p ? memset(p, 0, bytes) : NULL;
}

EXPORT void free(void *p)
{
    struct call c = { .name = "free", .p = p };
    if (!p)
        return;
    if (!owned(p))
        __libc_free(p);
    else if (!thm_exec_enter(do_free, &c))
        put_off(p);
}

EXPORT void *realloc(void *p, size_t n)
{
    struct call c = { .name = "realloc", .n = n, .p = p };
    if (!p)
        return or_enomem(thm_exec_request("realloc", n, 0));
    if (n == 0) {
        free(p);
        return NULL;
    }
    const bool mine = owned(p);
    if (!mine && !charged())
        return or_enomem(__libc_realloc(p, n));
    if (!mine || !thm_exec_enter(do_realloc, &c))
        return move(p, n);
    trace(&c);
    return or_enomem(c.p);
}

EXPORT void *reallocarray(void *p, size_t count, size_t n)
{
    return realloc(p, product(count, n));
}

/* As glibc: an alignment that is no power of two is raised to the next. */
static void *aligned(const char *name, size_t align, size_t n)
{
    size_t power = sizeof(void *);
    while (power < align && power <= SIZE_MAX / 4)
        power *= 2;
    return or_enomem(power < align ? NULL : thm_exec_request(name, n, power));
}

EXPORT void *memalign(size_t align, size_t n)
{
    return aligned("memalign", align, n);
}

EXPORT void *aligned_alloc(size_t align, size_t n)
{
    return aligned("aligned_alloc", align, n);
}

EXPORT int posix_memalign(void **out, size_t align, size_t n)
{
    const int before = errno;
    if (align < sizeof(void *) || align & (align - 1))
        return EINVAL;
    void *p = thm_exec_request("posix_memalign", n, align);
    errno = before;
    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

EXPORT void *valloc(size_t n)
{
    return aligned("valloc", page_size(), n);
}

EXPORT void *pvalloc(size_t n)
{
    const size_t page = page_size();
    return n > SIZE_MAX - page ? or_enomem(NULL) : aligned("pvalloc", page, (n + page - 1) & ~(page - 1));
}

EXPORT size_t malloc_usable_size(void *p)
{
    return size_of(p);
}
