#include "emu/fleet/sqlite.h"
#include <dlfcn.h>
#include <stddef.h>

#define LIBRARY "libsqlite3.so.0"

struct thm_sqlite thm_sqlite;

bool thm_sqlite_load(void)
{
    static void *library = NULL; /* stays loaded */
    if (!library)
        library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
#define X(name)                                                                     \
    *(void **)&thm_sqlite.name = library ? dlsym(library, "sqlite3_" #name) : NULL; \
    if (!thm_sqlite.name)                                                           \
        return false;
    THM_SQLITE_FUNCTIONS(X)
#undef X
    return true;
}
