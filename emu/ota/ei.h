/* emu/ota/ei.h -- Edge Impulse's weights-only payload: wire format, and its reader with everything that it lets pass.
 *
 * Big-endian, without magic, version or checksum: patch_size u32 (bytes that follow); for each tensor with data its
 * index u8, bits u8, elements u16, elements; for each quantised tensor its index u8, channels u16, and a channel's
 * scale (float32) and zero point (int32). How many there are, and which, both sides have compiled in.
 * Source: eloquentarduino/python-edgeimpulse-ota at 756ca35. */
#pragma once
#include <stddef.h>
#include "emu/ota/weights.h"

#define THM_EI_MARKER    "edgeimpulse"        /* precedes the payload over HTTP */
#define THM_EI_WAIT_NS   UINT64_C(5000000000) /* how long the reader waits for each byte that does not come */
#define THM_EI_INDEX_MAX 255u
#define THM_EI_COUNT_MAX 65535u

/* ---- reading, on the board ---- */

enum thm_ei_err {
    THM_EI_OK,
    THM_EI_ENODATA,      /* not a byte has come */
    THM_EI_ESIZE,        /* patch_size is not this model's */
    THM_EI_EINDEX,       /* the stream has ended in search of a tensor's index, */
    THM_EI_EBITS,        /* of its bits, */
    THM_EI_ECOUNT,       /* of its number of elements, */
    THM_EI_ESHORT,       /* inside its data, */
    THM_EI_EQUANT_INDEX, /* or in search of a quantisation's index */
    THM_EI_EMODEL,       /* what was written has damaged the model's file (its weights lie over its tables) */
};

struct thm_ei_progress {
    uint32_t tensors, new_tensors; /* with data: all, and those that are completely new */
    uint32_t quants, new_quants;   /* quantised tensors */
};

/* Takes bytes as they arrive and writes them into the weights at once: when it fails, what came before is written.
 * Bytes between records are skipped as the reference does: until one is the index that is due, then until one is the
 * bits, then pairs until one is the size. What comes behind the last record is ignored. Private but for
 * done, err, progress, bytes. */
struct thm_ei_reader {
    const struct thm_weights *weights;
    struct thm_weights_record record;
    uint32_t n, at;           /* record, and bytes of its field or data so far */
    uint32_t expected, found; /* of the field being read; found: the last one */
    uint8_t stage, err, came; /* came: a byte has, in this stage */
    uint8_t raw[4];
    bool done;
    struct thm_ei_progress progress;
    uint64_t bytes; /* taken, those ignored behind the end not among them */
};

void thm_ei_reader_init(struct thm_ei_reader *r, const struct thm_weights *w);
/* How many bytes were taken: all of them, unless done or failed. */
size_t thm_ei_reader_feed(struct thm_ei_reader *r, const uint8_t *data, size_t len);
/* No byte has come for THM_EI_WAIT_NS. */
enum thm_ei_err thm_ei_reader_end(struct thm_ei_reader *r);
/* The error in the reference's words ("Size mismatch at layer 3's data: expected 64, found 63"), cut to size - 1
 * characters. Where it prints a variable that was never set, this says so. */
void thm_ei_message(const struct thm_ei_reader *r, char *out, size_t size);

/* ---- writing ---- */

/* patch_size of these weights. false: *bad is a record that the format has no room for. */
bool thm_ei_size(const struct thm_weights *w, uint32_t *patch_size, struct thm_weights_record *bad);

struct thm_ei_writer { /* private */
    const struct thm_weights *weights;
    struct thm_weights_record record;
    uint32_t n, at, head, patch_size;
    bool started;
};
void thm_ei_writer_init(struct thm_ei_writer *e, const struct thm_weights *w, uint32_t patch_size);
/* The next bytes of the payload; fewer than room: its end. */
size_t thm_ei_writer_read(struct thm_ei_writer *e, uint8_t *out, size_t room);

/* ---- looking into one without its model ---- */

struct thm_ei_item {
    enum thm_weights_kind kind;
    uint32_t index, bits, count, offset; /* offset: of the first element in the payload */
};
/* The records of a whole payload (marker and all) if it is well-formed: indices rise within both parts. items: for at
 * most max; *count of them. *start: where patch_size is. false: it is no such payload. */
bool thm_ei_scan(const uint8_t *data, size_t len, struct thm_ei_item *items, size_t max, size_t *count, size_t *start);
/* Could these 8 bytes be a payload's first (without its marker)? */
bool thm_ei_looks_like(const uint8_t head[8]);
