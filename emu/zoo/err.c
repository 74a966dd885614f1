#include "emu/zoo/err.h"

static const struct {
    int status;
    const char *text;
} errors[] = {
#define X(name, status, text) [name] = { status, text },
    THM_ZOO_ERRORS(X)
#undef X
};

const char *thm_zoo_strerror(enum thm_zoo_err e)
{
    return (unsigned)e < sizeof errors / sizeof errors[0] ? errors[e].text : "unknown error";
}

int thm_zoo_exit_status(enum thm_zoo_err e)
{
    return (unsigned)e < sizeof errors / sizeof errors[0] ? errors[e].status : 20;
}
