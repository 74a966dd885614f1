/* emu/board/ring.h -- one direction of a mailbox between two cores: whole messages in a bounded ring.
 *
 * Layout, limits and results are those of Azure Sphere's MT3620 (Azure/azure-sphere-samples, IntercoreComms,
 * logical-intercore.c): a head of 64 bytes with two positions, then the data; blocks at multiples of 16, each a size
 * (without itself), 16 bytes that name the sender, a reserved word and the message; blocks wrap around. In the sender's
 * 16 bytes, a component id there, stand the core's number and the device time at which it sent.
 *
 * The memory is shared with other processes, which hostile firmware may rule: what is read from it is checked. */
#pragma once
#include <stdint.h>

#define THM_RING_HEAD  64u /* bytes before the data */
#define THM_RING_BLOCK 24u /* bytes of a block before the message */
#define THM_RING_MIN   256u

enum { /* results, negative: numbers of the sample's logical-intercore.h */
       THM_RING_EMPTY = -0x10,
       THM_RING_NO_ROOM = -0x11, /* the receiver's buffer is too small; the message stays */
       THM_RING_TOO_LARGE = -0x20,
       THM_RING_FULL = -0x21,
       THM_RING_DAMAGED = -0x7F, /* ours: the positions or a size make no sense */
};

struct thm_ring {
    uint32_t write, read;
    uint8_t reserved[THM_RING_HEAD - 8];
    uint8_t data[];
};

struct thm_ring_message {
    uint64_t sent_ns;
    uint32_t from, len;
};

/* size: bytes of the whole ring, a multiple of 16 above THM_RING_MIN. Put: FULL, DAMAGED or 0; it needs 16 bytes more
 * than the block has. */
int32_t thm_ring_put(struct thm_ring *r, uint32_t size, const struct thm_ring_message *m, const void *data);
/* The next message, which stays: EMPTY, DAMAGED or 0. */
int32_t thm_ring_peek(const struct thm_ring *r, uint32_t size, struct thm_ring_message *out);
/* Take it: its length, EMPTY, NO_ROOM or DAMAGED. */
int32_t thm_ring_get(struct thm_ring *r, uint32_t size, void *buf, uint32_t room);
