/* emu/firmware/image.h -- a user's firmware as the dynamic linker has loaded it: its symbols, bound to the board.
 *
 * Read are the tables that the file's dynamic section names (System V gABI chapter 5; psABI of x86-64 and AArch64 for
 * the relocations), every one checked to lie in the file's own segments. */
#pragma once
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>

struct thm_binding { /* what becomes of a symbol that the firmware takes from the C library */
    const char *name;
    void (*to)(void);    /* the board's own; NULL: refused */
    const char *instead; /* refused: what to use */
};

struct thm_image {
    const char *path;
    uintptr_t base;
    const ElfW(Phdr) * segment;
    size_t segments;
    const ElfW(Dyn) * dynamic;
    const ElfW(Sym) * symbols;
    const uint32_t *hash; /* DT_GNU_HASH; NULL: none */
    const char *strings;
    size_t strings_size;
    struct {
        const ElfW(Rela) * at;
        size_t count;
    } relocations[2];                /* DT_RELA, DT_JMPREL */
    uintptr_t text_low, text_high;   /* executable segments */
    uintptr_t relro_low, relro_high; /* made read-only after relocation */
    uint32_t static_bytes;           /* of writable data: .data and .bss */
};

/* Fill *im from a handle of dlopen(). Errors: -1; *why (malloc'ed or NULL) says what is wrong with the file. */
int thm_image_open(struct thm_image *im, void *handle, char **why);
/* Bytes of its variables whose public names begin with prefix, and no more than static_bytes. */
uint32_t thm_image_bytes_of(const struct thm_image *im, const char *prefix);
/* Bind every symbol reference: to the firmware's own definition if it has one, else to a binding of that name. The rest
 * stays as the dynamic linker has it. Errors: likewise; also a refused symbol, a foreign library, a text relocation. */
int thm_image_bind(const struct thm_image *im, const struct thm_binding *bindings, size_t n, char **why);
