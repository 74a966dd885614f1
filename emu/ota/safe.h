/* emu/ota/safe.h -- our own payload for an update of weights: what a broken download cannot turn into a broken model.
 *
 * Little-endian. A header of 120 bytes:
 *     0  "THMW", version u16 = 1, 0 u16
 *     8  SHA-256 of bytes 40 to 115 and of the records: names the payload, and is known before anything is written
 *    40  SHA-256 of the model file that is updated
 *    72  SHA-256 of the model file that it becomes
 *   104  bytes of the payload u32, records u32, bytes of the largest record's data u32
 *   116  CRC-32 of bytes 0 to 115
 * then the records, for each tensor that changes: subgraph u16, field u16 (enum thm_safe_field), tensor u32, bytes of
 * data u32, CRC-32 of these 12 bytes and the data u32, the data as the model file has it. */
#pragma once
#include <stddef.h>
#include "emu/board/signing.h"
#include "interpreter/model.h"

#define THM_SAFE_MAGIC "THMW"
enum { THM_SAFE_VERSION = 1, THM_SAFE_HEADER = 120, THM_SAFE_RECORD = 16 };
enum thm_safe_field { THM_SAFE_DATA, THM_SAFE_SCALES, THM_SAFE_ZERO_POINTS, THM_SAFE_FIELDS };

enum thm_safe_err {
    THM_SAFE_OK,
    THM_SAFE_EHEADER,  /* no payload of this format, or its header is damaged */
    THM_SAFE_EVERSION, /* a later version */
    THM_SAFE_EBASE,    /* for another model than this one */
    THM_SAFE_EOTHER,   /* resumed with another payload */
    THM_SAFE_EMEMORY,  /* no room to stage the largest record */
    THM_SAFE_ERECORD,  /* a record of a tensor that is not there, or of another size */
    THM_SAFE_ECRC,     /* a damaged record; nothing of it was written */
    THM_SAFE_ECUT,     /* the payload ends too early */
    THM_SAFE_EDIGEST,  /* the payload is not what its header says */
    THM_SAFE_EMODEL,   /* what was written has damaged the model's file */
    THM_SAFE_ERESULT,  /* the model is not what the header says it becomes */
};

struct thm_safe_header {
    uint8_t digest[THM_DIGEST_BYTES], base[THM_DIGEST_BYTES], result[THM_DIGEST_BYTES];
    uint32_t bytes, records, largest;
};
struct thm_safe_record {
    uint32_t subgraph, field, tensor, bytes, crc;
};

struct thm_safe_host {                            /* what the reader needs of its surroundings */
    uint8_t *(*stage)(void *ctx, uint32_t bytes); /* memory for one record's data; NULL: there is none */
    void (*digest_start)(void *ctx, struct thm_digest *d);
    void (*digest_add)(void *ctx, struct thm_digest *d, const void *data, uint32_t len);
    void (*digest_end)(void *ctx, struct thm_digest *d, uint8_t *out);
    void *ctx;
};
extern const struct thm_safe_host thm_safe_pc; /* digests without a board; stages nothing */

/* Writes a record into the model when all of it is there and sound. In static data; private but for header, record,
 * err, applied, done. */
struct thm_safe_reader {
    const struct thm_safe_host *host;
    uint8_t *model; /* the file, writable; lent */
    uint32_t model_bytes;
    struct thm_safe_header header;
    struct thm_safe_record record; /* under way */
    uint8_t head[THM_SAFE_HEADER];
    uint8_t *stage, *target;
    struct thm_digest digest, digest_kept; /* of the payload; kept: up to the last record that was applied */
    uint32_t at, offset, offset_kept;      /* at: in the part being read; offset: of the payload */
    uint32_t n, applied;                   /* records seen, and written */
    uint8_t part, err;
    bool known, done; /* known: the header was read once */
};

/* model: opened once without error. */
void thm_safe_reader_init(struct thm_safe_reader *r, const struct thm_safe_host *host, uint8_t *model, uint32_t bytes);
enum thm_safe_err thm_safe_reader_feed(struct thm_safe_reader *r, const uint8_t *data, size_t len);
/* There is no more. OK: the model is the new one, by its digest. */
enum thm_safe_err thm_safe_reader_end(struct thm_safe_reader *r);
/* After an error in the stream: go on behind the last record that was applied; if none was, any payload will do. The
 * result is the offset in the payload from which to feed; from_start: feed from 0, what was applied is passed over. Not
 * after EBASE, EMODEL and ERESULT. */
uint32_t thm_safe_reader_resume(struct thm_safe_reader *r, bool from_start);
uint32_t thm_safe_reader_place(const struct thm_safe_reader *r); /* that offset; 0: nothing is applied yet */
/* "record 3, tensor 7: damaged", cut to size - 1 characters. */
void thm_safe_message(const struct thm_safe_reader *r, char *out, size_t size);

/* Where a field of a tensor is in the model's file. false: there is none. */
bool thm_safe_find(const struct thm_model *m, uint32_t subgraph, uint32_t tensor, uint32_t field, const uint8_t **data,
                   uint32_t *bytes);
/* From bytes; false: damaged, or none. */
bool thm_safe_parse_header(const uint8_t bytes[THM_SAFE_HEADER], struct thm_safe_header *out);
void thm_safe_parse_record(const uint8_t bytes[THM_SAFE_RECORD], struct thm_safe_record *out);

/* ---- on the PC ---- */

/* The payload that makes old_model into one with the weights of new_model, two files of one architecture
 * (emu/ota/compare.h). *out is malloc'ed; NULL: out of memory. */
void thm_safe_write(const struct thm_model *old_model, const struct thm_model *new_model, uint8_t **out, size_t *len);
