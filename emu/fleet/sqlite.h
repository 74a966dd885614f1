/* emu/fleet/sqlite.h -- SQLite, loaded when a fleet is.
 *
 * Linked in the ordinary way, its relocated pages would be in every board process, of every command. */
#pragma once
#include <stdbool.h>
#include <sqlite3.h>

#define THM_SQLITE_FUNCTIONS(X)                                                                                       \
    X(bind_double)                                                                                                    \
    X(bind_int64)                                                                                                     \
    X(bind_null) X(bind_text) X(busy_timeout) X(close) X(column_count) X(column_double) X(column_int) X(column_int64) \
        X(column_name) X(column_text) X(column_type) X(errcode) X(errmsg) X(exec) X(finalize) X(free) X(mprintf)      \
            X(open_v2) X(prepare_v2) X(reset) X(step)

struct thm_sqlite { /* sqlite3_NAME */
#define X(name) __typeof__(sqlite3_##name) *name;
    THM_SQLITE_FUNCTIONS(X)
#undef X
};

extern struct thm_sqlite thm_sqlite; /* valid after a thm_sqlite_load() that gave true */
bool thm_sqlite_load(void);          /* false: the library is missing, or too old */
