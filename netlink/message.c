#include "netlink/message.h"
#include <stdarg.h>
#include <stdio.h>

const char *thm_net_message(const char *fmt, ...)
{
    static _Thread_local char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    return text;
}
