#include "emu/zoo/flatbuffer.h"
#include <stdlib.h>
#include <string.h>

#define LEN_MAX (UINT32_C(1) << 30) /* keeps every offset far from overflow */

static void put(uint8_t *to, uint32_t value, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get(const uint8_t *from, uint32_t size)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < size; i++)
        value |= (uint32_t)from[i] << 8 * i;
    return value;
}

static bool reserve(struct thm_fb *fb, uint32_t bytes)
{
    if (fb->failed || bytes > LEN_MAX || fb->len + bytes > LEN_MAX)
        fb->failed = true;
    if (fb->failed || fb->len + bytes <= fb->capacity)
        return !fb->failed;
    uint32_t capacity = fb->capacity ? fb->capacity : 4096;
    while (capacity < fb->len + bytes)
        capacity *= 2;
    uint8_t *data = realloc(fb->data, capacity);
    if (!data) {
        fb->failed = true;
        return false;
    }
    fb->data = data;
    fb->capacity = capacity;
    return true;
}

/* Append zeroed room; its position, 0 if failed (nothing but the header is ever at 0). */
static uint32_t append(struct thm_fb *fb, uint32_t bytes)
{
    if (!reserve(fb, bytes))
        return 0;
    uint32_t at = fb->len;
    memset(fb->data + at, 0, bytes);
    fb->len += bytes;
    return at;
}

/* Pad until a thing that starts `before` bytes from here is aligned. */
static void align(struct thm_fb *fb, uint32_t before, uint32_t alignment)
{
    append(fb, (0u - (fb->len + before)) & (alignment - 1));
}

void thm_fb_start(struct thm_fb *fb, const char *identifier)
{
    uint32_t at = append(fb, 8);
    if (!fb->failed)
        memcpy(fb->data + at + 4, identifier, 4);
}

void thm_fb_link(struct thm_fb *fb, uint32_t at, uint32_t target)
{
    if (!fb->failed)
        put(fb->data + at, target - at, 4);
}

/* Field positions within a table: the widest first, so that none needs padding. Result: the table's size. */
static uint32_t lay_out(const struct thm_fb_field *fields, uint32_t n, uint8_t *vtable)
{
    uint32_t at = 4; /* behind the reference to the vtable */
    for (uint32_t size = 4; size; size /= 2)
        for (uint32_t i = 0; i < n; i++)
            if (fields[i].size == size) {
                put(vtable + 4 + 2 * fields[i].slot, at, 2);
                at += size;
            }
    return at;
}

/* Position of a vtable with these bytes: an earlier one, or a new one. */
static uint32_t vtable_position(struct thm_fb *fb, const uint8_t *vtable, uint32_t bytes)
{
    for (uint32_t i = 0; i < fb->vtables; i++)
        if (get(fb->data + fb->vtable[i], 2) == bytes && memcmp(fb->data + fb->vtable[i], vtable, bytes) == 0)
            return fb->vtable[i];
    align(fb, 0, 4);
    uint32_t at = append(fb, bytes);
    if (fb->failed)
        return 0;
    memcpy(fb->data + at, vtable, bytes);
    if (fb->vtables < THM_FB_VTABLES_MAX)
        fb->vtable[fb->vtables++] = at;
    return at;
}

uint32_t thm_fb_table(struct thm_fb *fb, uint32_t at, const struct thm_fb_field *fields, uint32_t n)
{
    uint8_t vtable[4 + 2 * 256] = { 0 };
    uint32_t slots = 0;
    for (uint32_t i = 0; i < n; i++)
        slots = fields[i].slot >= slots ? fields[i].slot + 1u : slots;
    uint32_t size = lay_out(fields, n, vtable);
    put(vtable, 4 + 2 * slots, 2);
    put(vtable + 2, size, 2);
    uint32_t shared = vtable_position(fb, vtable, 4 + 2 * slots);
    align(fb, 0, 4);
    uint32_t table = append(fb, size);
    if (fb->failed)
        return 0;
    put(fb->data + table, table - shared, 4); /* signed, and subtracted by readers */
    for (uint32_t i = 0; i < n; i++)
        put(fb->data + table + get(vtable + 4 + 2 * fields[i].slot, 2), fields[i].value, fields[i].size);
    thm_fb_link(fb, at, table);
    return table;
}

uint32_t thm_fb_slot(const struct thm_fb *fb, uint32_t table, unsigned slot)
{
    if (fb->failed)
        return 0;
    const uint8_t *vtable = fb->data + table - get(fb->data + table, 4);
    uint32_t field = 4 + 2 * slot < get(vtable, 2) ? get(vtable + 4 + 2 * slot, 2) : 0;
    return field ? table + field : 0;
}

/* Length and n elements, the first of them at a multiple of `alignment`. Result: its position, 0 if failed. */
static uint32_t vector(struct thm_fb *fb, uint32_t at, const void *elements, uint32_t size, uint32_t n,
                       uint32_t alignment)
{
    if (n > LEN_MAX / 8) {
        fb->failed = true;
        return 0;
    }
    align(fb, 0, 4);
    align(fb, 4, alignment);
    uint32_t length = append(fb, 4 + size * n);
    if (fb->failed)
        return 0;
    put(fb->data + length, n, 4);
    if (elements && n)
        memcpy(fb->data + length + 4, elements, (size_t)size * n);
    thm_fb_link(fb, at, length);
    return length + 4;
}

uint32_t thm_fb_vector(struct thm_fb *fb, uint32_t at, const void *elements, uint32_t size, uint32_t n)
{
    return vector(fb, at, elements, size, n, size > 4 ? size : 4);
}

uint32_t thm_fb_bytes(struct thm_fb *fb, uint32_t at, const void *bytes, uint32_t n, uint32_t alignment)
{
    return vector(fb, at, bytes, 1, n, alignment);
}

void thm_fb_string(struct thm_fb *fb, uint32_t at, const char *text)
{
    thm_fb_vector(fb, at, text, 1, (uint32_t)strlen(text));
    append(fb, 1); /* strings end with a zero that their length does not count */
}

void thm_fb_finish(struct thm_fb *fb)
{
    free(fb->data);
    *fb = (struct thm_fb){ 0 };
}
