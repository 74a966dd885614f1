#include "memmodels/caps.h"
#include <string.h>

/* Columns of falling priority. Source: esp-idf components/heap/port/esp32/memory_layout.c; the S3 rows: port/esp32s3.
 * "RAM" is a board without capabilities: whatever is asked for, it is this memory. */
#define ALL_INTERNAL (THM_CAP_EXEC | THM_CAP_32BIT | THM_CAP_8BIT | THM_CAP_DMA | THM_CAP_INTERNAL | THM_CAP_DEFAULT)
#define S3_COMMON    (THM_CAP_DEFAULT | THM_CAP_32BIT | THM_CAP_8BIT)
static const struct thm_mem_type types[] = {
    { "DRAM", { THM_CAP_8BIT | THM_CAP_DEFAULT, THM_CAP_INTERNAL | THM_CAP_DMA | THM_CAP_32BIT, 0 } },
    { "D/IRAM", { 0, THM_CAP_DMA | THM_CAP_8BIT | THM_CAP_INTERNAL | THM_CAP_DEFAULT, THM_CAP_32BIT | THM_CAP_EXEC } },
    { "IRAM", { THM_CAP_INTERNAL | THM_CAP_EXEC | THM_CAP_32BIT, 0, 0 } },
    { "SPIRAM", { THM_CAP_SPIRAM | THM_CAP_DEFAULT, 0, THM_CAP_8BIT | THM_CAP_32BIT } },
    { "RTC", { THM_CAP_RTCRAM, THM_CAP_8BIT | THM_CAP_DEFAULT, THM_CAP_INTERNAL | THM_CAP_32BIT | THM_CAP_EXEC } },
    { "S3-D/IRAM",
      { S3_COMMON | THM_CAP_INTERNAL | THM_CAP_DMA, 0, 0 } }, /* no EXEC: memory protection is the default */
    { "S3-DRAM", { 0, S3_COMMON | THM_CAP_INTERNAL | THM_CAP_DMA, 0 } },
    { "S3-SPIRAM", { THM_CAP_SPIRAM, 0, S3_COMMON } },
    { "S3-RTC", { THM_CAP_RTCRAM, 0, S3_COMMON | THM_CAP_INTERNAL } },
    { "DMA-POOL", { 0, THM_CAP_DMA | THM_CAP_INTERNAL, THM_CAP_8BIT | THM_CAP_32BIT } }, /* see thm_heaps_reserve */
    { "RAM", { ALL_INTERNAL, 0, 0 } },
};

#define DIRAM (&types[1])
#define PLAIN (&types[sizeof types / sizeof types[0] - 1])
#define RECORD_BYTES \
    36u /* sizeof(heap_t): three capability words, start, end, an 8-byte lock, heap and next pointers */

const struct thm_mem_type *thm_mem_type_find(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

static const struct {
    const char *name;
    uint32_t bit;
} cap_names[] = {
    { "EXEC", THM_CAP_EXEC },       { "32BIT", THM_CAP_32BIT },   { "8BIT", THM_CAP_8BIT },
    { "DMA", THM_CAP_DMA },         { "SPIRAM", THM_CAP_SPIRAM }, { "INTERNAL", THM_CAP_INTERNAL },
    { "DEFAULT", THM_CAP_DEFAULT }, { "RTCRAM", THM_CAP_RTCRAM },
};

/* The bit of the name text[0..len); 0: unknown. */
static uint32_t cap_bit(const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof cap_names / sizeof cap_names[0]; i++)
        if (strlen(cap_names[i].name) == len && memcmp(cap_names[i].name, text, len) == 0)
            return cap_names[i].bit;
    return 0;
}

bool thm_caps_parse(const char *text, uint32_t *caps)
{
    for (*caps = 0;; text++) {
        const size_t len = strcspn(text, "|");
        const uint32_t bit = cap_bit(text, len);
        *caps |= bit;
        text += len;
        if (bit == 0 || *text == '\0')
            return bit != 0;
    }
}

void thm_heaps_init(struct thm_heaps *hs, uint32_t internal_limit)
{
    *hs = (struct thm_heaps){ .internal_limit = internal_limit };
}

static uint32_t all_caps(const struct thm_mem_type *t)
{
    return t->caps[0] | t->caps[1] | t->caps[2];
}

static bool covers(const struct thm_mem_type *t, uint32_t caps)
{
    return (all_caps(t) & caps) == caps;
}

static uint32_t free_of(const struct thm_heap *h)
{
    struct thm_heap_stats s;
    if (h->ops->free_bytes)
        return h->ops->free_bytes(h);
    h->ops->stats(h, &s);
    return s.free;
}

uint32_t thm_heaps_free_bytes(const struct thm_heaps *hs)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < hs->n; i++)
        if (all_caps(hs->type[i]) & THM_CAP_DEFAULT)
            sum += free_of(&hs->heap[i]);
    return sum;
}

/* After a successful allocation. */
static uint32_t counted(struct thm_heaps *hs, uint32_t p)
{
    if (p) {
        const uint32_t now = thm_heaps_free_bytes(hs);
        hs->low_water = now < hs->low_water ? now : hs->low_water;
    }
    return p;
}

/* Where the heap goes: before the first that is not smaller; last, where they are not sorted. */
static uint32_t place_of(const struct thm_heaps *hs, const struct thm_heap *h)
{
    uint32_t i = 0;
    while (i < hs->n && (h->ops->unsorted || hs->heap[i].size < h->size))
        i++;
    return i;
}

static bool untouched(const struct thm_heap *h)
{
    struct thm_heap_stats s;
    h->ops->stats(h, &s);
    return s.blocks_alloc == 0 && s.min_free == s.free;
}

/* A heap that nobody used yet, of the same type and time, that begins where [base, base + size) ends or the other way
 * round; hs->n: none. */
static uint32_t neighbour_of(const struct thm_heaps *hs, const struct thm_heap *h, const struct thm_mem_type *type,
                             bool at_front)
{
    uint32_t i = 0;
    for (; i < hs->n; i++) {
        const struct thm_heap *o = &hs->heap[i];
        const bool behind = o->base + o->size == h->base && o->mem + o->size == h->mem;
        const bool before = h->base + h->size == o->base && h->mem + h->size == o->mem;
        if (hs->type[i] == type && hs->at_front[i] == at_front && (behind || before) && untouched(o))
            break;
    }
    return i;
}

/* Move the entries from `from` on to `to`. */
static void shift(struct thm_heaps *hs, uint32_t from, uint32_t to)
{
    memmove(&hs->heap[to], &hs->heap[from], (hs->n - from) * sizeof hs->heap[0]);
    memmove(&hs->type[to], &hs->type[from], (hs->n - from) * sizeof hs->type[0]);
    memmove(&hs->at_front[to], &hs->at_front[from], (hs->n - from) * sizeof hs->at_front[0]);
}

static void take_out(struct thm_heaps *hs, uint32_t i)
{
    if (all_caps(hs->type[i]) & THM_CAP_DEFAULT)
        hs->low_water -= free_of(&hs->heap[i]);
    shift(hs, i + 1, i);
    hs->n--;
}

static void put_in(struct thm_heaps *hs, const struct thm_heap *h, const struct thm_mem_type *type, bool at_front)
{
    const uint32_t i = at_front ? 0 : place_of(hs, h);
    shift(hs, i, i + 1);
    hs->heap[i] = *h;
    hs->type[i] = type;
    hs->at_front[i] = at_front;
    hs->n++;
    if (all_caps(type) & THM_CAP_DEFAULT)
        hs->low_water += free_of(h);
}

enum thm_mem_err thm_heaps_add(struct thm_heaps *hs, const struct thm_heap_ops *ops, const struct thm_mem_type *type,
                               uint8_t *mem, uint32_t base, uint32_t size, bool at_front)
{
    struct thm_heap heap = { .mem = mem, .base = base, .size = size };
    const uint32_t next = neighbour_of(hs, &heap, type, at_front);
    if (next < hs->n) {
        const struct thm_heap old = hs->heap[next];
        const bool first = old.base < base;
        take_out(hs, next);
        return thm_heaps_add(hs, ops, type, first ? old.mem : mem, first ? old.base : base, old.size + size, at_front);
    }
    if (hs->n == THM_HEAPS_MAX)
        return THM_MEM_EINVAL;
    const enum thm_mem_err e = thm_heap_init(&heap, ops, mem, base, size);
    if (!e)
        put_in(hs, &heap, type, at_front);
    return e;
}

enum thm_mem_err thm_heaps_take_records(struct thm_heaps *hs, uint32_t regions)
{
    for (uint32_t i = 0; i < hs->n; i++)
        if (covers(hs->type[i], THM_CAP_8BIT | THM_CAP_INTERNAL)) {
            const uint32_t p = hs->heap[i].ops->malloc(&hs->heap[i], regions * RECORD_BYTES);
            return counted(hs, p) ? THM_MEM_OK : THM_MEM_ENOMEM;
        }
    return THM_MEM_EINVAL;
}

/* One block of the pool becomes a heap; its last byte is left out, as the device does it. */
static enum thm_mem_err reserve_block(struct thm_heaps *hs, uint32_t bytes)
{
    const uint32_t p = thm_heaps_malloc_caps(hs, bytes, THM_CAP_DMA | THM_CAP_INTERNAL);
    if (p == 0)
        return THM_MEM_ENOMEM;
    return thm_heaps_add(hs, hs->heap[0].ops, thm_mem_type_find("DMA-POOL"), thm_heaps_host(hs, p), p, bytes - 1, true);
}

enum thm_mem_err thm_heaps_reserve(struct thm_heaps *hs, uint32_t bytes)
{
    enum thm_mem_err e = THM_MEM_OK;
    while (bytes && !e) {
        struct thm_heap_stats s;
        thm_heaps_stats(hs, THM_CAP_DMA | THM_CAP_INTERNAL, &s);
        const uint32_t block = s.largest < bytes ? s.largest : bytes;
        e = block ? reserve_block(hs, block) : THM_MEM_ENOMEM;
        bytes -= block;
    }
    return e;
}

/* The index of the heap that holds p; hs->n: none. */
static uint32_t heap_of(const struct thm_heaps *hs, uint32_t p)
{
    uint32_t i = 0;
    while (i < hs->n && p - hs->heap[i].base >= hs->heap[i].size)
        i++;
    return i;
}

/* align 0: plain malloc. On the device a block for code in D/IRAM begins with its own data address. */
static uint32_t allocate_in(struct thm_heaps *hs, uint32_t i, uint32_t align, uint32_t n, uint32_t caps)
{
    struct thm_heap *h = &hs->heap[i];
    if (caps & THM_CAP_EXEC && hs->type[i] == DIRAM)
        n = n > UINT32_MAX - 4 ? 0 : n + 4;
    if (n == 0)
        return 0;
    if (align == 0)
        return h->ops->malloc(h, n);
    return h->ops->memalign ? h->ops->memalign(h, align, n) : 0;
}

static uint32_t search(struct thm_heaps *hs, uint32_t align, uint32_t n, uint32_t caps)
{
    if (caps & THM_CAP_EXEC && caps & (THM_CAP_8BIT | THM_CAP_DMA))
        return 0;
    if (caps & THM_CAP_32BIT)
        n = n > UINT32_MAX - 3 ? 0 : (n + 3) & ~3u;
    for (uint32_t column = 0; column < 3; column++)
        for (uint32_t i = 0; i < hs->n; i++) {
            const bool matches = hs->type[i]->caps[column] & caps && covers(hs->type[i], caps);
            const uint32_t p = matches ? allocate_in(hs, i, align, n, caps) : 0;
            if (p)
                return p;
        }
    return 0;
}

/* What malloc asks for first; with PSRAM, any DEFAULT memory comes second. */
static uint32_t plain_caps(const struct thm_heaps *hs, uint32_t n)
{
    const bool external = hs->internal_limit && n > hs->internal_limit;
    return THM_CAP_DEFAULT | (uint32_t)(external ? THM_CAP_SPIRAM : THM_CAP_INTERNAL);
}

uint32_t thm_heaps_malloc_caps(struct thm_heaps *hs, uint32_t n, uint32_t caps)
{
    return counted(hs, search(hs, 0, n, caps));
}

uint32_t thm_heaps_malloc(struct thm_heaps *hs, uint32_t n)
{
    uint32_t p = search(hs, 0, n, plain_caps(hs, n));
    if (p == 0 && hs->internal_limit)
        p = search(hs, 0, n, THM_CAP_DEFAULT);
    return counted(hs, p);
}

uint32_t thm_heaps_memalign(struct thm_heaps *hs, uint32_t align, uint32_t n, uint32_t caps)
{
    if (align == 0 || align & (align - 1))
        return 0;
    return counted(hs, search(hs, align, n, caps));
}

/* In the same heap if it has the capabilities, else wherever there is room. */
static uint32_t realloc_caps(struct thm_heaps *hs, uint32_t i, uint32_t p, uint32_t n, uint32_t caps)
{
    struct thm_heap *h = &hs->heap[i];
    const uint32_t moved = covers(hs->type[i], caps) && h->ops->realloc ? h->ops->realloc(h, p, n) : 0;
    const uint32_t old = moved ? 0 : h->ops->usable(h, p);
    if (moved || old == 0 || h->corrupt_at)
        return moved;
    const uint32_t to = search(hs, 0, n, caps);
    if (to == 0)
        return 0;
    memmove(thm_heaps_host(hs, to), thm_heaps_host(hs, p), old < n ? old : n);
    h->ops->free(h, p);
    return to;
}

uint32_t thm_heaps_realloc(struct thm_heaps *hs, uint32_t p, uint32_t n)
{
    const uint32_t i = heap_of(hs, p);
    if (p == 0)
        return thm_heaps_malloc(hs, n);
    if (i == hs->n)
        return 0;
    if (hs->type[i] == PLAIN && hs->heap[i].ops->realloc)
        return counted(hs, hs->heap[i].ops->realloc(&hs->heap[i], p, n)); /* the allocator is all there is */
    if (n == 0) {
        thm_heaps_free(hs, p);
        return 0;
    }
    uint32_t to = realloc_caps(hs, i, p, n, plain_caps(hs, n));
    if (to == 0 && hs->internal_limit)
        to = realloc_caps(hs, i, p, n, THM_CAP_DEFAULT);
    return counted(hs, to);
}

enum thm_mem_err thm_heaps_free(struct thm_heaps *hs, uint32_t p)
{
    const uint32_t i = heap_of(hs, p);
    if (p == 0)
        return THM_MEM_OK;
    return i < hs->n ? hs->heap[i].ops->free(&hs->heap[i], p) : THM_MEM_EINVAL;
}

void *thm_heaps_host(const struct thm_heaps *hs, uint32_t p)
{
    const uint32_t i = heap_of(hs, p);
    return i < hs->n ? hs->heap[i].mem + (p - hs->heap[i].base) : NULL;
}

void thm_heaps_stats(const struct thm_heaps *hs, uint32_t caps, struct thm_heap_stats *out)
{
    *out = (struct thm_heap_stats){ 0 };
    for (uint32_t i = 0; i < hs->n; i++) {
        struct thm_heap_stats s;
        if (!covers(hs->type[i], caps))
            continue;
        hs->heap[i].ops->stats(&hs->heap[i], &s);
        out->free += s.free;
        out->min_free += s.min_free;
        out->allocated += s.allocated;
        out->blocks_alloc += s.blocks_alloc;
        out->blocks_free += s.blocks_free;
        out->largest = s.largest > out->largest ? s.largest : out->largest;
    }
}

enum thm_mem_err thm_heaps_check(const struct thm_heaps *hs, uint32_t *where)
{
    enum thm_mem_err e = THM_MEM_OK;
    for (uint32_t i = 0; i < hs->n && !e; i++)
        e = hs->heap[i].ops->check(&hs->heap[i], where);
    return e;
}
