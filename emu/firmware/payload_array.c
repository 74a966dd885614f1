/* emu/firmware/payload_array.c -- a table-driven machine over the characters of C source, comments and strings removed.
 *
 * An initialiser belongs to an array when a ']' stands before it in the same declaration and '=' or that ']' directly
 * before its '{'. It is one of integers when it begins with one. */
#include "emu/firmware/payload_internal.h"

enum state {
    OUT, /* outside */
    BRK, /* outside, a ']' seen in this declaration */
    END, /* directly behind that ']' */
    EQU, /* directly behind its '=' */
    OPN, /* behind the '{' of an array */
    SKP, /* in an initialiser that is not meant */
    VAL, /* a number or '}' must come */
    NEG, /* a digit must come */
    ZER,
    OCT,
    DEC,
    HX0,
    HEX,
    SUF, /* in a number: "0", "07", "9", "0x", "0xA", "1u" */
    AFT, /* behind a number */
    FIN, /* behind the array */
};

enum action {
    NONE,
    EMIT = 1 << 4,
    CHAR = 2 << 4,
    BY8 = 3 << 4,
    BY10 = 4 << 4,
    BY16 = 5 << 4,
    MINUS = 6 << 4,
    IN = 7 << 4,
    UP = 8 << 4,
    FLOAT = 9 << 4,
    WRONG = 10 << 4
};

enum class { SP, OTH, CHR, D0, D1, D8, HX, E, X, U, COM, LBR, RBR, RSQ, EQ, SEM, MIN, DOT, CLASSES, SPECIAL = CLASSES };

enum cell { /* what happens, and the next state */
            eVAL = EMIT | VAL,
            eAFT = EMIT | AFT,
            eFIN = EMIT | FIN,
            cAFT = CHAR | AFT,
            o8 = BY8 | OCT,
            d10 = BY10 | DEC,
            h16 = BY16 | HEX,
            nNEG = MINUS | NEG,
            iSKP = IN | SKP,
            uSKP = UP | SKP,
            FLT = FLOAT | SKP,
            BAD = WRONG | FIN,
};

static const uint8_t table[][CLASSES] = {
    /*         space other 'c'   0    1-7  8-9  a-f   e    x    u,l   ,     {     }     ]    =    ;    -     .  */
    [OUT] = { OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT, OUT, END, OUT, OUT, OUT, OUT },
    [BRK] = { BRK, BRK, BRK, BRK, BRK, BRK, BRK, BRK, BRK, BRK, BRK, OUT, OUT, END, EQU, OUT, BRK, BRK },
    [END] = { END, BRK, BRK, BRK, BRK, BRK, BRK, BRK, BRK, BRK, BRK, OPN, OUT, END, EQU, OUT, BRK, BRK },
    [EQU] = { EQU, BRK, BRK, BRK, BRK, BRK, BRK, BRK, BRK, BRK, BRK, OPN, OUT, END, EQU, OUT, BRK, BRK },
    [OPN] = { OPN, iSKP, cAFT, ZER, d10, d10, iSKP, iSKP, iSKP, iSKP, iSKP, iSKP, OUT, iSKP, iSKP, iSKP, nNEG, iSKP },
    [SKP] = { SKP, SKP, SKP, SKP, SKP, SKP, SKP, SKP, SKP, SKP, SKP, iSKP, uSKP, SKP, SKP, SKP, SKP, SKP },
    [VAL] = { VAL, BAD, cAFT, ZER, d10, d10, BAD, BAD, BAD, BAD, BAD, BAD, FIN, BAD, BAD, BAD, nNEG, BAD },
    [NEG] = { NEG, BAD, BAD, ZER, d10, d10, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, FLT },
    [ZER] = { eAFT, BAD, BAD, o8, o8, BAD, BAD, FLT, HX0, SUF, eVAL, BAD, eFIN, BAD, BAD, BAD, BAD, FLT },
    [OCT] = { eAFT, BAD, BAD, o8, o8, BAD, BAD, FLT, BAD, SUF, eVAL, BAD, eFIN, BAD, BAD, BAD, BAD, FLT },
    [DEC] = { eAFT, BAD, BAD, d10, d10, d10, BAD, FLT, BAD, SUF, eVAL, BAD, eFIN, BAD, BAD, BAD, BAD, FLT },
    [HX0] = { BAD, BAD, BAD, h16, h16, h16, h16, h16, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD },
    [HEX] = { eAFT, BAD, BAD, h16, h16, h16, h16, h16, BAD, SUF, eVAL, BAD, eFIN, BAD, BAD, BAD, BAD, FLT },
    [SUF] = { eAFT, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, SUF, eVAL, BAD, eFIN, BAD, BAD, BAD, BAD, BAD },
    [AFT] = { AFT, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, VAL, BAD, FIN, BAD, BAD, BAD, BAD, BAD },
    [FIN] = { FIN, FIN, FIN, FIN, FIN, FIN, FIN, FIN, FIN, FIN, FIN, FIN, FIN, FIN, FIN, FIN, FIN, FIN },
};

/* ASCII; bytes above 127 are OTH. A backslash (at the end of a line) counts as space. */
#define S SPECIAL
#define O OTH
static const uint8_t classes[256] = {
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    SP,
    SP,
    SP,
    SP,
    SP,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    /*    !  "  #  $  %  &  '  (  )  *  +  ,    -    .    /  0   1   2   3   4   5   6   7   8   9   :  ;    <  =   >  ?
     */
    SP,
    O,
    S,
    S,
    O,
    O,
    O,
    S,
    O,
    O,
    O,
    O,
    COM,
    MIN,
    DOT,
    S,
    D0,
    D1,
    D1,
    D1,
    D1,
    D1,
    D1,
    D1,
    D8,
    D8,
    O,
    SEM,
    O,
    EQ,
    O,
    O,
    /*  A   B   C   D   E  F   G  H  I  J  K  L  M  N  O  P  Q  R  S  T  U  V  W  X  Y  Z  [  \   ]    ^  _ */
    O,
    HX,
    HX,
    HX,
    HX,
    E,
    HX,
    O,
    O,
    O,
    O,
    O,
    U,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    U,
    O,
    O,
    X,
    O,
    O,
    O,
    SP,
    RSQ,
    O,
    O,
    O,
    HX,
    HX,
    HX,
    HX,
    E,
    HX,
    O,
    O,
    O,
    O,
    O,
    U,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    U,
    O,
    O,
    X,
    O,
    O,
    LBR,
    O,
    RBR,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
    O,
};
#undef S
#undef O

#define TOO_LARGE 256

/* In ASCII bit 6 tells letters from digits; no branch, as nothing could predict it. */
static unsigned digit_value(uint8_t c)
{
    return (c & 15u) + (c >> 6) * 9u;
}

enum thm_payload_err thm_payload_flush(struct thm_payload *p)
{
    uint32_t n = p->out_len;
    p->out_len = 0;
    return n ? thm_payload_emit(p, p->out, n) : THM_PAYLOAD_OK;
}

static enum thm_payload_err put(struct thm_payload *p)
{
    if (p->value > (p->negative ? 128 : 255))
        return THM_PAYLOAD_ERANGE;
    p->out[p->out_len++] = (uint8_t)(p->negative ? 256 - p->value : p->value);
    p->value = 0;
    p->negative = false;
    return p->out_len == THM_PAYLOAD_OUT ? thm_payload_flush(p) : THM_PAYLOAD_OK;
}

/* Too large a number stays at TOO_LARGE until it ends: it may be the first one of an array of floating-point numbers.
 */
static unsigned add_digit(unsigned value, unsigned base, uint8_t c)
{
    unsigned v = value * base + digit_value(c);
    return v < TOO_LARGE ? v : TOO_LARGE;
}

static enum thm_payload_err put_character(struct thm_payload *p)
{
    p->value = p->character;
    return put(p);
}

/* A '.' or exponent in a number: the array is not one of integers, if this is its first element. */
static enum thm_payload_err leave_floats(struct thm_payload *p)
{
    if (p->total || p->out_len)
        return THM_PAYLOAD_ESYNTAX;
    p->value = 0;
    p->negative = false;
    p->depth = 1;
    return THM_PAYLOAD_OK;
}

static enum thm_payload_err close_brace(struct thm_payload *p)
{
    if (--p->depth == 0)
        p->state = OUT;
    return THM_PAYLOAD_OK;
}

/* Into an initialiser that is not meant (then it has a brace already) or deeper into it. */
static enum thm_payload_err open_brace(struct thm_payload *p, bool was_outside, bool is_brace)
{
    uint32_t braces = (was_outside ? 1u : 0u) + (is_brace ? 1u : 0u);
    p->depth = (was_outside ? 0 : p->depth) + braces;
    return p->depth > UINT16_MAX ? THM_PAYLOAD_ESYNTAX : THM_PAYLOAD_OK;
}

static enum thm_payload_err act(struct thm_payload *p, enum action action, enum state before, uint8_t c)
{
    switch (action) {
    case EMIT: return put(p);
    case CHAR: return put_character(p);
    case MINUS: p->negative = true; break;
    case IN: return open_brace(p, before == OPN, c == '{');
    case UP: return close_brace(p);
    case FLOAT: return leave_floats(p);
    case WRONG: return THM_PAYLOAD_ESYNTAX;
    case NONE:
    case BY8:
    case BY10:
    case BY16: break; /* digits never come as tokens */
    }
    return THM_PAYLOAD_OK;
}

enum thm_payload_err thm_payload_token(struct thm_payload *p, enum thm_payload_token token)
{
    static const uint8_t class_of[] = { [THM_TOKEN_SPACE] = SP, [THM_TOKEN_OTHER] = OTH, [THM_TOKEN_CHARACTER] = CHR };
    uint8_t before = p->state, cell = table[before][class_of[token]];
    p->state = cell & 15;
    return act(p, (enum action)(cell & ~15u), before, 0);
}

/* State and value are in registers: this is the loop that a large header spends its time in. */
enum thm_payload_err thm_payload_plain(struct thm_payload *p, const uint8_t *data, size_t len, size_t *used)
{
    static const uint8_t bases[] = { [BY8 >> 4] = 8, [BY10 >> 4] = 10, [BY16 >> 4] = 16 };
    unsigned state = p->state, value = p->value;
    uint32_t lines = 0;
    enum thm_payload_err err = THM_PAYLOAD_OK;
    size_t i = 0;
    while (!err && i < len && classes[data[i]] != SPECIAL) {
        uint8_t c = data[i++];
        unsigned before = state, cell = table[before][classes[c]];
        lines += c == '\n';
        state = cell & 15;
        if (cell < EMIT)
            continue;
        if (cell >= BY8 && cell < MINUS) {
            value = add_digit(value, bases[cell >> 4], c);
            continue;
        }
        p->state = (uint8_t)state;
        p->value = (uint16_t)value;
        err = act(p, (enum action)(cell & ~15u), before, c);
        state = p->state;
        value = p->value;
    }
    p->state = (uint8_t)state;
    p->value = (uint16_t)value;
    p->line += lines;
    *used = i;
    return err;
}

bool thm_payload_array_ended(const struct thm_payload *p)
{
    return p->state == FIN;
}

bool thm_payload_array_is_open(const struct thm_payload *p)
{
    return p->state >= OPN && p->state < FIN;
}
