/* fsimages/changed_pages.c -- by the kernel's page map (Documentation/admin-guide/mm/pagemap.rst): a page that was
 * written to is in memory or swapped out, and not the file's. */
#include "fsimages/changed_pages.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PRESENT (UINT64_C(1) << 63)
#define SWAPPED (UINT64_C(1) << 62)
#define FILE_S  (UINT64_C(1) << 61)
#define ENTRIES 1024

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Entries of the pages from p on. False: there are not that many. */
static bool read_entries(int fd, const uint8_t *p, uint64_t *entries, size_t count)
{
    const size_t bytes = count * sizeof *entries;
    const off_t off = (off_t)((uintptr_t)p / page_size() * sizeof *entries);
    return pread(fd, entries, bytes, off) == (ssize_t)bytes;
}

static bool is_changed(uint64_t entry)
{
    return (entry & (PRESENT | SWAPPED)) && !(entry & FILE_S);
}

/* Does it tell a page that was written to from one that was not? It does not under an emulator, where addresses are
 * others. */
static bool tells(int fd)
{
    const size_t page = page_size();
    uint64_t entries[2];
    uint8_t *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return false;
    (void)madvise(p, 2 * page, MADV_NOHUGEPAGE);
    *(volatile uint8_t *)p = 1;
    const bool right = read_entries(fd, p, entries, 2) && is_changed(entries[0]) && !is_changed(entries[1]);
    munmap(p, 2 * page);
    return right;
}

bool changed_pages_begin(struct changed_pages *c, const uint8_t *bytes, size_t size)
{
    *c = (struct changed_pages){ .bytes = bytes, .size = size };
    c->fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (c->fd >= 0 && !tells(c->fd))
        changed_pages_end(c);
    return c->fd >= 0;
}

void changed_pages_end(struct changed_pages *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

/* From c->at, pages in a row that are all changed or all not. If the kernel fails half way, the rest is changed. */
static bool walk_run(struct changed_pages *c)
{
    const size_t page = page_size();
    uint64_t entries[ENTRIES];
    bool changed = false;
    for (size_t start = c->at; c->at < c->size;) {
        const size_t left = (c->size - c->at + page - 1) / page, n = left < ENTRIES ? left : ENTRIES;
        const bool told = c->fd >= 0 && read_entries(c->fd, c->bytes + c->at, entries, n);
        for (size_t i = 0; i < n; i++, c->at += page) {
            const bool this = !told || is_changed(entries[i]);
            if (c->at > start && this != changed)
                return changed;
            changed = this;
        }
    }
    return changed;
}

bool changed_pages_next(struct changed_pages *c, size_t *off, size_t *end)
{
    while (c->at < c->size) {
        *off = c->at;
        const bool changed = walk_run(c);
        *end = c->at < c->size ? c->at : c->size;
        if (changed)
            return true;
    }
    return false;
}
