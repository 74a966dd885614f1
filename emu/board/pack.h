/* emu/board/pack.h -- memory of the PC for a model's packed weights (interpreter/kernels.h). */
#pragma once
#include "interpreter/interpreter.h"

/* Pack the weights of an allocated interpreter and let it use them. Result: to be given back with free() after the
 * interpreter's last use. NULL: nothing to pack, or the PC has no memory for it; the portable kernels run then. */
void *thm_pack_weights(struct thm_interpreter *it);
