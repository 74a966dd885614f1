#include "emu/firmware/image.h"
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "memmodels/lowmap.h"

#if defined __x86_64__
enum { SLOT = R_X86_64_JUMP_SLOT, DATA = R_X86_64_GLOB_DAT, ABSOLUTE = R_X86_64_64 };
#elif defined __aarch64__
enum { SLOT = R_AARCH64_JUMP_SLOT, DATA = R_AARCH64_GLOB_DAT, ABSOLUTE = R_AARCH64_ABS64 };
#else
/* cppcheck-suppress preprocessorErrorDirective */
#error "which relocations does this processor use for symbols?"
#endif

#define refuse(why, ...) (asprintf(why, __VA_ARGS__) < 0 ? (*(why) = NULL, -1) : -1)

/* ---- what lies where ---- */

static bool in_segment(const struct thm_image *im, uintptr_t at, size_t len, uint32_t flags)
{
    for (size_t i = 0; i < im->segments; i++) {
        const ElfW(Phdr) *p = &im->segment[i];
        const uintptr_t off = at - im->base - p->p_vaddr;
        if (p->p_type == PT_LOAD && (p->p_flags & flags) == flags && off <= p->p_memsz && len <= p->p_memsz - off)
            return true;
    }
    return false;
}

/* The linker may or may not have added the base to the addresses in the dynamic section. */
static uintptr_t address(const struct thm_image *im, ElfW(Addr) a)
{
    return in_segment(im, a, 1, 0) ? a : im->base + a;
}

static void measure_segments(struct thm_image *im)
{
    uint64_t writable = 0, relro = 0;
    for (size_t i = 0; i < im->segments; i++) {
        const ElfW(Phdr) *p = &im->segment[i];
        const uintptr_t low = im->base + p->p_vaddr, high = low + p->p_memsz;
        if (p->p_type == PT_LOAD && p->p_flags & PF_W)
            writable += p->p_memsz;
        if (p->p_type == PT_LOAD && p->p_flags & PF_X) {
            im->text_low = im->text_low ? im->text_low : low;
            im->text_high = high;
        }
        if (p->p_type == PT_GNU_RELRO) { /* constants with addresses in them: in flash on a device */
            const uintptr_t page = (uintptr_t)thm_page_size() - 1;
            relro = p->p_memsz;
            im->relro_low = low & ~page;
            im->relro_high = high & ~page;
        }
    }
    im->static_bytes = writable > relro ? (uint32_t)(writable - relro) : 0;
}

static int read_dynamic(struct thm_image *im)
{
    uintptr_t rela = 0, jmprel = 0;
    size_t rela_size = 0, jmprel_size = 0;
    for (const ElfW(Dyn) *d = im->dynamic; d->d_tag != DT_NULL; d++) {
        switch (d->d_tag) {
        case DT_SYMTAB: im->symbols = (const ElfW(Sym) *)address(im, d->d_un.d_ptr); break;
        case DT_STRTAB: im->strings = (const char *)address(im, d->d_un.d_ptr); break;
        case DT_GNU_HASH: im->hash = (const uint32_t *)address(im, d->d_un.d_ptr); break;
        case DT_STRSZ: im->strings_size = d->d_un.d_val; break;
        case DT_RELA: rela = address(im, d->d_un.d_ptr); break;
        case DT_RELASZ: rela_size = d->d_un.d_val; break;
        case DT_JMPREL: jmprel = address(im, d->d_un.d_ptr); break;
        case DT_PLTRELSZ: jmprel_size = d->d_un.d_val; break;
        default: break;
        }
    }
    im->relocations[0].at = (const ElfW(Rela) *)rela;
    im->relocations[0].count = rela_size / sizeof(ElfW(Rela));
    im->relocations[1].at = (const ElfW(Rela) *)jmprel;
    im->relocations[1].count = jmprel_size / sizeof(ElfW(Rela));
    const bool whole = im->symbols && im->strings && in_segment(im, (uintptr_t)im->strings, im->strings_size, 0) &&
                       (rela_size == 0 || in_segment(im, rela, rela_size, 0)) &&
                       (jmprel_size == 0 || in_segment(im, jmprel, jmprel_size, 0));
    return whole ? 0 : -1;
}

int thm_image_open(struct thm_image *im, void *handle, char **why)
{
    struct link_map *map = NULL;
    const ElfW(Phdr) *segment = NULL;
    const int n = dlinfo(handle, RTLD_DI_PHDR, &segment);
    if (n < 0 || dlinfo(handle, RTLD_DI_LINKMAP, &map) < 0)
        return refuse(why, "%s", dlerror());
    *im = (struct thm_image){
        .path = map->l_name, .base = map->l_addr, .dynamic = map->l_ld, .segment = segment, .segments = (size_t)n
    };
    measure_segments(im);
    return read_dynamic(im) < 0 ? refuse(why, "%s: its dynamic tables are damaged", im->path) : 0;
}

/* ---- libraries ---- */

/* Those of the C library itself, and the run-times of sanitizers. */
static bool is_welcome(const char *library)
{
    static const char *const prefixes[] = { "libc.so.",    "libm.so.",     "libgcc_s.so.", "ld-linux", "libpthread.so.",
                                            "libdl.so.",   "librt.so.",    "libmd.so.", /* thimble.pc has it */
                                            "libasan.so.", "libubsan.so.", "libclang_rt." };
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strncmp(library, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static const char *text_at(const struct thm_image *im, size_t offset)
{
    const char *s = im->strings + offset;
    return offset < im->strings_size && memchr(s, '\0', im->strings_size - offset) ? s : NULL;
}

static int check_libraries(const struct thm_image *im, char **why)
{
    for (const ElfW(Dyn) *d = im->dynamic; d->d_tag != DT_NULL; d++) {
        const char *library = d->d_tag == DT_NEEDED ? text_at(im, d->d_un.d_val) : NULL;
        if (library && !is_welcome(library))
            return refuse(why, "%s needs the shared library %s, which a board does not have: link it statically",
                          im->path, library);
    }
    return 0;
}

/* ---- symbols ---- */

/* How many there are: the last one is at the end of the last bucket's chain. 0: not known. */
static size_t count_symbols(const struct thm_image *im)
{
    enum { BUCKETS, FIRST, BLOOM, SHIFT, HEAD }; /* words of the table's head, before its Bloom filter */
    const uint32_t *h = im->hash;
    if (!h || !in_segment(im, (uintptr_t)h, HEAD * sizeof *h, 0))
        return 0;
    const uint32_t *bucket = h + HEAD + (size_t)h[BLOOM] * (sizeof(ElfW(Addr)) / sizeof *h);
    const uint32_t *chain = bucket + h[BUCKETS];
    size_t last = 0;
    if (!in_segment(im, (uintptr_t)bucket, h[BUCKETS] * sizeof *bucket, 0))
        return 0;
    for (uint32_t i = 0; i < h[BUCKETS]; i++)
        last = bucket[i] > last ? bucket[i] : last;
    if (last < h[FIRST])
        return 0;
    while (in_segment(im, (uintptr_t)&chain[last - h[FIRST]], sizeof *chain, 0) && !(chain[last - h[FIRST]] & 1))
        last++;
    return last + 1;
}

uint32_t thm_image_bytes_of(const struct thm_image *im, const char *prefix)
{
    const size_t n = count_symbols(im);
    uint64_t sum = 0;
    if (!in_segment(im, (uintptr_t)im->symbols, n * sizeof *im->symbols, 0))
        return 0;
    for (size_t i = 0; i < n; i++) {
        const ElfW(Sym) *s = &im->symbols[i];
        const char *name = text_at(im, s->st_name);
        if (s->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(s->st_info) == STT_OBJECT && name &&
            strncmp(name, prefix, strlen(prefix)) == 0)
            sum += s->st_size;
    }
    return sum < im->static_bytes ? (uint32_t)sum : im->static_bytes;
}

static const struct thm_binding *find(const struct thm_binding *bindings, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(bindings[i].name, name) == 0)
            return &bindings[i];
    return NULL;
}

/* Where the firmware's reference to a symbol shall lead; 0: where the dynamic linker has it. */
static int resolve(const struct thm_image *im, const ElfW(Sym) * s, const struct thm_binding *bindings, size_t n,
                   uintptr_t *to, char **why)
{
    const char *name = text_at(im, s->st_name);
    const unsigned type = ELF64_ST_TYPE(s->st_info);
    *to = 0;
    if (s->st_shndx != SHN_UNDEF) /* the dynamic linker would have preferred a namesake in the PC's C library */
        *to = type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE ? im->base + s->st_value : 0;
    if (s->st_shndx != SHN_UNDEF || !name)
        return 0;
    const struct thm_binding *b = find(bindings, n, name);
    if (b && !b->to)
        return refuse(why, "%s uses %s(), which a board does not have: %s", im->path, name, b->instead);
    *to = b ? (uintptr_t)b->to : 0;
    return 0;
}

/* Slots may lie in what a sanitizer keeps around the firmware's variables. */
__attribute__((no_sanitize("address"))) static int bind_one(const struct thm_image *im, const ElfW(Rela) * r,
                                                            const struct thm_binding *bindings, size_t n, char **why)
{
    const uint32_t type = (uint32_t)ELF64_R_TYPE(r->r_info);
    const ElfW(Sym) *symbol = im->symbols + ELF64_R_SYM(r->r_info);
    uintptr_t *slot = (uintptr_t *)(im->base + r->r_offset), to;
    if (ELF64_R_SYM(r->r_info) == 0 || (type != SLOT && type != DATA && type != ABSOLUTE))
        return 0;
    if (!in_segment(im, (uintptr_t)symbol, sizeof *symbol, 0) || (uintptr_t)slot % sizeof *slot)
        return refuse(why, "%s: its relocations are damaged", im->path);
    if (!in_segment(im, (uintptr_t)slot, sizeof *slot, PF_W))
        return refuse(why, "%s has relocations in its code: compile with -fPIC", im->path);
    if (resolve(im, symbol, bindings, n, &to, why) < 0)
        return -1;
    if (to)
        *slot = to + (type == ABSOLUTE ? (uintptr_t)r->r_addend : 0);
    return 0;
}

static int protect_relro(const struct thm_image *im, int protection, char **why)
{
    const size_t len = im->relro_high - im->relro_low;
    if (len && mprotect((void *)im->relro_low, len, protection) < 0)
        return refuse(why, "%s: its relocations cannot be changed: %m", im->path);
    return 0;
}

int thm_image_bind(const struct thm_image *im, const struct thm_binding *bindings, size_t n, char **why)
{
    if (check_libraries(im, why) < 0 || protect_relro(im, PROT_READ | PROT_WRITE, why) < 0)
        return -1;
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < im->relocations[t].count; i++)
            if (bind_one(im, &im->relocations[t].at[i], bindings, n, why) < 0)
                return -1;
    return protect_relro(im, PROT_READ, why);
}
