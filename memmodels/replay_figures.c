#include "memmodels/replay.h"
#include <string.h>

enum thm_mem_err replay_parse_where(struct replay *r, const char *text, struct replay_where *where)
{
    if (r->memory.regions && replay_where_parse(&r->memory, text, where))
        return THM_MEM_OK;
    return replay_malformed(r, text,
                            r->memory.regions ? "capabilities (DEFAULT|8BIT) or an address in a region"
                                              : "no memory to choose from, for the log has no regions");
}

static const struct {
    const char *name;
    size_t offset;
} figures[] = {
    { "free", offsetof(struct thm_heap_stats, free) },
    { "largest", offsetof(struct thm_heap_stats, largest) },
    { "min_free", offsetof(struct thm_heap_stats, min_free) },
    { "allocated", offsetof(struct thm_heap_stats, allocated) },
    { "blocks_alloc", offsetof(struct thm_heap_stats, blocks_alloc) },
    { "blocks_free", offsetof(struct thm_heap_stats, blocks_free) },
};
#define FIGURES (sizeof figures / sizeof figures[0])

static uint32_t figure(const struct thm_heap_stats *s, size_t i)
{
    return *(const uint32_t *)(const void *)((const char *)s + figures[i].offset);
}

/* Compare one recorded NAME=NUMBER. */
static enum thm_mem_err compare_figure(struct replay *r, const struct thm_heap_stats *s, const char *recorded)
{
    char now[64];
    for (size_t i = 0; i < FIGURES; i++) {
        const size_t len = strlen(figures[i].name);
        if (strncmp(recorded, figures[i].name, len) != 0 || recorded[len] != '=')
            continue;
        snprintf(now, sizeof now, "%s=%u", figures[i].name, figure(s, i));
        return strcmp(now, recorded) == 0 ? THM_MEM_OK : replay_fail(r, THM_MEM_EDIFFERS, now, "%s", recorded);
    }
    return replay_malformed(r, recorded, "free=, largest=, min_free=, allocated=, blocks_alloc= or blocks_free=");
}

/* `stat [WHERE] [FIGURES]` of regions: those that are given are compared. */
static enum thm_mem_err stat_several(struct replay *r)
{
    struct replay_where where = { WHERE_PLAIN, 0 };
    struct thm_heap_stats s;
    const bool has_where = r->tokens > 1 && !strchr(r->token[1], '=');
    enum thm_mem_err e = has_where ? replay_parse_where(r, r->token[1], &where) : THM_MEM_OK;
    if (e)
        return e;
    replay_stats(&r->memory, where, &s);
    if (r->opt->fill_in) {
        fprintf(r->opt->out, "stat%s%s", has_where ? " " : "", has_where ? r->token[1] : "");
        for (size_t i = 0; i < FIGURES; i++)
            fprintf(r->opt->out, " %s=%u", figures[i].name, figure(&s, i));
        fputc('\n', r->opt->out);
        return THM_MEM_OK;
    }
    for (uint32_t i = has_where ? 2 : 1; i < r->tokens && !e; i++)
        e = compare_figure(r, &s, r->token[i]);
    return e;
}

/* `stat` and, unless bare, the allocator's own figures as they were recorded. */
static enum thm_mem_err stat_one(struct replay *r)
{
    char now[256], recorded[LINE_MAX_BYTES + TOKENS_MAX] = "";
    r->memory.ops->stat_line(&r->memory.one, now, sizeof now);
    if (r->opt->fill_in) {
        fprintf(r->opt->out, "stat %s\n", now);
        return THM_MEM_OK;
    }
    for (uint32_t i = 1; i < r->tokens; i++) {
        const size_t at = strlen(recorded);
        snprintf(recorded + at, sizeof recorded - at, i > 1 ? " %s" : "%s", r->token[i]);
    }
    if (r->tokens == 1 || strcmp(recorded, now) == 0)
        return THM_MEM_OK;
    return replay_fail(r, THM_MEM_EDIFFERS, now, "%s", recorded);
}

enum thm_mem_err replay_stat(struct replay *r)
{
    return r->memory.regions ? stat_several(r) : stat_one(r);
}
