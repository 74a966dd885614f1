#include "emu/board/ring.h"
#include <stdbool.h>
#include <string.h>

struct block { /* as it lies in the ring */
    uint32_t size, from, sent_low, sent_high, unused, reserved;
};
_Static_assert(sizeof(struct block) == THM_RING_BLOCK, "");

static uint32_t capacity(uint32_t size)
{
    return size - THM_RING_HEAD;
}

static uint32_t used(const struct thm_ring *r, uint32_t size)
{
    return r->write >= r->read ? r->write - r->read : capacity(size) - r->read + r->write;
}

static bool is_sound(const struct thm_ring *r, uint32_t size)
{
    return r->write < capacity(size) && r->read < capacity(size) && r->write % 16 == 0 && r->read % 16 == 0;
}

static uint32_t after(uint32_t at, uint32_t len, uint32_t size)
{
    return (at + len) % capacity(size);
}

static uint32_t aligned(uint32_t len)
{
    return (len + 15) & ~15u;
}

static void write_bytes(struct thm_ring *r, uint32_t size, uint32_t at, const void *data, uint32_t len)
{
    const uint32_t first = len < capacity(size) - at ? len : capacity(size) - at;
    memcpy(r->data + at, data, first);
    memcpy(r->data, (const uint8_t *)data + first, len - first);
}

static void read_bytes(const struct thm_ring *r, uint32_t size, uint32_t at, void *data, uint32_t len)
{
    const uint32_t first = len < capacity(size) - at ? len : capacity(size) - at;
    memcpy(data, r->data + at, first);
    memcpy((uint8_t *)data + first, r->data, len - first);
}

int32_t thm_ring_put(struct thm_ring *r, uint32_t size, const struct thm_ring_message *m, const void *data)
{
    if (!is_sound(r, size))
        return THM_RING_DAMAGED;
    if ((uint64_t)THM_RING_BLOCK + m->len + 16 > capacity(size) - used(r, size))
        return THM_RING_FULL;
    const struct block b = { .size = THM_RING_BLOCK - 4 + m->len,
                             .from = m->from,
                             .sent_low = (uint32_t)m->sent_ns,
                             .sent_high = (uint32_t)(m->sent_ns >> 32) };
    write_bytes(r, size, r->write, &b, sizeof b);
    write_bytes(r, size, after(r->write, THM_RING_BLOCK, size), data, m->len);
    r->write = after(r->write, aligned(THM_RING_BLOCK + m->len), size);
    return 0;
}

int32_t thm_ring_peek(const struct thm_ring *r, uint32_t size, struct thm_ring_message *out)
{
    struct block b;
    if (!is_sound(r, size))
        return THM_RING_DAMAGED;
    if (r->write == r->read)
        return THM_RING_EMPTY;
    read_bytes(r, size, r->read, &b, sizeof b);
    if (b.size < THM_RING_BLOCK - 4 || b.size > used(r, size) - 4)
        return THM_RING_DAMAGED;
    *out = (struct thm_ring_message){ (uint64_t)b.sent_high << 32 | b.sent_low, b.from, b.size - (THM_RING_BLOCK - 4) };
    return 0;
}

int32_t thm_ring_get(struct thm_ring *r, uint32_t size, void *buf, uint32_t room)
{
    struct thm_ring_message m;
    const int32_t err = thm_ring_peek(r, size, &m);
    if (err)
        return err;
    if (m.len > room)
        return THM_RING_NO_ROOM;
    read_bytes(r, size, after(r->read, THM_RING_BLOCK, size), buf, m.len);
    r->read = after(r->read, aligned(THM_RING_BLOCK + m.len), size);
    return (int32_t)m.len;
}
