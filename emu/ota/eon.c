#include "emu/ota/eon.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENTS_MAX = 1 << 24, RECORDS_MAX = 4096 };

struct parser {
    char *text; /* a copy: NUL-terminated, comments blanked */
    const char *at;
    struct thm_eon *out;
    uint32_t bits; /* of the type that the present declaration has named; 0: none of ours */
    char *error;
    size_t error_size;
};

static bool fail(struct parser *p, const char *what)
{
    size_t line = 1;
    for (const char *c = p->text; c < p->at; c++)
        line += *c == '\n';
    snprintf(p->error, p->error_size, "line %zu: %s", line, what);
    return false;
}

static void blank(char *from, const char *end)
{
    for (; from < end; from++)
        *from = *from == '\n' ? '\n' : ' ';
}

/* Comments and strings hold nothing of ours. */
static void blank_comments(char *c)
{
    while (*c) {
        char *end = NULL;
        if (c[0] == '/' && c[1] == '/')
            end = c + strcspn(c, "\n");
        else if (c[0] == '/' && c[1] == '*') {
            end = strstr(c + 2, "*/");
            end = end ? end + 2 : c + strlen(c);
        } else if (*c == '"') {
            for (end = c + 1; *end && *end != '"'; end++)
                end += end[0] == '\\' && end[1];
            end += *end == '"';
        }
        if (end)
            blank(c, end);
        c = end ? end : c + 1;
    }
}

static void skip_space(struct parser *p)
{
    p->at += strspn(p->at, " \t\r\n");
}

static bool skip_char(struct parser *p, char c)
{
    skip_space(p);
    if (*p->at != c)
        return false;
    p->at++;
    return true;
}

/* "[3*3*8]" or "[8][9]": how many elements. 0: none is told; UINT64_MAX: no such product. */
static uint64_t dimensions(struct parser *p)
{
    uint64_t product = 0;
    while (skip_char(p, '[')) {
        if (skip_char(p, ']'))
            continue;
        do {
            char *end;
            skip_space(p);
            const uint64_t n = strtoull(p->at, &end, 0);
            if (end == p->at || n == 0 || n > ELEMENTS_MAX)
                return UINT64_MAX;
            product = (product ? product : 1) * n;
            if (product > ELEMENTS_MAX)
                return UINT64_MAX;
            p->at = end + strspn(end, "uUlL");
        } while (skip_char(p, '*'));
        if (!skip_char(p, ']'))
            return UINT64_MAX;
    }
    return product;
}

/* ---- numbers ---- */

static bool put_number(struct parser *p, uint8_t *to, uint32_t bits, bool real)
{
    char *end;
    if (real) {
        const float f = (float)strtod(p->at, &end);
        memcpy(to, &f, sizeof f);
    } else {
        const long long v = strtoll(p->at, &end, 0);
        const long long limit = bits == 8 ? INT8_MAX : INT32_MAX;
        if (v < -limit - 1 || v > limit)
            return fail(p, "the number does not fit into its type");
        const int32_t word = (int32_t)v;
        memcpy(to, &word, bits / 8);
    }
    if (end == p->at)
        return fail(p, "a number is missing");
    p->at = end + strspn(end, "fFuUlL");
    return true;
}

/* What is inside the braces, into at most `count` elements (0: as many as there are); *data is malloc'ed. */
static bool numbers(struct parser *p, uint32_t bits, bool real, uint64_t *count, uint8_t **data)
{
    uint64_t n = 0, room = *count ? *count : 16;
    const uint64_t size = bits / 8;
    *data = calloc(room, size);
    while (*data && !skip_char(p, '}')) {
        if (n == room) {
            uint8_t *more = *count || room > ELEMENTS_MAX ? NULL : realloc(*data, 2 * room * size);
            if (!more)
                return fail(p, *count ? "more numbers than the array has elements" : "too many numbers");
            *data = more;
            memset(more + room * size, 0, room * size);
            room *= 2;
        }
        if (!put_number(p, *data + size * n++, bits, real))
            return false;
        if (!skip_char(p, ',') && *p->at != '}')
            return fail(p, "neither ',' nor '}' behind the number");
    }
    *count = *count ? *count : n;
    return *data ? true : fail(p, "out of memory");
}

/* ---- arrays ---- */

static struct thm_weights_record *find(struct thm_eon *e, enum thm_weights_kind kind, uint32_t index)
{
    for (size_t i = 0; i < e->count; i++)
        if (e->record[i].kind == kind && e->record[i].index == index)
            return &e->record[i];
    return NULL;
}

static struct thm_weights_record *add(struct parser *p, enum thm_weights_kind kind, uint32_t index)
{
    struct thm_eon *e = p->out;
    struct thm_weights_record *more = realloc(e->record, (e->count + 1) * sizeof *more);
    if (!more || e->count == RECORDS_MAX) {
        e->record = more ? more : e->record;
        fail(p, more ? "too many arrays" : "out of memory");
        return NULL;
    }
    e->record = more;
    const size_t at = kind == THM_WEIGHTS_DATA ? e->data++ : e->count;
    memmove(more + at + 1, more + at, (e->count++ - at) * sizeof *more);
    more[at] = (struct thm_weights_record){ .kind = kind, .index = index };
    return &more[at];
}

static bool take_data(struct parser *p, uint32_t index, uint64_t count)
{
    if (!p->bits)
        return true;
    if (find(p->out, THM_WEIGHTS_DATA, index))
        return fail(p, "the array is there twice");
    struct thm_weights_record *r = add(p, THM_WEIGHTS_DATA, index);
    if (!r)
        return false;
    r->bits = p->bits;
    const bool ok = numbers(p, r->bits, false, &count, &r->data);
    r->count = (uint32_t)count;
    return ok && (count || fail(p, "the array is empty"));
}

/* "{ 2, { 0.1, 0.2 } }", a TfArray, or "{ 0.1, 0.2 }". */
static bool take_quant(struct parser *p, uint32_t index, bool is_scale)
{
    struct thm_weights_record *r = find(p->out, THM_WEIGHTS_QUANT, index);
    const size_t close = strcspn(p->at, "}"), open = strcspn(p->at, "{");
    uint64_t count = 0;
    uint8_t *data = NULL;
    if (!r && !(r = add(p, THM_WEIGHTS_QUANT, index)))
        return false;
    if (is_scale ? r->data != NULL : r->zero_point != NULL)
        return fail(p, "the array is there twice");
    p->at += open < close ? open + 1 : 0;
    const bool ok = numbers(p, 32, is_scale, &count, &data);
    r->bits = 64;
    *(is_scale ? &r->data : &r->zero_point) = data;
    *(is_scale ? &r->count : &r->zero_points) = (uint32_t)count;
    r->zero_bytes = 4;
    return ok;
}

/* Behind the name of an array: is it declared here, with numbers? */
static bool array(struct parser *p, const char *name, size_t len)
{
    static const struct {
        const char *before, *after;
    } names[] = { { "tensor_data", "" }, { "quant", "_scale" }, { "quant", "_zero" } };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *end;
        const size_t before = strlen(names[i].before), after = strlen(names[i].after);
        if (len <= before || strncmp(name, names[i].before, before) != 0 || !isdigit((unsigned char)name[before]))
            continue;
        const unsigned long index = strtoul(name + before, &end, 10);
        if ((size_t)(name + len - end) != after || strncmp(end, names[i].after, after) != 0 || index > INT32_MAX)
            continue;
        const uint64_t count = dimensions(p);
        if (count == UINT64_MAX)
            return fail(p, "the array's size is no product of numbers");
        if (!skip_char(p, '=') || !skip_char(p, '{'))
            return true;
        return i == 0 ? take_data(p, (uint32_t)index, count) : take_quant(p, (uint32_t)index, i == 1);
    }
    return true;
}

static bool word(struct parser *p)
{
    static const struct {
        const char *name;
        uint32_t bits;
    } types[] = { { "int8_t", 8 },  { "int32_t", 32 }, { "float", 0 },    { "int16_t", 0 },
                  { "int64_t", 0 }, { "uint8_t", 0 },  { "uint16_t", 0 }, { "uint32_t", 0 } };
    const char *name = p->at;
    while (isalnum((unsigned char)*p->at) || *p->at == '_')
        p->at++;
    const size_t len = (size_t)(p->at - name);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (len == strlen(types[i].name) && strncmp(name, types[i].name, len) == 0)
            p->bits = types[i].bits;
    return array(p, name, len);
}

static bool parse(struct parser *p)
{
    while (*p->at) {
        if (isalnum((unsigned char)*p->at) || *p->at == '_') {
            if (!word(p))
                return false;
            continue;
        }
        if (*p->at == ';')
            p->bits = 0;
        p->at++;
    }
    for (size_t i = 0; i < p->out->count; i++) {
        const struct thm_weights_record *r = &p->out->record[i];
        if (r->kind != THM_WEIGHTS_QUANT || (r->count && r->count == r->zero_points))
            continue;
        snprintf(p->error, p->error_size, "quant%u has %u scales and %u zero points", r->index, r->count,
                 r->zero_points);
        return false;
    }
    return p->out->data ? true : fail(p, "no arrays tensor_data<N> of int8_t or int32_t in it");
}

bool thm_eon_parse(const char *text, size_t len, struct thm_eon *out, char *error, size_t error_size)
{
    struct parser p = { .text = malloc(len + 1), .out = out, .error = error, .error_size = error_size };
    *out = (struct thm_eon){ 0 };
    p.at = p.text;
    if (!p.text)
        return snprintf(error, error_size, "out of memory"), false;
    memcpy(p.text, text, len);
    p.text[len] = '\0';
    blank_comments(p.text);
    const bool ok = parse(&p);
    if (!ok)
        thm_eon_free(out);
    free(p.text);
    return ok;
}

void thm_eon_free(struct thm_eon *e)
{
    for (size_t i = 0; i < e->count; i++) {
        free(e->record[i].data);
        free(e->record[i].zero_point);
    }
    free(e->record);
    *e = (struct thm_eon){ 0 };
}

static bool record_at(void *ctx, uint32_t n, struct thm_weights_record *out)
{
    const struct thm_eon *e = ctx;
    if (n >= e->count)
        return false;
    *out = e->record[n];
    return true;
}

struct thm_weights thm_weights_of_eon(struct thm_eon *e)
{
    return (struct thm_weights){ record_at, e };
}
