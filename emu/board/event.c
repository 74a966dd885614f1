#include "emu/board/event.h"
#include <stddef.h>

static const struct thm_event_kind kinds[] = {
#define X(id, name, detail, formats, a, b, c, d, e, f, name_key, text_key) \
    [id] = { name, detail, formats, { a, b, c, d, e, f }, name_key, text_key },
    THM_EVENTS(X)
#undef X
};

const struct thm_event_kind *thm_event_kind(uint32_t type)
{
    return type < THM_EV_COUNT ? &kinds[type] : NULL;
}

void thm_make_printable(char *text, size_t size)
{
    text[size - 1] = '\0';
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
            *text = '?';
}
