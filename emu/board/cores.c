#include "emu/board/cores.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#define NEVER UINT64_MAX

struct core {
    _Atomic uint64_t bound_ns; /* it does nothing to others before; while it waits: the time of its next event */
    bool waits, ended;
    bool listens; /* waits for a message: an arrival before bound_ns is its next event */
};

struct thm_cores {
    struct thm_cores_config config;
    pthread_mutex_t lock; /* guards all below but the bounds of running cores */
    pthread_cond_t changed;
    _Atomic uint64_t awaited_ns; /* the earliest time a core waits for the others to pass */
    _Atomic uint64_t end_ns;     /* of the main core */
    struct core core[THM_CORES_MAX];
    size_t mapped;
    _Alignas(64) uint8_t rings[];
};

static struct thm_ring *ring(struct thm_cores *c, uint32_t from, uint32_t to)
{
    const uint32_t i = from == 0 ? 2 * (to - 1) : 2 * (from - 1) + 1;
    return (struct thm_ring *)(void *)(c->rings + (size_t)i * c->config.ring_bytes);
}

static void make_shared(struct thm_cores *c)
{
    pthread_mutexattr_t m;
    pthread_condattr_t v;
    pthread_mutexattr_init(&m);
    pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&m, PTHREAD_MUTEX_ROBUST); /* a board process may be killed at any time */
    pthread_mutex_init(&c->lock, &m);
    pthread_condattr_init(&v);
    pthread_condattr_setpshared(&v, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&c->changed, &v);
}

struct thm_cores *thm_cores_create(const struct thm_cores_config *config)
{
    const size_t size = sizeof(struct thm_cores) + 2 * (size_t)(config->cores - 1) * config->ring_bytes;
    struct thm_cores *c = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED)
        return NULL;
    c->config = *config;
    c->mapped = size;
    atomic_init(&c->awaited_ns, NEVER);
    atomic_init(&c->end_ns, NEVER);
    make_shared(c);
    return c;
}

void thm_cores_destroy(struct thm_cores *c)
{
    if (c)
        munmap(c, c->mapped);
}

uint32_t thm_cores_message_max(const struct thm_cores *c)
{
    return c->config.message_max;
}

bool thm_cores_is_running(const struct thm_cores *c, uint32_t core)
{
    return !c->core[core].ended;
}

/* ---- clocks ---- */

static void lock(struct thm_cores *c)
{
    if (pthread_mutex_lock(&c->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&c->lock);
}

static void unlock(struct thm_cores *c)
{
    pthread_mutex_unlock(&c->lock);
}

static void tell_all(struct thm_cores *c)
{
    uint64_t awaited = NEVER;
    for (uint32_t i = 0; i < c->config.cores; i++)
        if (c->core[i].waits && c->core[i].bound_ns < awaited)
            awaited = c->core[i].bound_ns;
    c->awaited_ns = awaited;
    pthread_cond_broadcast(&c->changed);
}

void thm_cores_passed(struct thm_cores *c, uint32_t core, uint64_t now_ns)
{
    const uint64_t before = c->core[core].bound_ns;
    c->core[core].bound_ns = now_ns;
    const uint64_t awaited = c->awaited_ns; /* read after the bound is written, as waiters do it the other way round */
    if (now_ns < awaited || before > awaited)
        return;
    lock(c);
    pthread_cond_broadcast(&c->changed);
    unlock(c);
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The board is switched off: nobody need listen any longer. */
static void main_ended(struct thm_cores *c, uint64_t end_ns)
{
    c->end_ns = end_ns;
    for (uint32_t i = 1; i < c->config.cores; i++)
        if (c->core[i].listens)
            c->core[i].bound_ns = least(c->core[i].bound_ns, end_ns + 1);
}

void thm_cores_ended(struct thm_cores *c, uint32_t core, uint64_t end_ns)
{
    lock(c);
    if (core == 0)
        main_ended(c, end_ns != NEVER ? end_ns : c->core[0].bound_ns);
    c->core[core].ended = true;
    c->core[core].waits = false;
    tell_all(c);
    unlock(c);
}

bool thm_cores_over(struct thm_cores *c, uint32_t core, uint64_t now_ns)
{
    return core != 0 && now_ns > c->end_ns;
}

/* May the core at its bound go on? Every other one must be past that time; at the same one the lower number is first.
 */
static bool is_first(const struct thm_cores *c, uint32_t core)
{
    const uint64_t t = c->core[core].bound_ns;
    for (uint32_t i = 0; i < c->config.cores; i++) {
        const struct core *o = &c->core[i];
        const uint64_t bound = o->bound_ns;
        if (i != core && !o->ended && (bound < t || (bound == t && i < core)))
            return false;
    }
    return true;
}

static void wait_for_turn(struct thm_cores *c, uint32_t core)
{
    c->core[core].waits = true;
    tell_all(c);
    while (!is_first(c, core))
        if (pthread_cond_wait(&c->changed, &c->lock) == EOWNERDEAD)
            pthread_mutex_consistent(&c->lock);
}

static void go_on(struct thm_cores *c, uint32_t core)
{
    c->core[core].waits = false;
    tell_all(c);
    unlock(c);
}

/* ---- the mailbox ---- */

/* A core that waits for a message has a new next event: this one's arrival. */
static void announce(struct thm_cores *c, uint32_t to, uint64_t arrives_ns)
{
    struct core *o = &c->core[to];
    if (o->listens)
        o->bound_ns = least(o->bound_ns, arrives_ns);
}

int32_t thm_cores_send(struct thm_cores *c, uint32_t from, uint32_t to, struct thm_cores_wait *w, const void *data,
                       uint32_t len)
{
    const struct thm_ring_message m = { w->now_ns, from, len };
    if (len > c->config.message_max)
        return THM_RING_TOO_LARGE;
    lock(c);
    c->core[from].bound_ns = w->now_ns;
    wait_for_turn(c, from);
    const int32_t err = thm_ring_put(ring(c, from, to), c->config.ring_bytes, &m, data);
    if (!err)
        announce(c, to, w->now_ns + c->config.latency_ns);
    go_on(c, from);
    return err;
}

/* The message that this core can receive first. Result: EMPTY, DAMAGED or 0. */
static int32_t first_message(struct thm_cores *c, uint32_t core, uint32_t *from, uint64_t *arrives_ns)
{
    const uint32_t begin = core == 0 ? 1 : 0, end = core == 0 ? c->config.cores : 1;
    int32_t result = THM_RING_EMPTY;
    for (uint32_t i = begin; i < end; i++) {
        struct thm_ring_message m;
        const int32_t err = thm_ring_peek(ring(c, i, core), c->config.ring_bytes, &m);
        if (err == THM_RING_DAMAGED)
            return err;
        if (err || (!result && m.sent_ns + c->config.latency_ns >= *arrives_ns))
            continue;
        *from = i;
        *arrives_ns = m.sent_ns + c->config.latency_ns;
        result = 0;
    }
    return result;
}

int32_t thm_cores_receive(struct thm_cores *c, uint32_t core, struct thm_cores_wait *w, uint32_t *from, void *data,
                          uint32_t room)
{
    uint64_t arrives = NEVER, next = w->now_ns;
    int32_t err;
    lock(c);
    for (;;) {
        c->core[core].bound_ns = next;
        wait_for_turn(c, core);
        const uint64_t now = c->core[core].bound_ns, end = core ? c->end_ns : NEVER;
        err = first_message(c, core, from, &arrives);
        w->now_ns = now;
        w->stuck = now == NEVER;
        if (err == THM_RING_DAMAGED || now > end || w->stuck || (!err && arrives <= now) || now >= w->deadline_ns)
            break;
        next = least(err ? NEVER : arrives, w->deadline_ns);
        if (end != NEVER)
            next = least(next, end + 1);
        c->core[core].listens = true;
    }
    c->core[core].listens = false;
    if (!err && arrives > w->now_ns)
        err = THM_RING_EMPTY;
    if (!err)
        err = thm_ring_get(ring(c, *from, core), c->config.ring_bytes, data, room);
    go_on(c, core);
    return err;
}
