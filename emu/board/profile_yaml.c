#include "emu/board/profile_yaml.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/profile_schema.h"

#define PATH_MAX_LEN 256
#define SHOWN_MAX    40 /* bytes of a wrong value in a message */
#define FIELDS_MAX   64 /* keys of one mapping in a schema */
#define DEPTH_MAX    8  /* lists and mappings in each other; profiles need 4 */

struct walk {
    struct thm_yaml *y;
    bool *visited; /* one a node: a second visit means an alias */
    char path[PATH_MAX_LEN];
};

static unsigned line_of(const yaml_node_t *n)
{
    return (unsigned)n->start_mark.line + 1;
}

int thm_yaml_fail(struct thm_yaml *y, unsigned line, const char *path, const char *fmt, ...)
{
    char *what = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&what, fmt, ap);
    va_end(ap);
    if (n < 0 || asprintf(y->error, "%s:%u: %s%s%s", y->file, line, path, *path ? ": " : "", what) < 0)
        *y->error = NULL;
    if (n >= 0)
        free(what);
    return *y->error ? 2 : 20;
}

/* A wrong value as it may stand in a message: short and printable. */
static const char *shown(char out[SHOWN_MAX + 4], const yaml_node_t *n)
{
    const yaml_char_t *v = n->data.scalar.value;
    size_t len = n->data.scalar.length, i = 0;
    for (; i < len && i < SHOWN_MAX; i++)
        out[i] = v[i] >= 0x20 && v[i] < 0x7f ? (char)v[i] : '?';
    memcpy(out + i, len > SHOWN_MAX ? "..." : "", len > SHOWN_MAX ? 4 : 1);
    return out;
}

/* -- scalars ---------------------------------------------------------------------------------------------------- */

/* Decimal without leading zeros, or 0x and hex digits; libcyaml would read 010 as octal. */
static bool is_uint(const char *s, size_t len, uint64_t max)
{
    bool hex = len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
    const char *digits = hex ? "0123456789abcdefABCDEF" : "0123456789";
    size_t from = hex ? 2 : 0;
    if (len == 0 || strlen(s) != len || strspn(s + from, digits) != len - from || (!hex && len > 1 && s[0] == '0'))
        return false;
    errno = 0;
    unsigned long long v = strtoull(s, NULL, hex ? 16 : 10);
    return errno == 0 && v <= max;
}

static bool is_real(const char *s, size_t len)
{
    char *end;
    if (len == 0 || strlen(s) != len || strspn(s, "0123456789.eE+-") != len)
        return false;
    double v = strtod(s, &end);
    return *end == '\0' && isfinite(v);
}

/* No C0 controls, DEL, or C1 controls (U+0080 to U+009F are C2 80 to C2 9F). */
static bool is_text(const yaml_char_t *s, size_t len, uint32_t min, uint32_t max)
{
    for (size_t i = 0; i < len; i++)
        if (s[i] < 0x20 || s[i] == 0x7f || (s[i] == 0xc2 && i + 1 < len && s[i + 1] < 0xa0))
            return false;
    return len >= min && len <= max;
}

static bool scalar_fits(const yaml_node_t *n, const cyaml_schema_value_t *v)
{
    const char *s = (const char *)n->data.scalar.value;
    size_t len = n->data.scalar.length;
    switch (v->type) {
    case CYAML_UINT: return is_uint(s, len, v->data_size > 4 ? UINT64_MAX : UINT32_MAX);
    case CYAML_FLOAT: return is_real(s, len);
    case CYAML_BOOL: return strcmp(s, "true") == 0 || strcmp(s, "false") == 0;
    case CYAML_STRING: return is_text(n->data.scalar.value, len, v->string.min, v->string.max);
    default: return false;
    }
}

static int check_scalar(struct walk *w, const yaml_node_t *n, const cyaml_schema_value_t *v)
{
    char buf[SHOWN_MAX + 4];
    if (scalar_fits(n, v))
        return 0;
    if (n->data.scalar.length == 0)
        return thm_yaml_fail(w->y, line_of(n), w->path, "expected %s, found nothing", thm_profile_expected(v));
    return thm_yaml_fail(w->y, line_of(n), w->path, "expected %s, found '%s'", thm_profile_expected(v), shown(buf, n));
}

/* -- lists and mappings ----------------------------------------------------------------------------------------- */

static int check_node(struct walk *w, int id, const cyaml_schema_value_t *v);

/* Append to the path; returns the length to cut it back to. Schemas are shallow: it always fits. */
static size_t push(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static size_t push(struct walk *w, const char *fmt, ...)
{
    size_t len = strlen(w->path);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(w->path + len, sizeof w->path - len, fmt, ap);
    va_end(ap);
    return len;
}

static int check_list(struct walk *w, const yaml_node_t *n, const cyaml_schema_value_t *v)
{
    size_t count = (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
    if (count < v->sequence.min || count > v->sequence.max)
        return thm_yaml_fail(w->y, line_of(n), w->path, "expected %s, found %zu", thm_profile_expected(v), count);
    for (size_t i = 0; i < count; i++) {
        size_t cut = push(w, "[%zu]", i);
        int status = check_node(w, n->data.sequence.items.start[i], v->sequence.entry);
        w->path[cut] = '\0';
        if (status)
            return status;
    }
    return 0;
}

static const cyaml_schema_field_t *find_field(const cyaml_schema_value_t *v, const yaml_node_t *key)
{
    if (key->type != YAML_SCALAR_NODE)
        return NULL;
    for (const cyaml_schema_field_t *f = v->mapping.fields; f->key; f++)
        if (strlen(f->key) == key->data.scalar.length && strcmp(f->key, (const char *)key->data.scalar.value) == 0)
            return f;
    return NULL;
}

static int unknown_key(struct walk *w, const yaml_node_t *key, const cyaml_schema_value_t *v)
{
    char buf[SHOWN_MAX + 4], known[512] = "";
    size_t len = 0;
    for (const cyaml_schema_field_t *f = v->mapping.fields; f->key && len < sizeof known; f++)
        len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", len ? ", " : "", f->key);
    push(w, "%s%s", *w->path ? "." : "", key->type == YAML_SCALAR_NODE ? shown(buf, key) : "?");
    return thm_yaml_fail(w->y, line_of(key), w->path, "unknown key, expected one of %s", known);
}

static int check_value(struct walk *w, const cyaml_schema_field_t *f, const yaml_node_t *key, int value, bool *seen)
{
    size_t cut = push(w, "%s%s", *w->path ? "." : "", f->key);
    int status = *seen ? thm_yaml_fail(w->y, line_of(key), w->path, "repeated key, expected it once")
                       : check_node(w, value, &f->value);
    *seen = true;
    w->path[cut] = '\0';
    return status;
}

static int check_mapping(struct walk *w, const yaml_node_t *n, const cyaml_schema_value_t *v)
{
    bool seen[FIELDS_MAX] = { false };
    for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = yaml_document_get_node(&w->y->doc, p->key);
        const cyaml_schema_field_t *f = find_field(v, key);
        if (!f)
            return unknown_key(w, key, v);
        int status = check_value(w, f, key, p->value, &seen[f - v->mapping.fields]);
        if (status)
            return status;
    }
    for (const cyaml_schema_field_t *f = v->mapping.fields; f->key; f++)
        if (!seen[f - v->mapping.fields] && !(f->value.flags & CYAML_FLAG_OPTIONAL)) {
            push(w, "%s%s", *w->path ? "." : "", f->key);
            return thm_yaml_fail(w->y, line_of(n), w->path, "missing key '%s', expected %s", f->key,
                                 thm_profile_expected(&f->value));
        }
    return 0;
}

static const char *const node_names[] = { "nothing", "a single value", "a list", "keys with values" };
static const char *const node_tags[] = { "", YAML_DEFAULT_SCALAR_TAG, YAML_DEFAULT_SEQUENCE_TAG,
                                         YAML_DEFAULT_MAPPING_TAG };

static int check_node(struct walk *w, int id, const cyaml_schema_value_t *v)
{
    const yaml_node_t *n = yaml_document_get_node(&w->y->doc, id);
    yaml_node_type_t want = v->type == CYAML_SEQUENCE  ? YAML_SEQUENCE_NODE
                            : v->type == CYAML_MAPPING ? YAML_MAPPING_NODE
                                                       : YAML_SCALAR_NODE;
    if (w->visited[id - 1])
        return thm_yaml_fail(w->y, line_of(n), w->path, "used again by an alias, expected the value itself");
    w->visited[id - 1] = true;
    if (n->type != want)
        return thm_yaml_fail(w->y, line_of(n), w->path, "expected %s, found %s", thm_profile_expected(v),
                             node_names[n->type]);
    if (!n->tag || strcmp((const char *)n->tag, node_tags[n->type]) != 0)
        return thm_yaml_fail(w->y, line_of(n), w->path, "expected %s without a tag", thm_profile_expected(v));
    if (want == YAML_SCALAR_NODE)
        return check_scalar(w, n, v);
    return want == YAML_SEQUENCE_NODE ? check_list(w, n, v) : check_mapping(w, n, v);
}

int thm_yaml_check(struct thm_yaml *y, const cyaml_schema_value_t *schema)
{
    struct walk w = { .y = y };
    if (!yaml_document_get_root_node(&y->doc))
        return thm_yaml_fail(y, 1, "", "the file is empty, expected keys with values");
    w.visited = calloc((size_t)(y->doc.nodes.top - y->doc.nodes.start), sizeof *w.visited);
    int status = w.visited ? check_node(&w, 1, schema) : 20;
    free(w.visited);
    return status;
}

/* -- parsing ---------------------------------------------------------------------------------------------------- */

static int parser_failed(struct thm_yaml *y, const yaml_parser_t *p)
{
    if (p->error == YAML_MEMORY_ERROR)
        return 20;
    if (p->error == YAML_READER_ERROR)
        return thm_yaml_fail(y, (unsigned)p->mark.line + 1, "", "not YAML: %s at byte %zu", p->problem,
                             p->problem_offset);
    return thm_yaml_fail(y, (unsigned)p->problem_mark.line + 1, "", "not YAML: %s",
                         p->problem ? p->problem : "cannot be parsed");
}

/* Read all events once: libyaml's time grows with the square of the nesting, so that is bounded before it builds a
 * tree. */
static int check_depth(struct thm_yaml *y, yaml_parser_t *p)
{
    int depth = 0, status = 0;
    for (yaml_event_type_t type = YAML_NO_EVENT; type != YAML_STREAM_END_EVENT && !status;) {
        yaml_event_t e;
        if (!yaml_parser_parse(p, &e))
            return parser_failed(y, p);
        type = e.type;
        depth += type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
        depth -= type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
        if (depth > DEPTH_MAX)
            status = thm_yaml_fail(y, (unsigned)e.start_mark.line + 1, "",
                                   "nested too deeply, expected at most %d levels", DEPTH_MAX);
        yaml_event_delete(&e);
    }
    return status;
}

/* A file is one document: what follows must be its end. */
static int expect_end(struct thm_yaml *y, yaml_parser_t *p)
{
    yaml_document_t second;
    if (!yaml_parser_load(p, &second))
        return parser_failed(y, p);
    const yaml_node_t *root = yaml_document_get_root_node(&second);
    int status = root ? thm_yaml_fail(y, line_of(root), "", "a second document, expected one") : 0;
    yaml_document_delete(&second);
    return status;
}

static int load_document(struct thm_yaml *y, yaml_parser_t *p)
{
    if (!yaml_parser_load(p, &y->doc))
        return parser_failed(y, p);
    int status = yaml_document_get_root_node(&y->doc) ? expect_end(y, p) : 0;
    if (status)
        yaml_document_delete(&y->doc);
    return status;
}

/* One pass over the text with a parser of its own. */
static int with_parser(struct thm_yaml *y, const uint8_t *data, size_t len,
                       int (*pass)(struct thm_yaml *, yaml_parser_t *))
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return 20;
    yaml_parser_set_input_string(&parser, data, len);
    int status = pass(y, &parser);
    yaml_parser_delete(&parser);
    return status;
}

int thm_yaml_open(struct thm_yaml *y, const char *file, const uint8_t *data, size_t len, char **error)
{
    *y = (struct thm_yaml){ .file = file, .error = error };
    *error = NULL;
    int status = with_parser(y, data, len, check_depth);
    return status ? status : with_parser(y, data, len, load_document);
}

void thm_yaml_close(struct thm_yaml *y)
{
    yaml_document_delete(&y->doc);
}

/* -- places ----------------------------------------------------------------------------------------------------- */

static const yaml_node_t *member(struct thm_yaml *y, const yaml_node_t *n, const char *key, size_t len)
{
    if (n->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
        const yaml_node_t *k = yaml_document_get_node(&y->doc, p->key);
        if (k->data.scalar.length == len && memcmp(k->data.scalar.value, key, len) == 0)
            return yaml_document_get_node(&y->doc, p->value);
    }
    return NULL;
}

static const yaml_node_t *entry(struct thm_yaml *y, const yaml_node_t *n, unsigned long i)
{
    if (n->type != YAML_SEQUENCE_NODE || i >= (size_t)(n->data.sequence.items.top - n->data.sequence.items.start))
        return NULL;
    return yaml_document_get_node(&y->doc, n->data.sequence.items.start[i]);
}

unsigned thm_yaml_line(struct thm_yaml *y, const char *path)
{
    const yaml_node_t *n = yaml_document_get_root_node(&y->doc);
    for (const yaml_node_t *next = n; *path && next; n = next ? next : n) {
        size_t len = strcspn(path, ".[");
        if (*path == '[') {
            char *end;
            next = entry(y, n, strtoul(path + 1, &end, 10));
            path = end + (*end == ']');
        } else {
            next = member(y, n, path, len);
            path += len;
        }
        path += *path == '.';
    }
    return n ? line_of(n) : 1;
}

/* -- structures ------------------------------------------------------------------------------------------------- */

static const cyaml_config_t config = {
    .mem_fn = cyaml_mem,
    .log_level = CYAML_LOG_ERROR,
    .flags = CYAML_CFG_NO_ALIAS,
};

int thm_yaml_load(const char *file, const uint8_t *data, size_t len, const cyaml_schema_value_t *schema,
                  int (*check)(const void *data, struct thm_yaml *y), void **out, char **error)
{
    struct thm_yaml y;
    *out = NULL;
    int status = thm_yaml_open(&y, file, data, len, error);
    if (status)
        return status;
    status = thm_yaml_check(&y, schema);
    if (!status) {
        cyaml_err_t e = cyaml_load_data(data, len, &config, schema, out, NULL);
        if (e != CYAML_OK)
            status = e == CYAML_ERR_OOM ? 20 : thm_yaml_fail(&y, 1, "", "%s", cyaml_strerror(e));
    }
    if (!status)
        status = check(*out, &y);
    thm_yaml_close(&y);
    if (status) {
        thm_yaml_free(schema, *out);
        *out = NULL;
    }
    return status;
}

void thm_yaml_free(const cyaml_schema_value_t *schema, void *data)
{
    cyaml_free(&config, schema, data, 0);
}
