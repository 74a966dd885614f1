#include "memmodels/replay.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define RANGE_MAX 1000000u /* IDs of one line */

/* One operation of the log: operands as numbers, where it asks for memory, the recorded result (if any). */
struct op {
    int64_t id;
    uint32_t operand[2];
    struct replay_where where;
    const char *where_text, *recorded; /* NULL: none */
};

/* ---- for all the files ---- */

enum thm_mem_err replay_fail(struct replay *r, enum thm_mem_err e, const char *got, const char *expected, ...)
{
    va_list ap;
    va_start(ap, expected);
    vsnprintf(r->res->expected, sizeof r->res->expected, expected, ap);
    va_end(ap);
    snprintf(r->res->got, sizeof r->res->got, "%s", got);
    for (char *c = r->res->got; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    return e;
}

enum thm_mem_err replay_malformed(struct replay *r, const char *got, const char *expected)
{
    return replay_fail(r, THM_MEM_EFORMAT, got, "%s", expected);
}

bool replay_parse_integer(const char *s, int64_t min, int64_t max, int64_t *out)
{
    char *end;
    const char *digits = *s == '-' ? s + 1 : s;
    if (*digits < '0' || *digits > '9')
        return false;
    errno = 0;
    const long long v = strtoll(s, &end, digits[0] == '0' && (digits[1] | 32) == 'x' ? 16 : 10);
    *out = v;
    return !errno && !*end && v >= min && v <= max;
}

bool replay_parse_u32(const char *s, uint32_t max, uint32_t *out)
{
    int64_t v;
    if (!replay_parse_integer(s, 0, max, &v))
        return false;
    *out = (uint32_t)v;
    return true;
}

/* ---- results ---- */

static void result_text(const struct replay *r, uint32_t p, char *buf, size_t len)
{
    if (p == 0)
        snprintf(buf, len, "NULL");
    else if (r->memory.regions)
        snprintf(buf, len, "0x%08x", p);
    else
        snprintf(buf, len, "%u", p - r->memory.one.base);
}

/* The line with its result. */
static void write_op(const struct replay *r, const struct op *op, const char *result)
{
    FILE *out = r->opt->out;
    fprintf(out, "%s %" PRId64 " %u", r->token[0], op->id, op->operand[0]);
    if (*r->token[0] == 'a')
        fprintf(out, " %u", op->operand[1]);
    if (op->where_text)
        fprintf(out, " %s", op->where_text);
    fprintf(out, " -> %s\n", result);
}

/* Compare an address with what the log recorded, or write the line with it. */
static enum thm_mem_err settle(struct replay *r, const struct op *op, uint32_t p)
{
    char got[32];
    uint32_t recorded = 0;
    result_text(r, p, got, sizeof got);
    if (replay_damaged(&r->memory))
        return replay_fail(r, THM_MEM_ECORRUPT, "a damaged heap", "sound headers");
    if (r->opt->fill_in)
        write_op(r, op, got);
    if (r->opt->fill_in || !op->recorded)
        return THM_MEM_OK;
    const bool null = strcmp(op->recorded, "NULL") == 0, ok = strcmp(op->recorded, "ok") == 0;
    if (!null && !ok && !replay_parse_u32(op->recorded, UINT32_MAX, &recorded))
        return replay_malformed(r, op->recorded,
                                r->memory.regions ? "an address, ok or NULL" : "an offset, ok or NULL");
    const uint32_t base = r->memory.regions ? 0 : r->memory.one.base;
    const bool same = null ? p == 0 : p && (ok || recorded == p - base);
    return same ? THM_MEM_OK : replay_fail(r, THM_MEM_EDIFFERS, got, "%s", op->recorded);
}

static enum thm_mem_err remember(struct replay *r, int64_t id, uint32_t p)
{
    return thm_id_map_put(&r->ids, id, p) ? THM_MEM_OK
                                          : replay_fail(r, THM_MEM_EHOST, "none", "memory for one more ID");
}

/* ---- operations ---- */

static enum thm_mem_err allocate(struct replay *r, const struct op *op, uint32_t align, uint32_t n)
{
    const struct thm_id_slot *slot = thm_id_map_find(&r->ids, op->id);
    if (slot && slot->p)
        return replay_malformed(r, r->token[1], "an ID that is not live");
    if (align && !replay_can_align(&r->memory))
        return replay_fail(r, THM_MEM_EFORMAT, "a", "m, r or f: %s has no memalign", r->memory.ops->name);
    const uint32_t p = replay_allocate(&r->memory, op->where, align, n);
    const enum thm_mem_err e = remember(r, op->id, p);
    return e ? e : settle(r, op, p);
}

static enum thm_mem_err run_malloc(struct replay *r, const struct op *op)
{
    return allocate(r, op, 0, op->operand[0]);
}

static enum thm_mem_err run_memalign(struct replay *r, const struct op *op)
{
    const uint32_t align = op->operand[0];
    if (align == 0 || align & (align - 1))
        return replay_malformed(r, r->token[2], "an alignment that is a power of two");
    return allocate(r, op, align, op->operand[1]);
}

static enum thm_mem_err run_realloc(struct replay *r, const struct op *op)
{
    const struct thm_id_slot *slot = thm_id_map_find(&r->ids, op->id);
    const uint32_t n = op->operand[0];
    if (!slot)
        return replay_malformed(r, r->token[1], "a live ID");
    if (!replay_can_resize(&r->memory))
        return replay_fail(r, THM_MEM_EFORMAT, "r", "m, a or f: %s has no realloc", r->memory.ops->name);
    const uint32_t old = slot->p, p = replay_resize(&r->memory, old, n);
    enum thm_mem_err e = THM_MEM_OK;
    if (p || n == 0)
        e = remember(r, op->id, p);
    if (!p && n == 0)
        thm_id_map_remove(&r->ids, op->id);
    return e ? e : settle(r, op, p);
}

static enum thm_mem_err run_free(struct replay *r, const struct op *op)
{
    const struct thm_id_slot *slot = thm_id_map_find(&r->ids, op->id);
    if (!slot)
        return replay_malformed(r, r->token[1], "a live ID");
    const enum thm_mem_err e = slot->p ? replay_free(&r->memory, slot->p) : THM_MEM_OK;
    thm_id_map_remove(&r->ids, op->id);
    if (e)
        return replay_fail(r, THM_MEM_ECORRUPT, thm_mem_strerror(e), "a block that can be freed");
    if (r->opt->fill_in)
        fprintf(r->opt->out, "f %" PRId64 "\n", op->id);
    return THM_MEM_OK;
}

static const struct form {
    const char *word, *text; /* text: for messages */
    uint32_t numbers;        /* operands after the ID */
    bool has_where, has_result;
    enum thm_mem_err (*run)(struct replay *r, const struct op *op);
} forms[] = {
    { "m", "m ID SIZE [WHERE] [-> RESULT]", 1, true, true, run_malloc },
    { "a", "a ID ALIGN SIZE [WHERE] [-> RESULT]", 2, true, true, run_memalign },
    { "r", "r ID SIZE [-> RESULT]", 1, false, true, run_realloc },
    { "f", "f ID", 0, false, false, run_free },
};

/* One ID, or FIRST..LAST. */
static bool parse_ids(char *text, int64_t *first, int64_t *last)
{
    char *dots = strstr(text, "..");
    if (dots)
        *dots = '\0';
    const bool ok = replay_parse_integer(text, INT64_MIN, INT64_MAX, first) &&
                    replay_parse_integer(dots ? dots + 2 : text, *first, INT64_MAX, last);
    if (dots)
        *dots = '.';
    return ok && (uint64_t)*last - (uint64_t)*first < RANGE_MAX;
}

/* The operands behind the ID. */
static enum thm_mem_err parse_op(struct replay *r, const struct form *f, struct op *op)
{
    uint32_t at = 2 + f->numbers;
    if (r->tokens > at && f->has_where && strcmp(r->token[at], "->") != 0)
        op->where_text = r->token[at++];
    if (r->tokens == at + 2 && f->has_result && strcmp(r->token[at], "->") == 0)
        op->recorded = r->token[at + 1];
    else if (r->tokens != at)
        return replay_malformed(r, "too many or too few words", f->text);
    for (uint32_t i = 0; i < f->numbers; i++)
        if (!replay_parse_u32(r->token[2 + i], UINT32_MAX, &op->operand[i]))
            return replay_malformed(r, r->token[2 + i], "a number from 0 to 4294967295");
    return op->where_text ? replay_parse_where(r, op->where_text, &op->where) : THM_MEM_OK;
}

static enum thm_mem_err run_op(struct replay *r, const struct form *f)
{
    struct op op = { 0 };
    int64_t last;
    enum thm_mem_err e = parse_op(r, f, &op);
    if (!e && !parse_ids(r->token[1], &op.id, &last))
        e = replay_malformed(r, r->token[1], "an integer as ID, or FIRST..LAST of at most 1000000");
    for (const int64_t first = op.id; !e && op.id <= last; op.id++) {
        r->res->ops++;
        e = f->run(r, &op);
        if (op.id == INT64_MAX || last < first)
            break;
    }
    return e;
}

/* ---- the stream ---- */

static void split(struct replay *r, char *text)
{
    char *save = NULL;
    r->tokens = 0;
    for (char *t = strtok_r(text, " \t", &save); t; t = strtok_r(NULL, " \t", &save)) {
        if (r->tokens == TOKENS_MAX)
            return;
        r->token[r->tokens++] = t;
    }
}

static enum thm_mem_err run_line(struct replay *r, char *text, bool whole)
{
    if (text[0] == '#')
        return replay_comment(r, text);
    if (!whole)
        return replay_malformed(r, "a longer one", "a line of less than 512 bytes");
    split(r, text);
    if (r->tokens == 0)
        return THM_MEM_OK;
    const enum thm_mem_err e = r->started ? THM_MEM_OK : replay_start(r);
    if (e)
        return e;
    if (strcmp(r->token[0], "stat") == 0)
        return replay_stat(r);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(r->token[0], forms[i].word) == 0)
            return run_op(r, &forms[i]);
    return replay_malformed(r, r->token[0], "m, a, r, f, stat or a comment");
}

/* Read a line without its end. *whole: it fitted; the rest of a longer one is skipped. false: end of file. */
static bool read_line(FILE *in, char buf[LINE_MAX_BYTES], bool *whole)
{
    size_t n = 0;
    int c = getc(in);
    if (c == EOF)
        return false;
    for (*whole = true; c != EOF && c != '\n'; c = getc(in)) {
        if (n < LINE_MAX_BYTES - 1)
            buf[n++] = c ? (char)c : '?';
        else
            *whole = false;
    }
    if (n > 0 && buf[n - 1] == '\r')
        n--;
    buf[n] = '\0';
    return true;
}

static enum thm_mem_err run_stream(struct replay *r, FILE *in)
{
    char text[LINE_MAX_BYTES];
    bool whole;
    while (read_line(in, text, &whole)) {
        r->res->line++;
        const enum thm_mem_err e = run_line(r, text, whole);
        if (e)
            return e;
    }
    if (ferror(in))
        return replay_fail(r, THM_MEM_EHOST, strerror(errno), "a readable log");
    if (r->opt->fill_in && fflush(r->opt->out) != 0)
        return replay_fail(r, THM_MEM_EHOST, strerror(errno), "a writable output");
    return r->started ? THM_MEM_OK : replay_start(r);
}

enum thm_mem_err thm_replay_stream(FILE *in, const struct thm_replay_options *options, struct thm_replay_result *result)
{
    struct replay r = { .opt = options, .res = result };
    *result = (struct thm_replay_result){ .allocator = options->ops, .heap_size = options->heap_size };
    if (options->base_given)
        result->base_mod4096 = options->base_mod4096 % 4096;
    if (options->heap_size > THM_REPLAY_HEAP_MAX)
        result->err = replay_malformed(&r, "more", "a heap size from 1 to 1073741824 bytes");
    else
        result->err = run_stream(&r, in);
    if (r.started) {
        replay_stats(&r.memory, (struct replay_where){ WHERE_PLAIN, 0 }, &result->stats);
        replay_memory_drop(&r.memory);
    }
    thm_id_map_clear(&r.ids);
    return result->err;
}
