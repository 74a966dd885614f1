/* memmodels/lowmap.h -- private: anonymous memory below 4 GiB, so that its address is a device's pointer. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

uint32_t thm_page_size(void);

/* Map `size` bytes (a multiple of the page size) at exactly `at`, zeroed, swapless until touched. false: something else
 * is there, or the PC does not allow it. */
bool thm_lowmap_at(uint64_t at, uint64_t size);
/* The same at any free address below 4 GiB that equals `like` modulo 1 MiB; 0: none. */
uint64_t thm_lowmap_anywhere(uint64_t size, uint64_t like);
