/* emu/cli/boards_json.c -- boards as JSON: the profile's own keys, plus sums. thimble-boards(1) lists the keys.
 *
 * The object is built from the schema's table, so a key added there appears here. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "emu/board/profile_schema.h"
#include "emu/cli/boards.h"
#include "emu/cli/cli.h"

static json_t *mapping_json(const char *data, const cyaml_schema_value_t *v);

static uint64_t load_uint(const char *data, size_t size)
{
    uint64_t wide = 0;
    memcpy(&wide, data, size); /* little-endian hosts only, as all of thimble */
    return wide;
}

static json_t *list_json(const char *data, const cyaml_schema_field_t *f)
{
    const cyaml_schema_value_t *v = f->value.sequence.entry;
    const char *entries;
    json_t *list = json_array();
    memcpy(&entries, data + f->data_offset, sizeof entries);
    uint64_t n = load_uint(data + f->count_offset, f->count_size);
    for (uint64_t i = 0; i < n; i++)
        json_array_append_new(list, mapping_json(entries + i * v->data_size, v));
    return list;
}

static json_t *value_json(const char *data, const cyaml_schema_field_t *f)
{
    const char *text;
    double real;
    const char *at = data + f->data_offset;
    switch (f->value.type) {
    case CYAML_UINT: return json_integer((json_int_t)load_uint(at, f->value.data_size));
    case CYAML_BOOL: return json_boolean(load_uint(at, f->value.data_size));
    case CYAML_FLOAT: memcpy(&real, at, sizeof real); return json_real(real);
    case CYAML_STRING: memcpy(&text, at, sizeof text); return text ? json_string(text) : json_null();
    case CYAML_SEQUENCE: return list_json(data, f);
    default: return mapping_json(at, &f->value);
    }
}

static json_t *mapping_json(const char *data, const cyaml_schema_value_t *v)
{
    json_t *object = json_object();
    for (const cyaml_schema_field_t *f = v->mapping.fields; f->key; f++)
        json_object_set_new(object, f->key, value_json(data, f));
    return object;
}

/* null: the board's memory cannot be set up, which is reported. */
static json_t *budget_json(const struct thm_profile *p)
{
    struct thm_budget got;
    if (thm_board_budget(p, &got))
        return json_null();
    return json_pack("{sI sI sI sI}", "boot_free", (json_int_t)got.boot_free, "boot_largest",
                     (json_int_t)got.boot_largest, "network_free", (json_int_t)got.network_free, "network_largest",
                     (json_int_t)got.network_largest);
}

static json_t *board_json(const struct thm_profile *p)
{
    struct thm_board_figures f;
    json_t *board = mapping_json((const char *)p, &thm_profile_board_schema);
    thm_board_figures(p, &f);
    json_object_set_new(board, "application", budget_json(p));
    json_object_set_new(board, "totals",
                        json_pack("{sI sI sI sI sI}", "ram_bytes", (json_int_t)f.ram, "heap_bytes", (json_int_t)f.heap,
                                  "malloc_bytes", (json_int_t)f.heap_malloc, "taken_boot_bytes", (json_int_t)f.boot,
                                  "taken_network_bytes", (json_int_t)f.network));
    return board;
}

static int print_json(json_t *root)
{
    int failed = !root || json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
    return failed ? thm_fail(THM_EXIT_HOST, "the JSON could not be written") : THM_EXIT_OK;
}

int thm_boards_json(const struct thm_profile *p)
{
    return print_json(board_json(p));
}

int thm_boards_json_list(struct thm_profile *const *boards, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, board_json(boards[i]));
    return print_json(json_pack("{so}", "boards", list));
}
