/* emu/exec/program.c -- which file is it, and can the library get into it? */
#include "emu/exec/exec.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* -- finding ---------------------------------------------------------------------------------------------------- */

static bool is_executable(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static int found(const char *name, char **path)
{
    *path = strdup(name);
    return *path ? 0 : 20;
}

/* The first of $PATH that can be executed; an empty entry is the current folder. */
static int search(const char *name, char **path)
{
    const char *dirs = getenv("PATH");
    bool seen = false;
    for (const char *dir = dirs ? dirs : "/usr/bin:/bin", *end; dir; dir = end ? end + 1 : NULL) {
        char file[PATH_MAX];
        end = strchr(dir, ':');
        const int len = end ? (int)(end - dir) : (int)strlen(dir);
        const int n = snprintf(file, sizeof file, "%.*s/%s", len ? len : 1, len ? dir : ".", name);
        if (n < 0 || (size_t)n >= sizeof file)
            continue;
        if (is_executable(file))
            return found(file, path);
        seen |= access(file, F_OK) == 0;
    }
    return seen ? 126 : 127;
}

int thm_exec_find(const char *name, char **path)
{
    *path = NULL;
    if (!*name)
        return 127;
    if (!strchr(name, '/'))
        return search(name, path);
    if (access(name, F_OK) < 0)
        return 127;
    return is_executable(name) ? found(name, path) : 126;
}

#if defined __aarch64__
#define NATIVE EM_AARCH64
#else
#define NATIVE EM_X86_64
#endif

/* -- inspecting ------------------------------------------------------------------------------------------------- */

struct headers { /* what both classes have in common */
    uint64_t table;
    unsigned type, machine, entries, entry_size;
};

static bool read_at(int fd, uint64_t at, void *buf, size_t len)
{
    return at <= INT64_MAX && pread(fd, buf, len, (off_t)at) == (ssize_t)len;
}

static bool read_headers(int fd, unsigned bits, struct headers *h)
{
    union {
        Elf64_Ehdr e64;
        Elf32_Ehdr e32;
    } e;
    if (!read_at(fd, 0, &e, bits == 64 ? sizeof e.e64 : sizeof e.e32))
        return false;
    if (bits == 64)
        *h = (struct headers){ e.e64.e_phoff, e.e64.e_type, e.e64.e_machine, e.e64.e_phnum, e.e64.e_phentsize };
    else
        *h = (struct headers){ e.e32.e_phoff, e.e32.e_type, e.e32.e_machine, e.e32.e_phnum, e.e32.e_phentsize };
    return h->entry_size == (bits == 64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
}

/* The loader's path. false: there is none (or it is broken): the program is linked statically. */
static bool read_interpreter(int fd, unsigned bits, const struct headers *h, char *buf, size_t size)
{
    for (unsigned i = 0; i < h->entries; i++) {
        union {
            Elf64_Phdr p64;
            Elf32_Phdr p32;
        } p;
        if (!read_at(fd, h->table + (uint64_t)i * h->entry_size, &p, h->entry_size))
            return false;
        const uint64_t at = bits == 64 ? p.p64.p_offset : p.p32.p_offset;
        const uint64_t len = bits == 64 ? p.p64.p_filesz : p.p32.p_filesz;
        if ((bits == 64 ? p.p64.p_type : p.p32.p_type) == PT_INTERP)
            return len > 1 && len < size && read_at(fd, at, buf, (size_t)len) && buf[len - 1] == '\0';
    }
    return false;
}

static const char *inspect_elf(int fd, unsigned *bits)
{
    unsigned char ident[EI_NIDENT];
    struct headers h;
    char interpreter[PATH_MAX];
    if (!read_at(fd, 0, ident, sizeof ident) || memcmp(ident, ELFMAG, SELFMAG) != 0)
        return ident[0] == '#' && ident[1] == '!'
                   ? "it is a script: run its interpreter instead, as in 'thimble exec -- /bin/sh SCRIPT'"
                   : "it is no ELF program";
    *bits = ident[EI_CLASS] == ELFCLASS64 ? 64 : ident[EI_CLASS] == ELFCLASS32 ? 32 : 0;
    if (*bits == 0 || ident[EI_DATA] != ELFDATA2LSB || !read_headers(fd, *bits, &h) ||
        (h.type != ET_EXEC && h.type != ET_DYN))
        return "it is an ELF file of a kind that cannot be run here";
    if (h.machine != (*bits == 64 ? NATIVE : EM_386))
        return "it is a program for another machine";
    if (!read_interpreter(fd, *bits, &h, interpreter, sizeof interpreter))
        return "it is linked statically: no library can be put into it; link it dynamically";
    if (!strstr(interpreter, "/ld-linux"))
        return "its C library is not glibc: the preload library needs that one";
    return NULL;
}

/* The loader ignores preload libraries of programs that run with more rights than their user. */
static const char *inspect_rights(int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return "it cannot be read";
    if (st.st_mode & (S_ISUID | S_ISGID))
        return "it is setuid or setgid: the loader takes no preload library then; run a copy without that bit";
    if (fgetxattr(fd, "security.capability", NULL, 0) > 0)
        return "it has file capabilities: the loader takes no preload library then; run a copy without them";
    return NULL;
}

const char *thm_exec_inspect(const char *path, unsigned *bits)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return strerror(errno);
    const char *wrong = inspect_rights(fd);
    if (!wrong)
        wrong = inspect_elf(fd, bits);
    close(fd);
    return wrong;
}
