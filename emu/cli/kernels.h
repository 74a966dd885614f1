/* emu/cli/kernels.h -- the option --kernels of the commands that plan a model's memory. */
#pragma once
#include "emu/cli/cli.h"
#include "interpreter/kernel_library.h"

#define THM_KERNELS_HELP "kernel library, as LIBRARY[:VARIANT] (default: reference)"

/* The library of that name. false: reported, return THM_EXIT_USAGE. */
bool thm_cli_kernel_library(const struct thm_args *a, const char *name, const struct thm_kernel_library **l);
/* May a core of that layout run it? l: NULL = the reference kernels, which all may. */
bool thm_kernels_suit(const struct thm_kernel_library *l, const char *layout);
/* Once all options are read: the layout that goes with the library. given: NULL = no --layout.
 * NULL: they do not go together, reported. */
const struct thm_layout *thm_kernels_layout(const struct thm_args *a, const struct thm_kernel_library *l,
                                            const struct thm_layout *given);
