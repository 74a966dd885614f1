#include "emu/board/pack.h"
#include <stdlib.h>
#include "interpreter/kernels.h"

void *thm_pack_weights(struct thm_interpreter *it)
{
    size_t bytes = thm_packed_bytes(it);
    void *packed = bytes ? aligned_alloc(64, bytes) : NULL;
    if (packed)
        thm_pack(it, packed);
    return packed;
}
