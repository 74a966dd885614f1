/* tests/unit/interpreter/flex_builder.h -- writes a FlexBuffer map of numbers; keys must come sorted. */
#pragma once
#include <stdint.h>
#include <string.h>

enum { FLEX_INT = 1, FLEX_UINT = 2, FLEX_FLOAT = 3, FLEX_STRING = 5, FLEX_BOOL = 26 };

struct flex_entry {
    const char *key;
    int type;
    int32_t value; /* floats as bits */
};

struct flex {
    uint8_t data[512];
    uint32_t bytes;
};

static inline void flex_put(struct flex *f, uint32_t value)
{
    memcpy(f->data + f->bytes, &value, 4);
    f->bytes += 4;
}

/* All numbers and distances have 4 bytes. */
static inline void flex_map(struct flex *f, const struct flex_entry *entry, uint32_t count)
{
    uint32_t key[16];
    memset(f, 0, sizeof *f);
    for (uint32_t i = 0; i < count; i++) {
        key[i] = f->bytes;
        strcpy((char *)f->data + f->bytes, entry[i].key);
        f->bytes += (uint32_t)strlen(entry[i].key) + 1;
    }
    flex_put(f, count);
    uint32_t keys = f->bytes;
    for (uint32_t i = 0; i < count; i++)
        flex_put(f, f->bytes - key[i]);
    flex_put(f, f->bytes - keys);
    flex_put(f, 4);
    flex_put(f, count);
    uint32_t values = f->bytes;
    for (uint32_t i = 0; i < count; i++)
        flex_put(f, (uint32_t)entry[i].value);
    for (uint32_t i = 0; i < count; i++)
        f->data[f->bytes++] = (uint8_t)(entry[i].type << 2 | 2);
    flex_put(f, f->bytes - values);
    f->data[f->bytes++] = 9 << 2 | 2; /* a map */
    f->data[f->bytes++] = 4;
}
