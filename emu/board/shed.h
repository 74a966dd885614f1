/* emu/board/shed.h -- what a board process does not need of the program it was forked from. */
#pragma once

/* Unmap the libraries that only the supervisor calls (network, TLS, JSON, profiles): their relocated data alone is a
 * megabyte that every board would have resident. keep: path of a library of the user's that stays, NULL = none. Where
 * the emulator is a library, all stay. From then on nothing may be loaded, and no library but libc and libm (and libmd,
 * where a user's firmware has brought it) be called: the search for a symbol that is not bound yet would look into what
 * is gone. */
void thm_shed_libraries(const char *keep);
