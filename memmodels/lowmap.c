#include "memmodels/lowmap.h"
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

uint32_t thm_page_size(void)
{
    return (uint32_t)sysconf(_SC_PAGESIZE);
}

bool thm_lowmap_at(uint64_t at, uint64_t size)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    void *want = (void *)(uintptr_t)at;
    if (at == 0 || at + size > 1ull << 32)
        return false;
    void *got = mmap(want, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (got == want) {
        (void)madvise(got, size, MADV_NOHUGEPAGE); /* one block in use must not make 2 MB of PSRAM resident */
        return true;
    }
    if (got != MAP_FAILED) /* a kernel before 4.17 takes the address as a hint */
        munmap(got, size);
    return false;
}

uint64_t thm_lowmap_anywhere(uint64_t size, uint64_t like)
{
    /* First where few devices have memory; the rest matters when a sanitizer holds everything above 2 GiB. */
    static const struct {
        uint64_t from, to, step;
    } ranges[] = {
        { 0x80000000, 0xF0000000, 16 << 20 },
        { 0x10000000, 0x7FF00000, 1 << 20 },
        { 0xF0000000, 0x100000000, 1 << 20 },
    };
    for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        for (uint64_t at = ranges[i].from + (like & 0xFFFFF); at < ranges[i].to; at += ranges[i].step)
            if (thm_lowmap_at(at, size))
                return at;
    return 0;
}
