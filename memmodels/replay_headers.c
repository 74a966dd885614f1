#include "memmodels/replay.h"
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define HEAP_ADDRESS 0x20000000u /* where the emulated heap lies, plus base_mod4096; only its low bits show */

const struct thm_heap_ops *thm_replay_allocator(const char *name)
{
    static const char old_newlib[] = "_2.5"; /* how logs name what the rows call _v2 */
    char row[64];
    size_t len = strlen(name);
    if (len + 1 > sizeof row)
        return NULL;
    for (size_t i = 0; i <= len; i++)
        row[i] = name[i] == '-' ? '_' : name[i];
    if (len > sizeof old_newlib && strcmp(row + len - (sizeof old_newlib - 1), old_newlib) == 0)
        memcpy(row + len - (sizeof old_newlib - 1), "_v2", sizeof "_v2");
    const struct thm_heap_ops *ops;
    for (size_t i = 0; (ops = thm_heap_at(i)); i++)
        if (strcasecmp(ops->name, row) == 0)
            return ops;
    return NULL;
}

/* Write the headers that the log did not have. */
static void write_headers(struct replay *r)
{
    FILE *out = r->opt->out;
    if (!r->opt->fill_in)
        return;
    if (!r->has_allocator)
        fprintf(out, "# allocator: %s\n", r->res->allocator->name);
    if (!r->has_size && !r->memory.regions)
        fprintf(out, "# heap_size: %u\n", r->res->heap_size);
    if (!r->has_base && !r->memory.regions)
        fprintf(out, "# base_mod4096: %u\n", r->res->base_mod4096);
}

static enum thm_mem_err start_one(struct replay *r)
{
    struct thm_replay_result *res = r->res;
    if (res->heap_size == 0)
        return replay_malformed(r, "none", "the heap's size, in a header '# heap_size: BYTES' or given with the log");
    const enum thm_mem_err e = replay_memory_one(&r->memory, HEAP_ADDRESS + res->base_mod4096, res->heap_size);
    if (e == THM_MEM_EHOST)
        return replay_fail(r, e, "none", "%u bytes of memory on this PC", res->heap_size);
    if (e)
        return replay_fail(r, THM_MEM_EFORMAT, "another size or start",
                           "a heap that %s can manage: %u bytes at %u modulo 4096 "
                           "are too few or misaligned",
                           res->allocator->name, res->heap_size, res->base_mod4096);
    return THM_MEM_OK;
}

static enum thm_mem_err start_several(struct replay *r)
{
    if (r->opt->heap_size || r->opt->base_given)
        return replay_malformed(r, "regions", "a log of one heap, for a size or start is given with it");
    const enum thm_mem_err e = replay_memory_several(&r->memory);
    if (e == THM_MEM_EHOST)
        return replay_fail(r, e, "none", "memory for the regions on this PC");
    if (e)
        return replay_fail(r, THM_MEM_EFORMAT, "others",
                           "regions that %s can manage, none inside another, %u bytes to reserve", r->memory.ops->name,
                           r->memory.reserve);
    r->res->heap_size = 0;
    for (uint32_t i = 0; i < r->memory.regions; i++)
        r->res->heap_size += r->memory.region[i].size;
    return THM_MEM_OK;
}

/* Set up the memory, on the first operation. */
enum thm_mem_err replay_start(struct replay *r)
{
    r->memory.ops = r->res->allocator;
    if (!r->memory.ops)
        return replay_malformed(r, r->has_allocator ? r->allocator : "none", "the name of a known allocator");
    const enum thm_mem_err e = r->memory.regions ? start_several(r) : start_one(r);
    if (e)
        return e;
    r->started = true;
    write_headers(r);
    return THM_MEM_OK;
}

/* ---- headers ---- */

static enum thm_mem_err header_allocator(struct replay *r, const char *value)
{
    snprintf(r->allocator, sizeof r->allocator, "%s", value);
    r->has_allocator = true;
    if (!r->opt->ops)
        r->res->allocator = thm_replay_allocator(value);
    else if (r->opt->fill_in)
        fprintf(r->opt->out, "# allocator: %s\n", r->opt->ops->name);
    return THM_MEM_OK;
}

static enum thm_mem_err header_size(struct replay *r, const char *value)
{
    uint32_t v;
    if (!replay_parse_u32(value, THM_REPLAY_HEAP_MAX, &v) || v == 0)
        return replay_malformed(r, value, "a heap size from 1 to 1073741824 bytes");
    r->has_size = true;
    if (!r->opt->heap_size)
        r->res->heap_size = v;
    else if (r->opt->fill_in)
        fprintf(r->opt->out, "# heap_size: %u\n", r->opt->heap_size);
    return THM_MEM_OK;
}

static enum thm_mem_err header_base(struct replay *r, const char *value)
{
    uint32_t v;
    if (!replay_parse_u32(value, 4095, &v))
        return replay_malformed(r, value, "a base_mod4096 from 0 to 4095");
    r->has_base = true;
    if (!r->opt->base_given)
        r->res->base_mod4096 = v;
    else if (r->opt->fill_in)
        fprintf(r->opt->out, "# base_mod4096: %u\n", r->opt->base_mod4096);
    return THM_MEM_OK;
}

static enum thm_mem_err header_region(struct replay *r, const char *value)
{
    struct replay_memory *m = &r->memory;
    char type[16], base[16], size[16], more;
    struct thm_region region = { .name = "region" };
    uint64_t sum = 0;
    for (uint32_t i = 0; i < m->regions; i++)
        sum += m->region[i].size;
    if (m->regions == THM_HEAPS_MAX)
        return replay_malformed(r, "more", "at most 16 regions");
    if (sscanf(value, "%15s %15s %15s %c", type, base, size, &more) != 3 ||
        !replay_parse_u32(base, UINT32_MAX, &region.base) ||
        !replay_parse_u32(size, THM_REPLAY_HEAP_MAX - (uint32_t)sum, &region.size))
        return replay_malformed(r, value, "TYPE ADDRESS BYTES, all regions together at most 1073741824 bytes");
    m->type[m->regions] = thm_mem_type_find(type);
    if (!m->type[m->regions])
        return replay_malformed(r, type, "a type of memory: DRAM, D/IRAM, IRAM, SPIRAM, RTC, S3-..., RAM");
    m->region[m->regions++] = region;
    return THM_MEM_OK;
}

static enum thm_mem_err header_internal_limit(struct replay *r, const char *value)
{
    return replay_parse_u32(value, UINT32_MAX, &r->memory.internal_limit)
               ? THM_MEM_OK
               : replay_malformed(r, value, "a number of bytes");
}

static enum thm_mem_err header_reserve(struct replay *r, const char *value)
{
    return replay_parse_u32(value, UINT32_MAX, &r->memory.reserve) ? THM_MEM_OK
                                                                   : replay_malformed(r, value, "a number of bytes");
}

static enum thm_mem_err header_end(struct replay *r, const char *value)
{
    int64_t v;
    char done[64];
    snprintf(done, sizeof done, "%" PRIu64 " operations before it", r->res->ops);
    if (replay_parse_integer(value, 0, INT64_MAX, &v) && (uint64_t)v == r->res->ops)
        return THM_MEM_OK;
    return replay_fail(r, THM_MEM_EFORMAT, done, "as many operations as the end line says, %s", value);
}

enum thm_mem_err replay_comment(struct replay *r, char *text)
{
    const struct {
        const char *key;
        enum thm_mem_err (*take)(struct replay *r, const char *value);
        bool at_start, overridden;
    } headers[] = {
        { "# allocator: ", header_allocator, true, r->opt->ops },
        { "# heap_size: ", header_size, true, r->opt->heap_size },
        { "# base_mod4096: ", header_base, true, r->opt->base_given },
        { "# region: ", header_region, true, false },
        { "# internal_limit: ", header_internal_limit, true, false },
        { "# reserve: ", header_reserve, true, false },
        { "# end ops=", header_end, false, false },
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const size_t len = strlen(headers[i].key);
        if (strncmp(text, headers[i].key, len) != 0 || (headers[i].at_start && r->started))
            continue;
        if (r->opt->fill_in && !headers[i].overridden)
            fprintf(r->opt->out, "%s\n", text);
        return headers[i].take(r, text + len);
    }
    if (r->opt->fill_in)
        fprintf(r->opt->out, "%s\n", text);
    return THM_MEM_OK;
}
