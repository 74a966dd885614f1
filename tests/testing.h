/* tests/testing.h -- cmocka with what it needs, and where the golden vectors are. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

/* Path of `rel` in the shared folder; NULL if it is not there (skip() then). Static buffer. */
static inline const char *shared_path(const char *rel)
{
    static char path[1024];
    const char *dir = getenv("THIMBLE_SHARED");
    snprintf(path, sizeof path, "%s/%s", dir ? dir : "../shared", rel);
    return access(path, R_OK) == 0 ? path : NULL;
}

#define SHARED_OR_SKIP(var, rel)                              \
    const char *var = shared_path(rel);                       \
    if (!var) {                                               \
        print_message("# skipped: no %s in the shared folder\n", rel); \
        skip();                                               \
    }
