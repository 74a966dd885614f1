/* memmodels/dlmalloc.h -- private: newlib's full malloc (dlmalloc 2.6.5), rows of heap.c's table.
 *
 * free() of a free block does what the device does, nothing is noticed: the block is linked into its bin a second time,
 * which then hands it out again and again; or, beside the top chunk, the top grows over what lies behind. */
#pragma once
#include "memmodels/heap.h"

extern const struct thm_heap_ops thm_newlib_dlmalloc, thm_newlib_dlmalloc_v2;
