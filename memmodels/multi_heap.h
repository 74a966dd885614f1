/* memmodels/multi_heap.h -- private: ESP-IDF's heap, the rows of heap.c's table. */
#pragma once
#include "memmodels/heap.h"

extern const struct thm_heap_ops thm_multi_heap_tlsf, thm_multi_heap_tlsf_light;
