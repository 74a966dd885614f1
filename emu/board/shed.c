#include "emu/board/shed.h"
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#define LIBRARIES_MAX 64
#define PAGE          4096u

struct span {
    uintptr_t from, to;
};

struct spans {
    const char *keep;
    struct span of[LIBRARIES_MAX];
    unsigned count;
};

/* What the board's own code calls, and what has no file. */
static bool is_needed(const char *path)
{
    static const char *const kept[] = { "libc.so.", "libm.so.", "libmd.so.", "libgcc_s.so.", "ld-linux", "linux-vdso" };
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    bool needed = *name == '\0' || !strstr(name, ".so");
    for (size_t i = 0; i < sizeof kept / sizeof *kept && !needed; i++)
        needed = strncmp(name, kept[i], strlen(kept[i])) == 0;
    return needed;
}

static struct span span_of(const struct dl_phdr_info *info)
{
    struct span s = { UINTPTR_MAX, 0 };
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        const uintptr_t from = info->dlpi_addr + p->p_vaddr, to = from + p->p_memsz;
        if (p->p_type != PT_LOAD)
            continue;
        s.from = from < s.from ? from : s.from;
        s.to = to > s.to ? to : s.to;
    }
    return (struct span){ s.from / PAGE * PAGE, (s.to + PAGE - 1) / PAGE * PAGE };
}

static int note(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct spans *all = ctx;
    (void)size;
    const bool kept = all->keep && strcmp(info->dlpi_name, all->keep) == 0;
    if (all->count < LIBRARIES_MAX && !kept && !is_needed(info->dlpi_name))
        all->of[all->count++] = span_of(info);
    return 0;
}

extern const char __ehdr_start[] __attribute__((visibility("hidden"))); /* the linker's: this object's ELF header */

/* As a library in somebody else's program: nobody knows what that one's others are for. The program's table of segments
 * is behind its ELF header. Addresses alone: looking there would make pages resident. */
static bool is_in_program(void)
{
    return getauxval(AT_PHDR) - (uintptr_t)__ehdr_start < PAGE;
}

void thm_shed_libraries(const char *keep)
{
    static bool shed = false; /* also in the process that this one was forked from */
    struct spans all = { .keep = keep };
#ifdef __SANITIZE_ADDRESS__ /* its run-time looks at every library */
    return;
#endif
    if (RUNNING_ON_VALGRIND || shed || !is_in_program())
        return;
    shed = true;
    dl_iterate_phdr(note, &all);
    for (unsigned i = 0; i < all.count; i++)
        if (all.of[i].from < all.of[i].to)
            munmap((void *)all.of[i].from, all.of[i].to - all.of[i].from);
}
