/* emu/firmware/payload.h -- what a model server sends, turned into model bytes as it arrives.
 *
 * Device code: no heap, no stdio, one small struct; pieces of any size. What the payload is shows in its content:
 *   - a .tflite file (identifier "TFL3" at offset 4): as is;
 *   - a signed bundle (emu/firmware/bundle.h): as is, with its manifest, for whoever checks it;
 *   - C source with an array, as `xxd -i` and the TFLite converters write it: the first array of integers in it, its
 *     elements (decimal, octal, hexadecimal, character constants; -128..255) as bytes. Comments, preprocessor lines,
 *     attributes and whatever stands before and behind the array are skipped; conditionals are not evaluated. Arrays of
 *     strings, of structures or of floating-point numbers are not meant;
 *   - anything else (an error page, say) is refused, by name where a board is sent it for other uses. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum thm_payload_err {
    THM_PAYLOAD_OK,
    THM_PAYLOAD_ENOTMODEL, /* neither a model nor C source */
    THM_PAYLOAD_ENOARRAY,  /* C source without an array of integers */
    THM_PAYLOAD_ESYNTAX,   /* something in the array is no number */
    THM_PAYLOAD_ERANGE,    /* a number does not fit into a byte */
    THM_PAYLOAD_ECUT,      /* the text ends inside the array, or in a comment before it */
    THM_PAYLOAD_ETOOBIG,   /* more bytes than the caller accepts */
    THM_PAYLOAD_ESINK,     /* the sink refused */
};

enum thm_payload_kind { THM_PAYLOAD_UNKNOWN, THM_PAYLOAD_RAW, THM_PAYLOAD_C_ARRAY, THM_PAYLOAD_BUNDLE };

/* Takes model bytes in order; the pieces' sizes mean nothing. false: stop with THM_PAYLOAD_ESINK. */
typedef bool thm_payload_sink(void *ctx, const uint8_t *data, uint32_t len);

#define THM_PAYLOAD_OUT 128 /* most bytes that a C array's decoder collects before it calls the sink */

struct thm_payload { /* to read: kind, err, total; the rest is private */
    thm_payload_sink *sink;
    void *ctx;
    uint64_t at;               /* bytes of the payload before the present piece; on error: where it is */
    uint32_t line;             /* newlines seen */
    uint32_t max, total;       /* bytes of the model: accepted, and given to the sink so far */
    uint32_t depth;            /* of braces in an initialiser that is skipped */
    uint16_t value, character; /* of the number and of the character constant being read */
    uint8_t kind, err;
    uint8_t state, lexeme; /* rows of the tables in payload_array.c and payload_text.c */
    uint8_t head_len, out_len;
    bool negative;
    uint8_t head[8]; /* the first bytes */
    uint8_t out[THM_PAYLOAD_OUT];
};

void thm_payload_init(struct thm_payload *p, uint32_t max, thm_payload_sink *sink, void *ctx);
/* The next piece. After an error: the same error again. */
enum thm_payload_err thm_payload_feed(struct thm_payload *p, const uint8_t *data, size_t len);
/* There is no more. Result: THM_PAYLOAD_OK if a whole model went to the sink. */
enum thm_payload_err thm_payload_end(struct thm_payload *p);
/* The error as a sentence with its place ("line 3, byte 120: ..."), cut to size - 1 characters; "" without one. */
void thm_payload_message(const struct thm_payload *p, char *out, size_t size);
