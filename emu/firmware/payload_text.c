/* emu/firmware/payload_text.c -- C source without what means nothing: comments and preprocessor lines become a space,
 * strings one character of no meaning, character constants a token with their value. */
#include "emu/firmware/payload_internal.h"

enum lexeme {
    CODE,
    SLASH,
    BLOCK,
    STAR,
    LINE,
    LINE_ESC, /* comments */
    PP,
    PP_ESC,
    PP_SLASH,
    PP_BLOCK,
    PP_STAR,
    PP_STRING,
    PP_STRING_ESC, /* a preprocessor line */
    STRING,
    STRING_ESC,
    CHR,
    CHR_ESC,
    CHR_OCT,
    CHR_HEX,
    CHR_END, /* a character constant */
    LEXEMES,
};

enum { NOTHING, SPACE, OTHER, AGAIN }; /* what goes to the next layer; AGAIN: '/', then this byte once more */

struct rule {
    uint8_t next, act;
};

/* The bytes that matter within comments, lines and strings. */
enum { ANY, NEWLINE, RETURN, SLASH_BYTE, STAR_BYTE, QUOTE, ESCAPE, BYTES };

static const struct rule rules[][BYTES] = {
    /* for: any byte, newline, return, '/', '*', '"', '\\' */
    [SLASH] = { { CODE, AGAIN },
                { CODE, AGAIN },
                { CODE, AGAIN },
                { LINE, 0 },
                { BLOCK, 0 },
                { CODE, AGAIN },
                { CODE, AGAIN } },
    [BLOCK] = { { BLOCK, 0 }, { BLOCK, 0 }, { BLOCK, 0 }, { BLOCK, 0 }, { STAR, 0 }, { BLOCK, 0 }, { BLOCK, 0 } },
    [STAR] = { { BLOCK, 0 }, { BLOCK, 0 }, { BLOCK, 0 }, { CODE, SPACE }, { STAR, 0 }, { BLOCK, 0 }, { BLOCK, 0 } },
    [LINE] = { { LINE, 0 }, { CODE, SPACE }, { LINE, 0 }, { LINE, 0 }, { LINE, 0 }, { LINE, 0 }, { LINE_ESC, 0 } },
    [LINE_ESC] = { { LINE, 0 }, { LINE, 0 }, { LINE_ESC, 0 }, { LINE, 0 }, { LINE, 0 }, { LINE, 0 }, { LINE_ESC, 0 } },
    [PP] = { { PP, 0 }, { CODE, SPACE }, { PP, 0 }, { PP_SLASH, 0 }, { PP, 0 }, { PP_STRING, 0 }, { PP_ESC, 0 } },
    [PP_ESC] = { { PP, 0 }, { PP, 0 }, { PP_ESC, 0 }, { PP, 0 }, { PP, 0 }, { PP, 0 }, { PP_ESC, 0 } },
    [PP_SLASH] = { { PP, 0 },
                   { CODE, SPACE },
                   { PP, 0 },
                   { LINE, 0 },
                   { PP_BLOCK, 0 },
                   { PP_STRING, 0 },
                   { PP_ESC, 0 } },
    [PP_BLOCK] = { { PP_BLOCK, 0 },
                   { PP_BLOCK, 0 },
                   { PP_BLOCK, 0 },
                   { PP_BLOCK, 0 },
                   { PP_STAR, 0 },
                   { PP_BLOCK, 0 },
                   { PP_BLOCK, 0 } },
    [PP_STAR] = { { PP_BLOCK, 0 },
                  { PP_BLOCK, 0 },
                  { PP_BLOCK, 0 },
                  { PP, 0 },
                  { PP_STAR, 0 },
                  { PP_BLOCK, 0 },
                  { PP_BLOCK, 0 } },
    [PP_STRING] = { { PP_STRING, 0 },
                    { CODE, SPACE },
                    { PP_STRING, 0 },
                    { PP_STRING, 0 },
                    { PP_STRING, 0 },
                    { PP, 0 },
                    { PP_STRING_ESC, 0 } },
    [PP_STRING_ESC] = { { PP_STRING, 0 },
                        { PP_STRING, 0 },
                        { PP_STRING_ESC, 0 },
                        { PP_STRING, 0 },
                        { PP_STRING, 0 },
                        { PP_STRING, 0 },
                        { PP_STRING, 0 } },
    [STRING] = { { STRING, 0 },
                 { CODE, OTHER },
                 { STRING, 0 },
                 { STRING, 0 },
                 { STRING, 0 },
                 { CODE, OTHER },
                 { STRING_ESC, 0 } },
    [STRING_ESC] = { { STRING, 0 },
                     { STRING, 0 },
                     { STRING_ESC, 0 },
                     { STRING, 0 },
                     { STRING, 0 },
                     { STRING, 0 },
                     { STRING, 0 } },
};

static unsigned byte_kind(uint8_t c)
{
    switch (c) {
    case '\n': return NEWLINE;
    case '\r': return RETURN;
    case '/': return SLASH_BYTE;
    case '*': return STAR_BYTE;
    case '"': return QUOTE;
    case '\\': return ESCAPE;
    default: return ANY;
    }
}

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* C11 6.4.4.4; what is unknown stands for itself. */
static uint16_t simple_escape(uint8_t c)
{
    static const char names[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
    for (unsigned i = 0; names[i]; i++)
        if (names[i] == (char)c)
            return (uint8_t)values[i];
    return c;
}

#define NO_CHARACTER 256 /* more than one character, or too large a number: does not fit into a byte */

static void add_to_character(struct thm_payload *p, unsigned base, int d)
{
    unsigned v = p->character * base + (unsigned)d;
    p->character = (uint16_t)(v > 255 ? NO_CHARACTER : v);
}

static void begin_escape(struct thm_payload *p, uint8_t c)
{
    bool octal = c >= '0' && c <= '7';
    p->character = octal ? (uint16_t)(c - '0') : c == 'x' ? 0 : simple_escape(c);
    p->lexeme = octal ? CHR_OCT : c == 'x' ? CHR_HEX : CHR_END;
}

/* Inside quotes. A newline ends what was no constant after all (an apostrophe in text between #if 0 and #endif). */
static enum thm_payload_err character_byte(struct thm_payload *p, uint8_t c)
{
    unsigned base = p->lexeme == CHR_OCT ? 8 : p->lexeme == CHR_HEX ? 16 : 0;
    if (c == '\n' || (c == '\'' && p->lexeme == CHR)) {
        p->lexeme = CODE;
        return thm_payload_token(p, THM_TOKEN_OTHER);
    }
    if (p->lexeme == CHR_ESC) {
        begin_escape(p, c);
    } else if (c == '\'') {
        p->lexeme = CODE;
        return thm_payload_token(p, THM_TOKEN_CHARACTER);
    } else if (p->lexeme == CHR) {
        p->character = c;
        p->lexeme = c == '\\' ? CHR_ESC : CHR_END;
    } else if (base && digit(c) < (int)base) {
        add_to_character(p, base, digit(c));
    } else {
        p->character = NO_CHARACTER;
        p->lexeme = c == '\\' ? CHR_ESC : CHR_END;
    }
    return THM_PAYLOAD_OK;
}

/* '/', '#', '"' or '\'' in code. */
static enum thm_payload_err special_byte(struct thm_payload *p, uint8_t c)
{
    p->lexeme = c == '/' ? SLASH : c == '#' ? PP : c == '"' ? STRING : CHR;
    return THM_PAYLOAD_OK;
}

/* *again: the byte is to be looked at once more. */
static enum thm_payload_err hidden_byte(struct thm_payload *p, uint8_t c, bool *again)
{
    if (p->lexeme >= CHR)
        return character_byte(p, c);
    struct rule r = rules[p->lexeme][byte_kind(c)];
    p->lexeme = r.next;
    *again = r.act == AGAIN;
    if (r.act == NOTHING)
        return THM_PAYLOAD_OK;
    return thm_payload_token(p, r.act == SPACE ? THM_TOKEN_SPACE : THM_TOKEN_OTHER);
}

static enum thm_payload_err hidden(struct thm_payload *p, const uint8_t *data, size_t len, size_t *used)
{
    enum thm_payload_err err = THM_PAYLOAD_OK;
    size_t i = 0;
    while (!err && i < len && p->lexeme != CODE) {
        bool again = false;
        err = hidden_byte(p, data[i], &again);
        if (again)
            break;
        p->line += data[i++] == '\n';
    }
    *used = i;
    return err;
}

enum thm_payload_err thm_payload_text(struct thm_payload *p, const uint8_t *data, size_t len, size_t *used)
{
    enum thm_payload_err err = THM_PAYLOAD_OK;
    size_t i = 0, n;
    while (!err && i < len && !thm_payload_array_ended(p)) {
        if (p->lexeme != CODE) {
            err = hidden(p, data + i, len - i, &n);
            i += n;
            continue;
        }
        err = thm_payload_plain(p, data + i, len - i, &n);
        i += n;
        if (!err && i < len && !thm_payload_array_ended(p))
            err = special_byte(p, data[i++]);
    }
    *used = i;
    return err;
}

bool thm_payload_text_is_open(const struct thm_payload *p)
{
    return p->lexeme != CODE && p->lexeme != LINE && p->lexeme != PP;
}
