/* emu/board/static_data.h -- the application's own static data: what the linker puts into .bss beside the runtime's. */
#pragma once
#include "emu/board/profile.h"

/* Link `bytes` more of static data: the heap region behind .bss begins that much later. The first byte is aligned to
 * 16, as a tensor arena wants it. Out: *address: its device address; *error: one malloc'ed line, or NULL (out of
 * memory). Result: 0; 2: the profile does not say where static data ends; 10: it does not fit, and the program would
 * not link. */
int thm_profile_link_static(struct thm_profile *p, uint32_t bytes, uint32_t *address, char **error);

/* Place `bytes` in the free part of a bank that programs may use (memory[].spare), at a multiple of 16. Results as
 * above; 2: there is no such bank. */
int thm_profile_place_static(const struct thm_profile *p, const char *bank, uint32_t bytes, uint32_t *address,
                             char **error);
