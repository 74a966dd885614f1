/* interpreter/kernels.h -- which code computes the heavy int8 operators. All variants give the same bits; they differ
 * only in speed on the PC, never in what the emulated device does, needs or is charged for.
 *
 * "portable" is plain C and always there. The others use instructions of the PC's CPU and work in memory of the PC of
 * their own, never in the arena. While two threads compute at once, one of them runs the portable code. */
#pragma once
#include <stddef.h>
#include "interpreter/interpreter.h"

struct thm_kernels;

/* Variant i of those that this CPU can run, slowest first; NULL after the last. Number 0 is "portable". */
const struct thm_kernels *thm_kernels_at(size_t i);
const struct thm_kernels *thm_kernels_find(const char *name); /* NULL: unknown, or not for this CPU */
const struct thm_kernels *thm_kernels_best(void);             /* what an interpreter uses unless told otherwise */
const char *thm_kernels_name(const struct thm_kernels *k);

/* Any time after init; holds from the next invocation on. k: one of the above. */
void thm_interpreter_set_kernels(struct thm_interpreter *it, const struct thm_kernels *k);
