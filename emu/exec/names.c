/* emu/exec/names.c -- function, file and line of an address in the program, from its symbols and debug data (libdw). */
#include <dlfcn.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "emu/exec/exec.h"

/* Loaded when a backtrace wants names: every board process would carry its 2 MB otherwise. Without it addresses have
 * none. */
#define LIBDW "libdw.so.1"
#define DW_FUNCTIONS(X)       \
    X(dwfl_begin)             \
    X(dwfl_end)               \
    X(dwfl_report_begin)      \
    X(dwfl_report_elf)        \
    X(dwfl_report_end)        \
    X(dwfl_addrmodule)        \
    X(dwfl_module_addrname)   \
    X(dwfl_module_getsrc)     \
    X(dwfl_lineinfo)          \
    X(dwfl_module_info)       \
    X(dwfl_build_id_find_elf) \
    X(dwfl_standard_find_debuginfo)

struct dw {
#define X(name) __typeof__(name) *name;
    DW_FUNCTIONS(X)
#undef X
};

struct thm_exec_names {
    void *libdw, *cxx; /* handles of dlopen */
    struct dw dw;
    Dwfl *dwfl;
    Dwfl_Callbacks callbacks;
    char *debug_path;
    char *(*demangle)(const char *mangled, char *buf, size_t *len, int *status); /* NULL: names stay as they are */
};

static bool load_libdw(struct thm_exec_names *n)
{
    n->libdw = dlopen(LIBDW, RTLD_LAZY | RTLD_LOCAL);
#define X(name)                                                       \
    *(void **)&n->dw.name = n->libdw ? dlsym(n->libdw, #name) : NULL; \
    if (!n->dw.name)                                                  \
        return false;
    DW_FUNCTIONS(X)
#undef X
    return true;
}

static const char *file_of(const struct thm_exec_outcome *out, const struct thm_exec_module *m)
{
    return m->path[0] ? m->path : out->path;
}

/* The path was the program's to write: only files are opened, and only read. One without symbols gives no names. */
static void add_module(struct thm_exec_names *n, const char *path, uint64_t bias)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !n->dw.dwfl_report_elf(n->dwfl, path, path, fd, bias, true))
        close(fd);
}

static void add_modules(struct thm_exec_names *n, const struct thm_exec_outcome *out)
{
    const struct thm_exec_result *r = &out->page.result;
    n->callbacks = (Dwfl_Callbacks){ .find_elf = n->dw.dwfl_build_id_find_elf,
                                     .find_debuginfo = n->dw.dwfl_standard_find_debuginfo,
                                     .debuginfo_path = &n->debug_path };
    unsetenv("DEBUGINFOD_URLS"); /* nothing is fetched for a report */
    n->dwfl = n->dw.dwfl_begin(&n->callbacks);
    if (!n->dwfl)
        return;
    n->dw.dwfl_report_begin(n->dwfl);
    for (uint32_t i = 0; i < r->modules; i++)
        add_module(n, file_of(out, &r->module[i]), r->module[i].bias);
    n->dw.dwfl_report_end(n->dwfl, NULL, NULL);
}

struct thm_exec_names *thm_exec_names_open(const struct thm_exec_outcome *out)
{
    struct thm_exec_names *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    if (load_libdw(n))
        add_modules(n, out);
    n->cxx = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
    if (n->cxx)
        *(void **)&n->demangle = dlsym(n->cxx, "__cxa_demangle");
    return n;
}

void thm_exec_names_close(struct thm_exec_names *n)
{
    if (!n)
        return;
    if (n->dwfl)
        n->dw.dwfl_end(n->dwfl);
    if (n->libdw)
        dlclose(n->libdw);
    if (n->cxx)
        dlclose(n->cxx);
    free(n);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The module that an address most likely lies in: the one with the highest bias below it. For nameless addresses. */
static const struct thm_exec_module *module_below(const struct thm_exec_result *r, uint64_t address)
{
    const struct thm_exec_module *best = NULL;
    for (uint32_t i = 0; i < r->modules; i++)
        if (r->module[i].bias <= address && (!best || r->module[i].bias > best->bias))
            best = &r->module[i];
    return best;
}

static void put_place(const struct thm_exec_outcome *out, uint64_t address, char *buf, size_t len)
{
    const struct thm_exec_module *m = module_below(&out->page.result, address);
    if (m)
        snprintf(buf, len, "%s+0x%llx", base_name(file_of(out, m)), (unsigned long long)(address - m->bias));
    else
        snprintf(buf, len, "0x%llx", (unsigned long long)address);
}

static void put_function(const struct thm_exec_names *n, const char *symbol, const char *where, int line, char *buf,
                         size_t len)
{
    int status = -1;
    char *plain = n->demangle && strncmp(symbol, "_Z", 2) == 0 ? n->demangle(symbol, NULL, NULL, &status) : NULL;
    const int name_len = (int)strcspn(symbol, "@"); /* a symbol's version follows */
    const int used =
        plain ? snprintf(buf, len, "%s (%s", plain, where) : snprintf(buf, len, "%.*s (%s", name_len, symbol, where);
    if (used > 0 && (size_t)used < len)
        line ? snprintf(buf + used, len - (size_t)used, ":%d)", line) : snprintf(buf + used, len - (size_t)used, ")");
    free(plain);
}

void thm_exec_name(struct thm_exec_names *n, const struct thm_exec_outcome *out, uint64_t address, char *buf,
                   size_t len)
{
    Dwfl_Module *module = n && n->dwfl ? n->dw.dwfl_addrmodule(n->dwfl, address) : NULL;
    const char *symbol = module ? n->dw.dwfl_module_addrname(module, address) : NULL;
    if (!symbol) {
        put_place(out, address, buf, len);
        return;
    }
    int line = 0;
    Dwfl_Line *at = n->dw.dwfl_module_getsrc(module, address);
    const char *file = at ? n->dw.dwfl_lineinfo(at, NULL, &line, NULL, NULL, NULL) : NULL;
    if (!file)
        file = n->dw.dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    put_function(n, symbol, base_name(file), line, buf, len);
}
