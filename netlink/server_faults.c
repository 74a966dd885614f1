#include "netlink/server_faults.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "netlink/message.h"

#define LIST_MAX 512

static const struct fault {
    const char *name;
    enum { FLAG, NUMBER, OPTIONAL_NUMBER } kind;
    size_t offset; /* of a bool or a uint64_t */
    uint64_t min, max;
} table[] = {
#define AT(member) offsetof(struct thm_server_faults, member)
    { "expired", FLAG, AT(certificate.expired), 0, 0 },
    { "wrong-host", FLAG, AT(certificate.wrong_host), 0, 0 },
    { "self-signed", FLAG, AT(certificate.self_signed), 0, 0 },
    { "rsa", FLAG, AT(certificate.rsa), 0, 0 },
    { "intermediate", FLAG, AT(certificate.intermediate), 0, 0 },
    { "redirect-loop", FLAG, AT(redirect_loop), 0, 0 },
    { "no-range", FLAG, AT(no_range), 0, 0 },
    { "no-length", FLAG, AT(no_length), 0, 0 },
    { "status", NUMBER, AT(status), 200, 599 },
    { "cut", NUMBER, AT(cut), 0, INT64_MAX },
    { "stall", OPTIONAL_NUMBER, AT(stall), 0, INT64_MAX },
    { "delay", NUMBER, AT(delay_ms), 0, 3600000 },
#undef AT
};

static const struct fault *find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static bool parse_number(const struct fault *f, const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *out >= f->min && *out <= f->max;
}

static enum thm_net_err set_fault(struct thm_server_faults *out, const char *name, const char *value,
                                  const char **message)
{
    const struct fault *f = find(name);
    uint64_t number = 0;
    if (!f) {
        *message = thm_net_message("fault '%s' is not known; see thimble-serve(1) for the list", name);
        return THM_NET_EINVAL;
    }
    if (f->kind == FLAG ? value != NULL : value ? !parse_number(f, value, &number) : f->kind == NUMBER) {
        *message = f->kind == FLAG
                       ? thm_net_message("fault '%s' takes no value", name)
                       : thm_net_message("fault '%s' needs a number from %llu to %llu, has '%s'", name,
                                         (unsigned long long)f->min, (unsigned long long)f->max, value ? value : "");
        return THM_NET_EINVAL;
    }
    if (f->kind == FLAG)
        *(bool *)((char *)out + f->offset) = true;
    else
        *(uint64_t *)(void *)((char *)out + f->offset) = number;
    return THM_NET_OK;
}

enum thm_net_err thm_server_faults_parse(const char *list, struct thm_server_faults *out, const char **message)
{
    char copy[LIST_MAX], *rest;
    *out = (struct thm_server_faults){
        .status = THM_NO_FAULT, .cut = THM_NO_FAULT, .stall = THM_NO_FAULT, .delay_ms = THM_NO_FAULT
    };
    if (!list)
        return THM_NET_OK;
    if (strlen(list) >= sizeof copy) {
        *message = "the list of faults is too long";
        return THM_NET_EINVAL;
    }
    strcpy(copy, list);
    for (char *name = strtok_r(copy, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        char *value = strchr(name, '=');
        if (value)
            *value++ = '\0';
        enum thm_net_err err = set_fault(out, name, value, message);
        if (err)
            return err;
    }
    return THM_NET_OK;
}

bool thm_server_faults_certificate(const struct thm_server_faults *f)
{
    const struct thm_certificate_faults *c = &f->certificate;
    return c->expired || c->wrong_host || c->self_signed || c->rsa || c->intermediate;
}
