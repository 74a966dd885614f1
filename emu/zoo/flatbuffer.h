/* emu/zoo/flatbuffer.h -- write a FlatBuffer front to back.
 *
 * Parents come before their children: an object is written with empty references, and each child is written
 * later "at" the reference that shall point to it. So the position of everything is known before any bulk
 * data exists, and bulk data can be streamed behind the tables. Positions and sizes are bytes from the start
 * of the buffer.
 *
 * Once something fails (out of memory, too long), every later call does nothing and `failed` stays set: check
 * it once at the end. Source of the layout: FlatBuffers, "Internals" (flatbuffers.dev/internals). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THM_FB_FIELDS_MAX  8
#define THM_FB_VTABLES_MAX 24

struct thm_fb { /* zero-initialise; data belongs to it until thm_fb_finish() */
    uint8_t *data;
    uint32_t len, capacity;
    bool failed;
    uint32_t vtable[THM_FB_VTABLES_MAX]; /* positions of those that later tables may share */
    uint32_t vtables;
};

struct thm_fb_field {
    uint8_t slot;   /* field number in the schema */
    uint8_t size;   /* 1, 2 or 4 bytes */
    uint32_t value; /* raw little-endian bits; of a reference: 0 until its target is written */
};

/* The header: an empty reference to the root table at position 0, then the file identifier (four characters).
 */
void thm_fb_start(struct thm_fb *fb, const char *identifier);

/* A table of up to THM_FB_FIELDS_MAX fields with different slots, pointed to by the reference at position
 * `at`. Result: its position, for thm_fb_slot(); 0 if failed. */
uint32_t thm_fb_table(struct thm_fb *fb, uint32_t at, const struct thm_fb_field *fields, uint32_t n);

/* Position of a field of a table that has that field; 0 if failed or absent. */
uint32_t thm_fb_slot(const struct thm_fb *fb, uint32_t table, unsigned slot);

/* A vector of n elements of 1, 4 or 8 bytes, aligned to their size; zeroed if elements is NULL.
 * Result: position of the first element; 0 if failed. */
uint32_t thm_fb_vector(struct thm_fb *fb, uint32_t at, const void *elements, uint32_t size, uint32_t n);

/* A vector of n bytes, the first at a multiple of `alignment` (4 or more, a power of 2); else as above. */
uint32_t thm_fb_bytes(struct thm_fb *fb, uint32_t at, const void *bytes, uint32_t n, uint32_t alignment);

void thm_fb_string(struct thm_fb *fb, uint32_t at, const char *text);

/* Let the reference at `at` point to `target`, which lies behind it and may lie beyond what is written. */
void thm_fb_link(struct thm_fb *fb, uint32_t at, uint32_t target);

void thm_fb_finish(struct thm_fb *fb); /* frees; a zeroed fb is fine */
