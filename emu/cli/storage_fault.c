#include "emu/cli/storage_fault.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool parse_number(const char *text, char **end, uint32_t max, uint32_t *out)
{
    errno = 0;
    unsigned long v = strtoul(text, end, 10);
    if (*text < '0' || *text > '9' || errno || v > max)
        return false;
    *out = (uint32_t)v;
    return true;
}

bool thm_parse_cut(const char *text, uint32_t *at, enum thm_cut *when)
{
    static const char *const names[] = {
        [THM_CUT_BEFORE] = "before", [THM_CUT_TORN] = "torn", [THM_CUT_AFTER] = "after"
    };
    char *end;
    *when = THM_CUT_TORN;
    if (!parse_number(text, &end, UINT32_MAX, at) || *at == 0)
        return false;
    if (*end == '\0')
        return true;
    for (size_t i = 0; *end == ':' && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(end + 1, names[i]) == 0) {
            *when = (enum thm_cut)i;
            return true;
        }
    return false;
}

static bool take(const char *name, const char *value, struct thm_media_faults *f)
{
    char *end;
    if (strcmp(name, "worn") == 0)
        return (f->worn = *value == '\0');
    if (strcmp(name, "cut") == 0)
        return thm_parse_cut(value, &f->cut_at, &f->cut_when);
    if (strcmp(name, "bad") == 0)
        return parse_number(value, &end, 1000000, &f->bad_per_million) && *end == '\0';
    if (strcmp(name, "flips") == 0)
        return parse_number(value, &end, 1000000000, &f->flips_per_billion) && *end == '\0';
    return false;
}

int thm_storage_fault_option(const struct thm_args *a, struct thm_media_faults *f)
{
    char *list = strdup(a->value), *save = NULL;
    int status = list ? 0 : thm_fail(THM_EXIT_HOST, "out of memory");
    for (char *item = list ? strtok_r(list, ",", &save) : NULL; item && !status; item = strtok_r(NULL, ",", &save)) {
        char *value = strchr(item, '=');
        if (value)
            *value++ = '\0';
        if (!take(item, value ? value : "", f))
            status =
                thm_usage(a, "--storage-fault %s: not bad=N, flips=N, worn or cut=N[:before|torn|after]", a->value);
    }
    free(list);
    return status;
}
