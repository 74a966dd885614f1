#include "emu/cli/operators.h"
#include <stdlib.h>
#include <string.h>
#include "interpreter/inspect.h"

static int take_set(struct thm_operators *o, const char *name)
{
    char *error;
    int status = thm_profile_operators_load(name, &o->set, &error);
    if (status) {
        thm_fail(status, "--operators: %s", error ? error : "out of memory");
        free(error);
        return status;
    }
    o->names = (const char *const *)o->set->operators;
    o->count = o->set->operators_count;
    return 0;
}

static int take_list(struct thm_operators *o, const char *value)
{
    o->text = strdup(value);
    o->list = calloc(strlen(value) / 2 + 1, sizeof *o->list);
    if (!o->text || !o->list)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    for (char *save, *name = strtok_r(o->text, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
        if (!thm_op_exists(name))
            return thm_fail(THM_EXIT_USAGE,
                            "--operators: '%s' is no operator of TensorFlow Lite Micro (names are as CONV_2D)", name);
        o->list[o->count++] = name;
    }
    o->names = o->list;
    return 0;
}

int thm_operators_choose(struct thm_operators *o, const char *value, const struct thm_profile *board)
{
    *o = (struct thm_operators){ 0 };
    const char *chosen = value ? value : board->operators;
    if (!chosen || strcmp(chosen, "all") == 0)
        return 0;
    return strchr(chosen, ',') || thm_op_exists(chosen) ? take_list(o, chosen) : take_set(o, chosen);
}

void thm_operators_free(struct thm_operators *o)
{
    thm_profile_operators_free(o->set);
    free(o->text);
    free(o->list);
}
