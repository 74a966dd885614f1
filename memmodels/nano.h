/* memmodels/nano.h -- private: newlib-nano's malloc, rows of heap.c's table.
 *
 * free() of a block that lies inside a free chunk (freed twice) sets errno to ENOMEM on the device and does nothing:
 * OK, and nothing changes. If the block was handed out again in between, that owner loses it, unnoticed. */
#pragma once
#include "memmodels/heap.h"

extern const struct thm_heap_ops thm_newlib_nano, thm_newlib_nano_v2;
