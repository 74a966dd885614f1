/* emu/board/out_of_memory.h -- what a platform does when its heap has no block of the size asked for.
 *
 * Sources: pico-sdk pico_malloc/malloc.c (PICO_MALLOC_PANIC is 1 by default) and pico_platform panic(); mbed-os
 * platform/source/mbed_retarget.cpp (operator new) and mbed_error.h; newlib libgloss/libnosys/sbrk.c as linked by
 * ArduinoCore-samd; Azure Sphere: Microsoft Q&A on application memory; ESP-IDF: libstdc++ without exceptions. */
#pragma once
#include <stddef.h>

struct thm_oom_policy {
    const char *name;   /* value of allocator.on_failure and .on_new_failure in a profile */
    int exit_status;    /* the board stops or is stopped here; 0: the caller gets what `text` says */
    const char *words;  /* what the platform prints; NULL: nothing */
    const char *result; /* what becomes of the board; NULL: the caller sees to it */
    const char *text;   /* "malloc ..." for the board's page */
};
const struct thm_oom_policy *thm_oom_policy_find(const char *name); /* NULL: unknown */
const struct thm_oom_policy *thm_oom_policy_at(size_t i);           /* NULL after the last */
