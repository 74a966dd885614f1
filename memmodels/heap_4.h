/* memmodels/heap_4.h -- private: FreeRTOS's first-fit heap, a row of heap.c's table.
 *
 * It has neither realloc nor memalign. free() of a block that is not allocated (twice freed, or its header
 * overwritten) fails the kernel's configASSERT: ECORRUPT, and the free list is untouched. */
#pragma once
#include "memmodels/heap.h"

extern const struct thm_heap_ops thm_freertos_heap_4;
