/* emu/library/held.h -- bytes that several devices share. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct held { /* read-only */
    unsigned holders;
    size_t bytes;
    uint8_t *data; /* at a multiple of 16: models are read in place; a zero follows */
};

/* bytes of room, to be filled by the caller who holds it. NULL: the PC has no memory. */
struct held *held_create(size_t bytes);
struct held *held_copy(const void *data, size_t bytes); /* likewise; data may be NULL if bytes is 0 */
struct held *held_again(struct held *h);                /* one holder more; gives h; NULL is fine */
void held_drop(struct held *h);                         /* one holder less; NULL is fine */
/* What a holder has, in place of what it had. */
void held_replace(struct held **place, struct held *h);
const char *held_text(const struct held *h); /* NULL for NULL */
