#include "emu/library/held.h"
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16 };

struct held *held_create(size_t bytes)
{
    struct held *h = bytes <= SIZE_MAX - 2 * ALIGNMENT ? calloc(1, sizeof *h) : NULL;
    uint8_t *data = h ? aligned_alloc(ALIGNMENT, (bytes / ALIGNMENT + 1) * ALIGNMENT) : NULL;
    if (!data) {
        free(h);
        return NULL;
    }
    data[bytes] = 0;
    *h = (struct held){ .holders = 1, .bytes = bytes, .data = data };
    return h;
}

struct held *held_copy(const void *data, size_t bytes)
{
    struct held *h = held_create(bytes);
    if (h && bytes)
        memcpy(h->data, data, bytes);
    return h;
}

struct held *held_again(struct held *h)
{
    if (h)
        h->holders++;
    return h;
}

void held_drop(struct held *h)
{
    if (!h || --h->holders)
        return;
    free(h->data);
    free(h);
}

void held_replace(struct held **place, struct held *h)
{
    held_drop(*place);
    *place = h;
}

const char *held_text(const struct held *h)
{
    return h ? (const char *)h->data : NULL;
}
