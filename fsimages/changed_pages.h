/* fsimages/changed_pages.h -- which pages of a private mapping were written to since it was made. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct changed_pages {
    const uint8_t *bytes; /* the mapping, at a page's start */
    size_t size, at;      /* bytes; how far it was walked */
    int fd;               /* /proc/self/pagemap; -1: the kernel does not tell */
};

/* Result: whether the kernel tells. If not, every page counts as changed. */
bool changed_pages_begin(struct changed_pages *c, const uint8_t *bytes, size_t size);
/* The next changed pages in a row: bytes from *off to *end. False: no more. */
bool changed_pages_next(struct changed_pages *c, size_t *off, size_t *end);
void changed_pages_end(struct changed_pages *c);
