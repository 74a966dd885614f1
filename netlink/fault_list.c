#include "netlink/fault_list.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "netlink/message.h"

#define LIST_MAX    512
#define SECONDS_MAX 1e9

static const struct thm_fault_row *find(const struct thm_fault_row *rows, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

/* A decimal number up to `end`, one character or the text's end. */
static bool parse_number(const char **text, char end, uint64_t min, uint64_t max, uint64_t *out)
{
    char *after;
    errno = 0;
    if (**text < '0' || **text > '9')
        return false;
    *out = strtoull(*text, &after, 10);
    *text = after + (*after != '\0');
    return *after == end && !errno && *out >= min && *out <= max;
}

static bool parse_seconds(const char *text, uint64_t *out)
{
    char *end;
    const double seconds = strtod(text, &end);
    *out = seconds > 0 && seconds <= SECONDS_MAX ? (uint64_t)(seconds * 1e9) : 0;
    return end != text && !*end && *out;
}

static bool parse_value(const struct thm_fault_row *f, const char *value, uint64_t v[2])
{
    if (f->kind == THM_FAULT_FLAG)
        return value == NULL;
    if (!value)
        return f->kind == THM_FAULT_OPTIONAL_NUMBER;
    if (f->kind == THM_FAULT_SECONDS)
        return parse_seconds(value, &v[0]);
    if (f->kind == THM_FAULT_SPAN)
        return parse_number(&value, ':', 0, INT64_MAX, &v[0]) && parse_number(&value, '\0', f->min, f->max, &v[1]);
    if (f->kind == THM_FAULT_STEP && strchr(value, '/'))
        return parse_number(&value, '/', 0, INT64_MAX, &v[0]) && parse_number(&value, '\0', f->min, f->max, &v[1]);
    return parse_number(&value, '\0', f->kind == THM_FAULT_STEP ? 0 : f->min,
                        f->kind == THM_FAULT_STEP ? INT64_MAX : f->max, &v[0]);
}

static const char *wanted(const struct thm_fault_row *f, const char *value)
{
    static const char *const forms[] = {
        [THM_FAULT_SECONDS] = "a time in seconds",
        [THM_FAULT_SPAN] = "OFFSET:LENGTH",
        [THM_FAULT_STEP] = "OFFSET or OFFSET/PERIOD",
    };
    const unsigned long long min = f->min, max = f->max;
    if (f->kind == THM_FAULT_FLAG)
        return thm_net_message("fault '%s' takes no value", f->name);
    if (f->kind == THM_FAULT_SECONDS)
        return thm_net_message("fault '%s' needs %s, has '%s'", f->name, forms[f->kind], value);
    if (f->kind == THM_FAULT_SPAN || f->kind == THM_FAULT_STEP)
        return thm_net_message("fault '%s' needs %s, the latter from %llu to %llu, has '%s'", f->name, forms[f->kind],
                               min, max, value);
    return thm_net_message("fault '%s' needs a number from %llu to %llu, has '%s'", f->name, min, max, value);
}

static enum thm_net_err set_fault(const struct thm_fault_row *f, const char *value, void *out, const char **message)
{
    uint64_t v[2] = { 0, 0 };
    char *place = (char *)out + f->offset;
    const size_t bytes = f->kind == THM_FAULT_SPAN || f->kind == THM_FAULT_STEP ? sizeof v : sizeof v[0];
    if (!parse_value(f, value, v)) {
        *message = wanted(f, value ? value : "");
        return THM_NET_EINVAL;
    }
    if (f->kind == THM_FAULT_FLAG)
        *(bool *)place = true;
    else
        memcpy(place, v, bytes);
    return THM_NET_OK;
}

enum thm_net_err thm_fault_list_parse(const char *list, const struct thm_fault_row *rows, size_t n, const char *page,
                                      void *out, const char **message)
{
    char copy[LIST_MAX], *rest;
    enum thm_net_err err = THM_NET_OK;
    *message = "the list of faults is too long";
    if (list && strlen(list) >= sizeof copy)
        return THM_NET_EINVAL;
    strcpy(copy, list ? list : "");
    for (char *name = strtok_r(copy, ",", &rest); name && !err; name = strtok_r(NULL, ",", &rest)) {
        char *value = strchr(name, '=');
        if (value)
            *value++ = '\0';
        const struct thm_fault_row *f = find(rows, n, name);
        if (!f)
            *message = thm_net_message("fault '%s' is not known; see %s for the list", name, page);
        err = f ? set_fault(f, value, out, message) : THM_NET_EINVAL;
    }
    return err;
}
