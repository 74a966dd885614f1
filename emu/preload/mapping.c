/* emu/preload/mapping.c -- memory that the program takes past malloc: it is its own, but it is told. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "emu/preload/library.h"

#define EXPORT __attribute__((visibility("default")))

static void count(size_t n, int flags)
{
    if (flags & MAP_ANONYMOUS && thm_exec.charging && !thm_exec_inside())
        __atomic_add_fetch(&thm_exec.result->past_malloc, n, __ATOMIC_RELAXED);
}

static void *map(void *at, size_t n, int prot, int flags, int fd, uint64_t offset)
{
#ifdef SYS_mmap2 /* a 32-bit kernel counts in pages of 4 KB */
    if (offset % 4096) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    void *p = (void *)syscall(SYS_mmap2, at, n, prot, flags, fd, (unsigned long)(offset / 4096));
#else
    void *p = (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
#endif
    if (p != MAP_FAILED)
        count(n, flags);
    return p;
}

#undef mmap /* with 64-bit offsets the headers give the one the other's name */
#undef mmap64
EXPORT void *our_mmap(void *at, size_t n, int prot, int flags, int fd, long offset) __asm__("mmap");
EXPORT void *our_mmap64(void *at, size_t n, int prot, int flags, int fd, uint64_t offset) __asm__("mmap64");

void *our_mmap(void *at, size_t n, int prot, int flags, int fd, long offset)
{
    return map(at, n, prot, flags, fd, (unsigned long)offset);
}

void *our_mmap64(void *at, size_t n, int prot, int flags, int fd, uint64_t offset)
{
    return map(at, n, prot, flags, fd, offset);
}
