/* interpreter/kernels.h -- which code computes the heavy operators. All variants give the same bits; they differ
 * only in speed on the PC, never in what the emulated device does, needs or is charged for.
 *
 * "portable" is plain C and always there. The others use instructions of the PC's CPU and work in memory of the PC,
 * never in the arena. While two threads compute at once, one of them runs the portable code. Convolutions and fully
 * connected layers run there once the model's weights are packed: laid out for the instructions, in memory that the
 * caller gives. They are packed once for each model; processes may share them. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "interpreter/interpreter.h"

struct thm_kernels;

/* Variant i of those that this CPU can run, slowest first; NULL after the last. Number 0 is "portable". */
const struct thm_kernels *thm_kernels_at(size_t i);
const struct thm_kernels *thm_kernels_find(const char *name); /* NULL: unknown, or not for this CPU */
const struct thm_kernels *thm_kernels_best(void);             /* what an interpreter uses unless told otherwise */
const char *thm_kernels_name(const struct thm_kernels *k);

/* Any time after init; holds from the next invocation on. k: one of the above. What was packed is no longer used. */
void thm_interpreter_set_kernels(struct thm_interpreter *it, const struct thm_kernels *k);

/* Bytes that the weights take packed for the variant of `it`, which has been allocated. 0: nothing to pack. */
size_t thm_packed_bytes(struct thm_interpreter *it);
/* Pack them. packed: as many bytes as thm_packed_bytes() says, at a multiple of 64; the caller's. */
void thm_pack(struct thm_interpreter *it, void *packed);
/* Use what was packed for this model, maybe in another process before it forked. packed: lent until it is replaced;
 * NULL = none. The model's bytes must not change while it is in use.
 * false: it is for another model (the files are compared, byte for byte) or another variant; nothing is used then. */
bool thm_interpreter_use_packed(struct thm_interpreter *it, const void *packed);
