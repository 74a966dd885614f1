#include "emu/firmware/text.h"

void thm_text_char(struct thm_text *t, char c)
{
    if (t->len + 1 < t->size)
        t->out[t->len++] = c;
}

void thm_text_add(struct thm_text *t, const char *s)
{
    while (*s)
        thm_text_char(t, *s++);
}

void thm_text_number(struct thm_text *t, uint64_t n)
{
    char digits[20];
    unsigned i = 0;
    do
        digits[i++] = (char)('0' + n % 10);
    while (n /= 10);
    while (i)
        thm_text_char(t, digits[--i]);
}

void thm_text_head(struct thm_text *t, const uint8_t *head, unsigned n)
{
    thm_text_add(t, n ? "starts with" : "it is empty");
    for (unsigned i = 0; i < n; i++) {
        thm_text_char(t, ' ');
        thm_text_char(t, "0123456789abcdef"[head[i] >> 4]);
        thm_text_char(t, "0123456789abcdef"[head[i] & 15]);
    }
    if (n)
        thm_text_add(t, " '");
    for (unsigned i = 0; i < n; i++)
        thm_text_char(t, head[i] >= ' ' && head[i] < 127 ? (char)head[i] : '.');
    if (n)
        thm_text_char(t, '\'');
}

void thm_text_end(struct thm_text *t)
{
    if (t->size)
        t->out[t->len] = '\0';
}
