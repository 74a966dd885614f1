#include "interpreter/layout.h"

static const struct thm_layout layouts[THM_LAYOUTS] = {
    [THM_LAYOUT_CORTEX_M] = { "cortex_m", THM_LAYOUT_CORTEX_M, 32 },
    [THM_LAYOUT_ILP32_ALIGN8] = { "ilp32_align8", THM_LAYOUT_ILP32_ALIGN8, 40 },
    [THM_LAYOUT_I386] = { "i386", THM_LAYOUT_I386, 40 },
};

static int same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

const struct thm_layout *thm_layout_find(const char *name)
{
    for (size_t i = 0; i < THM_LAYOUTS; i++)
        if (same(layouts[i].name, name))
            return &layouts[i];
    return NULL;
}

const char *thm_layout_name(const struct thm_layout *l)
{
    return l->name;
}

const struct thm_layout *thm_layout_at(size_t i)
{
    return i < THM_LAYOUTS ? &layouts[i] : NULL;
}
