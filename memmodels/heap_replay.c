#include "memmodels/heap_replay.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "memmodels/id_map.h"

#define LINE_MAX_BYTES 512u /* the longest operation or header; comments may be longer */
#define TOKENS_MAX     8u
#define HEAP_ADDRESS   0x20000000u /* where the emulated heap lies, plus base_mod4096; only its low bits show */

struct replay {
    const struct thm_replay_options *opt;
    struct thm_replay_result *res;
    struct thm_heap heap;
    struct thm_id_map ids;
    char allocator[64]; /* the header's name */
    bool started, has_allocator, has_size, has_base;
    char *token[TOKENS_MAX];
    uint32_t tokens;
};

/* One operation of the log: operands as numbers, the recorded result (if any), and what came of it. */
struct op {
    int64_t id;
    uint32_t operand[2];
    const char *recorded; /* NULL: none */
};

static enum thm_mem_err fail(struct replay *r, enum thm_mem_err e, const char *got, const char *expected, ...)
    __attribute__((format(printf, 4, 5)));

static enum thm_mem_err fail(struct replay *r, enum thm_mem_err e, const char *got, const char *expected, ...)
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

static enum thm_mem_err malformed(struct replay *r, const char *got, const char *expected)
{
    return fail(r, THM_MEM_EFORMAT, got, "%s", expected);
}

static bool parse_integer(const char *s, int64_t min, int64_t max, int64_t *out)
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

static bool parse_u32(const char *s, uint32_t max, uint32_t *out)
{
    int64_t v;
    if (!parse_integer(s, 0, max, &v))
        return false;
    *out = (uint32_t)v;
    return true;
}

/* ---- the heap ---- */

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
    if (!r->has_size)
        fprintf(out, "# heap_size: %u\n", r->res->heap_size);
    if (!r->has_base)
        fprintf(out, "# base_mod4096: %u\n", r->res->base_mod4096);
}

/* Set up the heap, on the first operation. */
static enum thm_mem_err start(struct replay *r)
{
    struct thm_replay_result *res = r->res;
    if (!res->allocator)
        return malformed(r, r->has_allocator ? r->allocator : "none", "the name of a known allocator");
    if (res->heap_size == 0)
        return malformed(r, "none", "the heap's size, in a header '# heap_size: BYTES' or given with the log");
    uint8_t *mem = calloc(1, res->heap_size);
    if (!mem)
        return fail(r, THM_MEM_EHOST, "none", "%u bytes of memory on this PC", res->heap_size);
    if (thm_heap_init(&r->heap, res->allocator, mem, HEAP_ADDRESS + res->base_mod4096, res->heap_size)) {
        free(mem);
        return fail(r, THM_MEM_EFORMAT, "another size or start",
                    "a heap that %s can manage: %u bytes at %u modulo 4096 "
                    "are too few or misaligned",
                    res->allocator->name, res->heap_size, res->base_mod4096);
    }
    r->started = true;
    write_headers(r);
    return THM_MEM_OK;
}

/* ---- results ---- */

static void result_text(const struct replay *r, uint32_t p, char *buf, size_t len)
{
    if (p)
        snprintf(buf, len, "%u", p - r->heap.base);
    else
        snprintf(buf, len, "NULL");
}

/* Compare an address with what the log recorded, or write the line with it. */
static enum thm_mem_err settle(struct replay *r, const struct op *op, uint32_t p)
{
    char got[32];
    uint32_t off = 0;
    result_text(r, p, got, sizeof got);
    if (r->heap.corrupt_at)
        return fail(r, THM_MEM_ECORRUPT, "a damaged heap", "sound headers");
    if (r->opt->fill_in) {
        fprintf(r->opt->out, "%s %" PRId64 " %u", r->token[0], op->id, op->operand[0]);
        if (*r->token[0] == 'a')
            fprintf(r->opt->out, " %u", op->operand[1]);
        fprintf(r->opt->out, " -> %s\n", got);
        return THM_MEM_OK;
    }
    if (!op->recorded)
        return THM_MEM_OK;
    const bool null = strcmp(op->recorded, "NULL") == 0;
    if (!null && !parse_u32(op->recorded, UINT32_MAX, &off))
        return malformed(r, op->recorded, "an offset or NULL");
    return (null ? p == 0 : p && off == p - r->heap.base) ? THM_MEM_OK
                                                          : fail(r, THM_MEM_EDIFFERS, got, "%s", op->recorded);
}

static enum thm_mem_err remember(struct replay *r, int64_t id, uint32_t p)
{
    return thm_id_map_put(&r->ids, id, p) ? THM_MEM_OK : fail(r, THM_MEM_EHOST, "none", "memory for one more ID");
}

/* ---- operations ---- */

static enum thm_mem_err allocate(struct replay *r, const struct op *op, uint32_t align, uint32_t n)
{
    const struct thm_id_slot *slot = thm_id_map_find(&r->ids, op->id);
    const struct thm_heap_ops *ops = r->heap.ops;
    if (slot && slot->p)
        return malformed(r, r->token[1], "an ID that is not live");
    if (align && !ops->memalign)
        return fail(r, THM_MEM_EFORMAT, "a", "m, r or f: %s has no memalign", ops->name);
    const uint32_t p = align ? ops->memalign(&r->heap, align, n) : ops->malloc(&r->heap, n);
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
        return malformed(r, r->token[2], "an alignment that is a power of two");
    return allocate(r, op, align, op->operand[1]);
}

static enum thm_mem_err run_realloc(struct replay *r, const struct op *op)
{
    const struct thm_id_slot *slot = thm_id_map_find(&r->ids, op->id);
    const uint32_t n = op->operand[0];
    if (!slot)
        return malformed(r, r->token[1], "a live ID");
    if (!r->heap.ops->realloc)
        return fail(r, THM_MEM_EFORMAT, "r", "m, a or f: %s has no realloc", r->heap.ops->name);
    const uint32_t old = slot->p, p = r->heap.ops->realloc(&r->heap, old, n);
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
        return malformed(r, r->token[1], "a live ID");
    const enum thm_mem_err e = slot->p ? r->heap.ops->free(&r->heap, slot->p) : THM_MEM_OK;
    thm_id_map_remove(&r->ids, op->id);
    if (e)
        return fail(r, THM_MEM_ECORRUPT, thm_mem_strerror(e), "a block that can be freed");
    if (r->opt->fill_in)
        fprintf(r->opt->out, "f %" PRId64 "\n", op->id);
    return THM_MEM_OK;
}

static const struct form {
    const char *word, *text; /* text: for messages */
    uint32_t numbers;        /* operands after the ID */
    bool has_result;
    enum thm_mem_err (*run)(struct replay *r, const struct op *op);
} forms[] = {
    { "m", "m ID SIZE [-> OFFSET|NULL]", 1, true, run_malloc },
    { "a", "a ID ALIGN SIZE [-> OFFSET|NULL]", 2, true, run_memalign },
    { "r", "r ID SIZE [-> OFFSET|NULL]", 1, true, run_realloc },
    { "f", "f ID", 0, false, run_free },
};

static enum thm_mem_err run_op(struct replay *r, const struct form *f)
{
    const uint32_t plain = 2 + f->numbers;
    struct op op = { 0 };
    if (r->tokens == plain + 2 && f->has_result && strcmp(r->token[plain], "->") == 0)
        op.recorded = r->token[plain + 1];
    else if (r->tokens != plain)
        return malformed(r, "too many or too few words", f->text);
    if (!parse_integer(r->token[1], INT64_MIN, INT64_MAX, &op.id))
        return malformed(r, r->token[1], "an integer as ID");
    for (uint32_t i = 0; i < f->numbers; i++)
        if (!parse_u32(r->token[2 + i], UINT32_MAX, &op.operand[i]))
            return malformed(r, r->token[2 + i], "a number from 0 to 4294967295");
    r->res->ops++;
    return f->run(r, &op);
}

/* `stat` and, unless bare, the allocator's own figures as they were recorded. */
static enum thm_mem_err run_stat(struct replay *r)
{
    char figures[256], recorded[LINE_MAX_BYTES + TOKENS_MAX] = "";
    r->heap.ops->stat_line(&r->heap, figures, sizeof figures);
    if (r->opt->fill_in) {
        fprintf(r->opt->out, "stat %s\n", figures);
        return THM_MEM_OK;
    }
    for (uint32_t i = 1; i < r->tokens; i++) {
        const size_t at = strlen(recorded);
        snprintf(recorded + at, sizeof recorded - at, i > 1 ? " %s" : "%s", r->token[i]);
    }
    if (r->tokens == 1 || strcmp(recorded, figures) == 0)
        return THM_MEM_OK;
    return fail(r, THM_MEM_EDIFFERS, figures, "%s", recorded);
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
    if (!parse_u32(value, THM_REPLAY_HEAP_MAX, &v) || v == 0)
        return malformed(r, value, "a heap size from 1 to 1073741824 bytes");
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
    if (!parse_u32(value, 4095, &v))
        return malformed(r, value, "a base_mod4096 from 0 to 4095");
    r->has_base = true;
    if (!r->opt->base_given)
        r->res->base_mod4096 = v;
    else if (r->opt->fill_in)
        fprintf(r->opt->out, "# base_mod4096: %u\n", r->opt->base_mod4096);
    return THM_MEM_OK;
}

static enum thm_mem_err header_end(struct replay *r, const char *value)
{
    int64_t v;
    char done[64];
    snprintf(done, sizeof done, "%" PRIu64 " operations before it", r->res->ops);
    if (parse_integer(value, 0, INT64_MAX, &v) && (uint64_t)v == r->res->ops)
        return THM_MEM_OK;
    return fail(r, THM_MEM_EFORMAT, done, "as many operations as the end line says, %s", value);
}

/* A comment: one of the headers, or any text. */
static enum thm_mem_err run_comment(struct replay *r, char *text)
{
    const struct {
        const char *key;
        enum thm_mem_err (*take)(struct replay *r, const char *value);
        bool at_start, overridden;
    } headers[] = {
        { "# allocator: ", header_allocator, true, r->opt->ops },
        { "# heap_size: ", header_size, true, r->opt->heap_size },
        { "# base_mod4096: ", header_base, true, r->opt->base_given },
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
        return run_comment(r, text);
    if (!whole)
        return malformed(r, "a longer one", "a line of less than 512 bytes");
    split(r, text);
    if (r->tokens == 0)
        return THM_MEM_OK;
    const enum thm_mem_err e = r->started ? THM_MEM_OK : start(r);
    if (e)
        return e;
    if (strcmp(r->token[0], "stat") == 0)
        return run_stat(r);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(r->token[0], forms[i].word) == 0)
            return run_op(r, &forms[i]);
    return malformed(r, r->token[0], "m, a, r, f, stat or a comment");
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
        return fail(r, THM_MEM_EHOST, strerror(errno), "a readable log");
    if (r->opt->fill_in && fflush(r->opt->out) != 0)
        return fail(r, THM_MEM_EHOST, strerror(errno), "a writable output");
    return r->started ? THM_MEM_OK : start(r);
}

enum thm_mem_err thm_replay_stream(FILE *in, const struct thm_replay_options *options, struct thm_replay_result *result)
{
    struct replay r = { .opt = options, .res = result };
    *result = (struct thm_replay_result){ .allocator = options->ops, .heap_size = options->heap_size };
    if (options->base_given)
        result->base_mod4096 = options->base_mod4096 % 4096;
    if (options->heap_size > THM_REPLAY_HEAP_MAX)
        result->err = malformed(&r, "more", "a heap size from 1 to 1073741824 bytes");
    else
        result->err = run_stream(&r, in);
    if (r.started)
        r.heap.ops->stats(&r.heap, &result->stats);
    free(r.started ? r.heap.mem : NULL);
    thm_id_map_clear(&r.ids);
    return result->err;
}
