/* emu/firmware/text.h -- short messages put together without stdio, whose printf takes more stack than a task may have.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct thm_text { /* cut to size - 1 characters; size 0: nothing is written */
    char *out;
    size_t size, len;
};

void thm_text_char(struct thm_text *t, char c);
void thm_text_add(struct thm_text *t, const char *s);
void thm_text_number(struct thm_text *t, uint64_t n);
/* "starts with 3c 21 64 6f '<!do'", or "it is empty" */
void thm_text_head(struct thm_text *t, const uint8_t *head, unsigned n);
void thm_text_end(struct thm_text *t); /* NUL */
