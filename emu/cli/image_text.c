#include "emu/cli/image_text.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "emu/cli/cli.h"

int image_print_json(json_t *o)
{
    int bad = !o || json_dumpf(o, stdout, JSON_INDENT(2)) < 0 || putchar('\n') == EOF;
    json_decref(o);
    return bad ? thm_fail(THM_EXIT_HOST, "the JSON could not be written") : 0;
}

json_t *image_json_name(const char *name)
{
    json_t *s = json_string(name);
    if (s)
        return s;
    char *copy = strdup(name);
    for (char *p = copy; p && *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    s = json_string(copy ? copy : "");
    free(copy);
    return s;
}

void image_print_name(FILE *to, const char *name)
{
    for (const char *p = name; *p; p++)
        putc((unsigned char)*p < 0x20 || *p == 0x7F ? '?' : *p, to);
}

const char *image_date(uint32_t seconds, char text[20])
{
    time_t t = seconds;
    struct tm tm;
    if (!seconds || !gmtime_r(&t, &tm) || !strftime(text, 20, "%Y-%m-%d %H:%M", &tm))
        text[0] = '\0';
    return text;
}

bool image_colours(void)
{
    const char *no_colour = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
}
