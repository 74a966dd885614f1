/* emu/board/memcheck.h -- what valgrind's memcheck is told about a board's heap; nothing where its header is missing.
 *
 * Outside live blocks the heap is out of bounds for the firmware, the allocator's headers in it included. The allocator
 * itself works with error reports off. Outside valgrind each request is a few instructions without effect. */
#pragma once

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define THM_MEMCHECK_PAUSE()               VALGRIND_DISABLE_ERROR_REPORTING
#define THM_MEMCHECK_RESUME()              VALGRIND_ENABLE_ERROR_REPORTING
#define THM_MEMCHECK_CLOSE(mem, size)      (void)VALGRIND_MAKE_MEM_NOACCESS(mem, size)
#define THM_MEMCHECK_UNDEFINED(mem, size)  (void)VALGRIND_MAKE_MEM_UNDEFINED(mem, size)
#define THM_MEMCHECK_DEFINED(mem, size)    (void)VALGRIND_MAKE_MEM_DEFINED(mem, size)
#define THM_MEMCHECK_ALLOCATED(mem, size)  VALGRIND_MALLOCLIKE_BLOCK(mem, size, 0, 0)
#define THM_MEMCHECK_RESIZED(mem, old, to) VALGRIND_RESIZEINPLACE_BLOCK(mem, old, to, 0)
#define THM_MEMCHECK_FREED(mem)            VALGRIND_FREELIKE_BLOCK(mem, 0)
#else
#define RUNNING_ON_VALGRIND                0
#define THM_MEMCHECK_PAUSE()               (void)0
#define THM_MEMCHECK_RESUME()              (void)0
#define THM_MEMCHECK_CLOSE(mem, size)      (void)0
#define THM_MEMCHECK_UNDEFINED(mem, size)  (void)0
#define THM_MEMCHECK_DEFINED(mem, size)    (void)0
#define THM_MEMCHECK_ALLOCATED(mem, size)  (void)0
#define THM_MEMCHECK_RESIZED(mem, old, to) (void)0
#define THM_MEMCHECK_FREED(mem)            (void)0
#endif
