/* emu/cli/model_boards.c -- which boards' usual firmware does not register an operator that a model needs. */
#include <stdlib.h>
#include <string.h>
#include "emu/board/profile.h"
#include "emu/cli/cli.h"
#include "emu/cli/model_facts.h"

static bool has(const struct thm_profile_operators *set, const struct thm_op_info *op)
{
    bool found = false;
    for (unsigned i = 0; i < set->operators_count && !found; i++)
        found = strlen(set->operators[i]) == op->name_len && memcmp(set->operators[i], op->name, op->name_len) == 0;
    return found;
}

static bool listed(const json_t *names, const struct thm_op_info *op)
{
    bool found = false;
    for (size_t i = 0; i < json_array_size(names) && !found; i++) {
        const json_t *name = json_array_get(names, i);
        found =
            json_string_length(name) == op->name_len && memcmp(json_string_value(name), op->name, op->name_len) == 0;
    }
    return found;
}

/* Names of the model's operators that the set has not, each once. */
static json_t *missing_in(const struct thm_model *m, const struct thm_profile_operators *set)
{
    json_t *names = json_array();
    for (uint32_t s = 0; s < m->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_ops(m, s); i++) {
            struct thm_op_info op;
            thm_model_op(m, s, i, &op);
            if (op.available && !has(set, &op) && !listed(names, &op))
                json_array_append_new(names, json_stringn(op.name, op.name_len));
        }
    return names;
}

static int add_board(const struct thm_model *m, const char *name, json_t *boards)
{
    struct thm_profile *p;
    struct thm_profile_operators *set = NULL;
    char *error = NULL;
    int status = thm_profile_load(name, &p, &error);
    if (!status && p->operators)
        status = thm_profile_operators_load(p->operators, &set, &error);
    json_t *missing = set ? missing_in(m, set) : NULL;
    if (json_array_size(missing))
        json_array_append_new(boards,
                              json_pack("{s:s, s:s, s:O}", "board", name, "set", p->operators, "missing", missing));
    json_decref(missing);
    thm_profile_operators_free(set);
    thm_profile_free(p);
    if (status)
        thm_fail(status, "%s", error ? error : "out of memory");
    free(error);
    return status;
}

int thm_model_refusing_boards(const struct thm_model *m, json_t **out)
{
    char **names = thm_profile_names("boards");
    int status = names ? 0 : thm_fail(THM_EXIT_HOST, "out of memory");
    *out = json_array();
    for (size_t i = 0; !status && names[i]; i++)
        status = add_board(m, names[i], *out);
    thm_profile_names_free(names);
    return status;
}
