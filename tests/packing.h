/* tests/packing.h -- pack a model's weights, in memory that the next call takes again. */
#pragma once
#include <stdlib.h>
#include "interpreter/kernels.h"

/* false: the PC has no memory. Nothing to pack is fine. */
static inline bool pack_weights(struct thm_interpreter *it)
{
    static void *memory;
    size_t bytes = thm_packed_bytes(it);
    free(memory);
    memory = bytes ? aligned_alloc(64, bytes) : NULL;
    if (memory)
        thm_pack(it, memory);
    return memory || !bytes;
}
