/* emu/firmware/payload_internal.h -- the two layers under payload.c: C text to characters, characters to bytes. */
#pragma once
#include "emu/firmware/payload.h"

/* Give bytes to the sink, within max. */
enum thm_payload_err thm_payload_emit(struct thm_payload *p, const uint8_t *data, uint32_t len);

/* payload_text.c: C source without comments, preprocessor lines and strings. *used: how many bytes were looked at, on
 * error up to and with the wrong one. */
enum thm_payload_err thm_payload_text(struct thm_payload *p, const uint8_t *data, size_t len, size_t *used);
bool thm_payload_text_is_open(const struct thm_payload *p); /* inside a comment or constant? */

/* payload_array.c: finds the array and reads its numbers. */
enum thm_payload_token { THM_TOKEN_SPACE, THM_TOKEN_OTHER, THM_TOKEN_CHARACTER }; /* its value is p->character */
enum thm_payload_err thm_payload_token(struct thm_payload *p, enum thm_payload_token token);
/* Plain characters, up to the first one that payload_text.c must see: '/', '#', '"', '\''. */
enum thm_payload_err thm_payload_plain(struct thm_payload *p, const uint8_t *data, size_t len, size_t *used);
bool thm_payload_array_ended(const struct thm_payload *p);
bool thm_payload_array_is_open(const struct thm_payload *p);
enum thm_payload_err thm_payload_flush(struct thm_payload *p);
