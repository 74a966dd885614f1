#include "emu/cli/kernels.h"
#include <stdio.h>
#include <string.h>

bool thm_cli_kernel_library(const struct thm_args *a, const char *name, const struct thm_kernel_library **l)
{
    char known[256] = "";
    const struct thm_kernel_library *k;
    *l = thm_kernel_library_find(name);
    for (size_t i = 0; !*l && (k = thm_kernel_library_at(i)); i++) {
        size_t at = strlen(known);
        snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "", thm_kernel_library_name(k));
    }
    if (!*l)
        thm_usage(a, "--kernels: '%s' is none of %s", name, known);
    return *l != NULL;
}

bool thm_kernels_suit(const struct thm_kernel_library *l, const char *layout)
{
    const struct thm_layout *only = l ? thm_kernel_library_layout(l) : NULL;
    return !only || only == thm_layout_find(layout);
}

const struct thm_layout *thm_kernels_layout(const struct thm_args *a, const struct thm_kernel_library *l,
                                            const struct thm_layout *given)
{
    const struct thm_layout *only = thm_kernel_library_layout(l);
    if (!only)
        return given ? given : thm_layout_find("cortex_m");
    if (!given || given == only)
        return only;
    thm_usage(a, "--kernels %s: sizes are known for layout %s only, not %s", thm_kernel_library_name(l),
              thm_layout_name(only), thm_layout_name(given));
    return NULL;
}
