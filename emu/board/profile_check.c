#include "emu/board/profile_check_int.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/cores.h"
#include "emu/board/out_of_memory.h"
#include "interpreter/inspect.h"
#include "interpreter/interpreter.h"
#include "memmodels/caps.h"

#define HOST_PAGE       4096u        /* the guard below a stack is a page of the PC's */
#define CLOCK_MAX       10000000000u /* Hz; a typing error above it */
#define STACK_MIN       256u
#define STACK_MAX       0x1000000u
#define TAKEN_MAX       10000u /* blocks of one row */
#define CHUNK_MAX       0x100000u
#define TIMEOUT_MAX_MS  3600000u
#define RING_MAX        0x100000u
#define TLS_CONTENT_MIN 512u   /* RFC 6066: smallest fragment length */
#define TLS_CONTENT_MAX 16384u /* RFC 8446 5.1: longest record */

void thm_check_at(struct check *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(c->path, sizeof c->path, fmt, ap);
    va_end(ap);
}

int thm_check_one_of(struct check *c, const char *value, const char *const *known)
{
    char list[128] = "";
    size_t len = 0;
    for (size_t i = 0; known[i]; i++) {
        if (strcmp(value, known[i]) == 0)
            return 0;
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", i ? ", " : "", known[i]);
    }
    return WRONG(c, "expected one of %s, found '%s'", list, value);
}

int thm_check_known(struct check *c, const void *found, const char *what, const char *value)
{
    return found ? 0 : WRONG(c, "expected %s this build knows, found '%s'", what, value);
}

int thm_check_within(struct check *c, uint64_t value, uint64_t min, uint64_t max)
{
    return value >= min && value <= max
               ? 0
               : WRONG(c, "expected %" PRIu64 " to %" PRIu64 ", found %" PRIu64, min, max, value);
}

/* -- ranges ----------------------------------------------------------------------------------------------------- */

bool thm_spans_overlap(const struct span *a, const struct span *b)
{
    return a->base < b->base + b->size && b->base < a->base + a->size;
}

static bool inside(const struct span *a, const struct span *outer)
{
    return a->base >= outer->base && a->base + a->size <= outer->base + outer->size;
}

struct span thm_bank_span(const struct thm_profile *p, unsigned i)
{
    return (struct span){ p->memory[i].name, p->memory[i].base, p->memory[i].size };
}

static struct span fixed(const struct thm_profile *p, unsigned i)
{
    return (struct span){ p->statics[i].name, p->statics[i].base, p->statics[i].size };
}

static struct span heap(const struct thm_profile *p, unsigned i)
{
    return (struct span){ p->heaps[i].name, p->heaps[i].base, p->heaps[i].size };
}

int thm_check_separate(struct check *c, struct span (*get)(const struct thm_profile *, unsigned), unsigned i,
                       const char *list, const char *start)
{
    struct span s = get(c->p, i);
    thm_check_at(c, "%s[%u].size", list, i);
    if (s.size == 0)
        return WRONG(c, "expected at least 1 byte, found 0");
    for (unsigned k = 0; k < i; k++) {
        struct span other = get(c->p, k);
        thm_check_at(c, "%s[%u].name", list, i);
        if (strcmp(s.name, other.name) == 0)
            return WRONG(c, "expected a name of its own, '%s' is %s[%u]", s.name, list, k);
        thm_check_at(c, "%s[%u].%s", list, i, start);
        if (thm_spans_overlap(&s, &other))
            return WRONG(c, "0x%" PRIx64 " + %" PRIu64 " overlaps %s[%u] '%s' at 0x%" PRIx64 " + %" PRIu64, s.base,
                         s.size, list, k, other.name, other.base, other.size);
    }
    return 0;
}

/* -- the parts of a profile ------------------------------------------------------------------------------------- */

/* Is there a profile of the core, with the kernels? */
static int check_cost(struct check *c, const struct thm_profile_core *k, unsigned i)
{
    struct thm_cost_core *core;
    struct thm_cost cost;
    char *error;
    thm_check_at(c, "cores[%u].isa", i);
    int status = thm_profile_core_load(k->isa, &core, &error);
    if (status == 2)
        status = WRONG(c, "expected a core whose profile loads; %s", error);
    thm_check_at(c, "cores[%u].kernels", i);
    if (!status && k->kernels && !thm_cost_open(&cost, core, k->kernels, NULL, k->clock_hz))
        status = WRONG(c, "expected a kernel library of cores/%s.yaml, found '%s'", k->isa, k->kernels);
    free(error);
    thm_profile_core_free(core);
    return status;
}

static int check_core(struct check *c, unsigned i)
{
    const struct thm_profile_core *k = &c->p->cores[i];
    thm_check_at(c, "cores[%u].layout", i);
    int status = thm_check_known(c, thm_layout_find(k->layout), "a struct layout", k->layout);
    if (status)
        return status;
    thm_check_at(c, "cores[%u].clock_hz", i);
    status = thm_check_within(c, k->clock_hz, 1, CLOCK_MAX);
    if (!status)
        status = check_cost(c, k, i);
    for (unsigned n = 0; n < i && !status; n++) {
        thm_check_at(c, "cores[%u].name", i);
        if (strcmp(c->p->cores[n].name, k->name) == 0)
            status = WRONG(c, "expected a name of its own, '%s' is cores[%u]", k->name, n);
    }
    return status;
}

static int check_cores(struct check *c)
{
    int status = 0;
    for (unsigned i = 0; i < c->p->cores_count && !status; i++)
        status = check_core(c, i);
    return status;
}

static int check_memory(struct check *c)
{
    for (unsigned i = 0; i < c->p->memory_count; i++) {
        struct span s = thm_bank_span(c->p, i);
        int status = thm_check_separate(c, thm_bank_span, i, "memory", "base");
        if (status)
            return status;
        thm_check_at(c, "memory[%u].size", i);
        if (s.base + s.size > UINT64_C(0x100000000))
            return WRONG(c, "0x%" PRIx64 " + %" PRIu64 " ends past the 32-bit address space", s.base, s.size);
    }
    return 0;
}

/* The range lies in one memory bank; the path is set. */
static int in_a_bank(struct check *c, const struct span *s)
{
    for (unsigned k = 0; k < c->p->memory_count; k++) {
        struct span b = thm_bank_span(c->p, k);
        if (inside(s, &b))
            return 0;
    }
    return WRONG(c, "0x%" PRIx64 " + %" PRIu64 " is outside every memory bank", s->base, s->size);
}

static int check_statics(struct check *c)
{
    int status = 0;
    for (unsigned i = 0; i < c->p->statics_count && !status; i++) {
        struct span s = fixed(c->p, i);
        status = thm_check_separate(c, fixed, i, "statics", "base");
        thm_check_at(c, "statics[%u].base", i);
        status = status ? status : in_a_bank(c, &s);
    }
    return status;
}

/* A heap begins after what the linker gave away. */
static int clear_of_statics(struct check *c, const struct span *s)
{
    for (unsigned k = 0; k < c->p->statics_count; k++) {
        struct span other = fixed(c->p, k);
        if (thm_spans_overlap(s, &other))
            return WRONG(c, "0x%" PRIx64 " + %" PRIu64 " overlaps statics[%u] '%s' at 0x%" PRIx64 " + %" PRIu64,
                         s->base, s->size, k, other.name, other.base, other.size);
    }
    return 0;
}

static int check_heap(struct check *c, unsigned i)
{
    struct span s = heap(c->p, i);
    int status = thm_check_separate(c, heap, i, "heaps", "base");
    if (status)
        return status;
    thm_check_at(c, "heaps[%u].type", i);
    status = thm_check_known(c, thm_mem_type_find(c->p->heaps[i].type), "a memory type", c->p->heaps[i].type);
    if (status)
        return status;
    thm_check_at(c, "heaps[%u].base", i);
    status = in_a_bank(c, &s);
    return status ? status : clear_of_statics(c, &s);
}

static int check_heaps(struct check *c)
{
    int status = 0;
    for (unsigned i = 0; i < c->p->heaps_count && !status; i++)
        status = check_heap(c, i);
    return status;
}

static int check_oom_policy(struct check *c, const char *name)
{
    const char *known[16] = { NULL };
    for (size_t i = 0; i + 1 < sizeof known / sizeof *known && thm_oom_policy_at(i); i++)
        known[i] = thm_oom_policy_at(i)->name;
    return thm_check_one_of(c, name, known);
}

static int check_allocator(struct check *c)
{
    const struct thm_profile_allocator *a = &c->p->allocator;
    thm_check_at(c, "allocator.name");
    int status = thm_check_known(c, thm_heap_find(c->p->allocator.name), "an allocator", c->p->allocator.name);
    if (status)
        return status;
    thm_check_at(c, "allocator.on_failure");
    status = check_oom_policy(c, a->on_failure);
    thm_check_at(c, "allocator.on_new_failure");
    return status || !a->on_new_failure ? status : check_oom_policy(c, a->on_new_failure);
}

static int check_one_taken(struct check *c, unsigned i)
{
    static const char *const caps[] = { "default", "internal", "dma", "spiram", NULL };
    static const char *const when[] = { "boot", "network", NULL };
    const struct thm_profile_taken *t = &c->p->taken[i];
    thm_check_at(c, "taken[%u].bytes", i);
    int status = thm_check_within(c, t->bytes, 1, UINT32_MAX);
    if (status)
        return status;
    thm_check_at(c, "taken[%u].count", i);
    status = thm_check_within(c, t->count, 1, TAKEN_MAX);
    if (status)
        return status;
    thm_check_at(c, "taken[%u].caps", i);
    status = t->caps ? thm_check_one_of(c, t->caps, caps) : 0;
    if (status)
        return status;
    thm_check_at(c, "taken[%u].when", i);
    return thm_check_one_of(c, t->when, when);
}

static int check_taken(struct check *c)
{
    int status = 0;
    for (unsigned i = 0; i < c->p->taken_count && !status; i++)
        status = check_one_taken(c, i);
    return status;
}

/* A heap may grow towards the stack in the same memory if it is the only one, and nothing is in between. */
static int stack_and_heaps(struct check *c, const struct span *s)
{
    const bool guarded = strcmp(c->p->task.overflow, "mpu") == 0;
    const struct span guard = { "guard", s->base < HOST_PAGE ? 0 : s->base - HOST_PAGE,
                                HOST_PAGE }; /* a page of the PC's */
    for (unsigned i = 0; i < c->p->heaps_count; i++) {
        struct span h = heap(c->p, i);
        if (thm_spans_overlap(s, &h) && (guarded || c->p->heaps_count > 1))
            return WRONG(c, "the stack shares memory with heaps[%u] '%s': expected no mpu and no other heap", i,
                         h.name);
        if (guarded && thm_spans_overlap(&guard, &h))
            return WRONG(c, "heaps[%u] '%s' ends less than %u bytes below the stack, where the mpu's page is", i,
                         h.name, HOST_PAGE);
    }
    return 0;
}

static int check_stack_place(struct check *c)
{
    const struct thm_profile_task *t = &c->p->task;
    struct span s = { "stack", (uint64_t)t->stack_top - t->stack, t->stack };
    thm_check_at(c, "task.stack_top");
    if (t->stack > t->stack_top)
        return WRONG(c, "expected at least the stack's %" PRIu32 " bytes", t->stack);
    int status = in_a_bank(c, &s);
    return status ? status : stack_and_heaps(c, &s);
}

static int check_task(struct check *c)
{
    static const char *const overflows[] = { "canary", "mpu", "silent", NULL };
    thm_check_at(c, "task.stack");
    int status = thm_check_within(c, c->p->task.stack, STACK_MIN, STACK_MAX);
    if (status)
        return status;
    thm_check_at(c, "task.overflow");
    status = thm_check_one_of(c, c->p->task.overflow, overflows);
    return status || !c->p->task.stack_top ? status : check_stack_place(c);
}

static int check_link_name(struct check *c)
{
    struct thm_profile_link *link;
    char *error;
    thm_check_at(c, "network.link");
    int status = thm_profile_link_load(c->p->network.link, &link, &error);
    if (status == 2)
        status = WRONG(c, "expected a link profile that loads; %s", error);
    free(error);
    thm_profile_link_free(link);
    return status;
}

static int check_network(struct check *c)
{
    static const char *const stacks[] = { "mbedtls", "bearssl", "none", NULL };
    const struct thm_profile_network *n = &c->p->network;
    if (!n->link)
        return 0; /* the board has none */
    thm_check_at(c, "network.tls");
    int status = thm_check_one_of(c, n->tls, stacks);
    bool tls = !status && strcmp(n->tls, "none") != 0;
    if (status)
        return status;
    thm_check_at(c, "network.tls_in_content");
    status = tls ? thm_check_within(c, n->tls_in_content, TLS_CONTENT_MIN, TLS_CONTENT_MAX) : 0;
    if (status)
        return status;
    thm_check_at(c, "network.tls_out_content");
    status = tls ? thm_check_within(c, n->tls_out_content, TLS_CONTENT_MIN, TLS_CONTENT_MAX) : 0;
    if (status)
        return status;
    thm_check_at(c, "network.tls_max_fragment");
    const uint32_t fragment = n->tls_max_fragment;
    if (fragment && (!tls || fragment < 512 || fragment > 4096 || (fragment & (fragment - 1))))
        return WRONG(c, "expected 512, 1024, 2048 or 4096, with a TLS stack on this core; found %u", fragment);
    thm_check_at(c, "network.chunk");
    status = thm_check_within(c, n->chunk, 1, CHUNK_MAX);
    if (status)
        return status;
    thm_check_at(c, "network.timeout_ms");
    status = thm_check_within(c, n->timeout_ms, 0, TIMEOUT_MAX_MS);
    return status ? status : check_link_name(c);
}

static int check_linker(struct check *c)
{
    const struct thm_profile_linker *l = &c->p->linker;
    const struct thm_profile_heap *h = NULL;
    if (!l->segment)
        return 0;
    for (unsigned i = 0; i < c->p->heaps_count; i++)
        h = strcmp(c->p->heaps[i].name, l->heap) == 0 ? &c->p->heaps[i] : h;
    thm_check_at(c, "linker.heap");
    if (!h)
        return WRONG(c, "expected the name of a heap region, found '%s'", l->heap);
    thm_check_at(c, "linker.end");
    return thm_check_within(c, l->end, h->base, (uint64_t)h->base + h->size);
}

static int check_operators_name(struct check *c)
{
    struct thm_profile_operators *o;
    char *error;
    if (!c->p->operators)
        return 0;
    thm_check_at(c, "operators");
    int status = thm_profile_operators_load(c->p->operators, &o, &error);
    if (status == 2)
        status = WRONG(c, "expected a set of operators that loads; %s", error);
    free(error);
    thm_profile_operators_free(o);
    return status;
}

static int check_mailbox(struct check *c)
{
    const struct thm_profile *p = c->p;
    const struct thm_profile_mailbox *m = &p->mailbox;
    thm_check_at(c, "companions");
    int status = thm_check_within(c, p->companions_count, 0, THM_CORES_MAX - 1);
    if (status || p->companions_count == 0)
        return status;
    thm_check_at(c, "mailbox.ring_bytes");
    status = thm_check_within(c, m->ring_bytes, THM_RING_MIN, RING_MAX);
    if (!status && m->ring_bytes % 16)
        status = WRONG(c, "expected a multiple of 16, found %" PRIu32, m->ring_bytes);
    if (status)
        return status;
    thm_check_at(c, "mailbox.message_max");
    return thm_check_within(c, m->message_max, 1, m->ring_bytes - THM_RING_HEAD - THM_RING_BLOCK - 16);
}

int thm_profile_check(const struct thm_profile *p, struct thm_yaml *y)
{
    static int (*const checks[])(struct check *) = {
        check_cores,   check_memory,  check_statics,        check_heaps,     check_allocator,
        check_taken,   check_task,    thm_check_flash,      thm_check_media, thm_check_storage,
        check_network, check_mailbox, check_operators_name, check_linker,
    };
    struct check c = { .p = p, .y = y };
    int status = 0;
    for (size_t i = 0; i < sizeof checks / sizeof *checks && !status; i++)
        status = checks[i](&c);
    return status;
}

/* In ns they fit 64 bits. */
static int check_outages(struct check *c, const struct thm_profile_link *l)
{
    const uint64_t max = UINT64_C(1000000000000);
    int status = 0;
    for (unsigned i = 0; !status && i < l->outages_count; i++) {
        thm_check_at(c, "outages[%u].start_ms", i);
        status = thm_check_within(c, l->outages[i].start_ms, 0, max);
        thm_check_at(c, "outages[%u].length_ms", i);
        status = status ? status : thm_check_within(c, l->outages[i].length_ms, 0, max);
    }
    return status;
}

int thm_profile_link_check(const struct thm_profile_link *l, struct thm_yaml *y)
{
    struct check c = { .y = y };
    const uint64_t least = l->down_bps || l->up_bps; /* or both are 0 */
    const struct {
        const char *key;
        uint64_t value, min, max;
    } limits[] = {
        { "down_bps", l->down_bps, least, UINT64_C(100000000000) },
        { "up_bps", l->up_bps, least, UINT64_C(100000000000) },
        { "rtt_us", l->rtt_us, 0, 600000000 },
        { "mtu", l->mtu, 50, 65535 },
        { "jitter_us", l->jitter_us, 0, 600000000 },
        { "loss_ppm", l->loss_ppm, 0, 1000000 },
        { "outage_ms", l->outage_ms, l->outage_every_ms != 0, l->outage_every_ms },
        { "timeout_ms", l->timeout_ms, 0, TIMEOUT_MAX_MS },
        { "rx_mw", l->rx_mw, l->tx_mw != 0, 100000 },
        { "tx_mw", l->tx_mw, l->rx_mw, l->rx_mw ? 100000 : 0 },
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        thm_check_at(&c, "%s", limits[i].key);
        int status = thm_check_within(&c, limits[i].value, limits[i].min, limits[i].max);
        if (status)
            return status;
    }
    return check_outages(&c, l);
}

int thm_profile_operators_check(const struct thm_profile_operators *o, struct thm_yaml *y)
{
    struct check c = { .y = y };
    for (unsigned i = 0; i < o->operators_count; i++) {
        thm_check_at(&c, "operators[%u]", i);
        if (!thm_op_exists(o->operators[i]))
            return WRONG(&c, "expected an operator of TensorFlow Lite Micro, not '%s'", o->operators[i]);
    }
    return 0;
}
