#include "fsimages/err.h"
#include <stddef.h>

static const struct {
    int status;
    const char *text;
} errors[] = {
#define X(name, status, text) [name] = { status, text },
    THM_FS_ERRORS(X)
#undef X
};

const char *thm_fs_strerror(enum thm_fs_err e)
{
    return (size_t)e < sizeof errors / sizeof errors[0] ? errors[e].text : "unknown error";
}

int thm_fs_exit_status(enum thm_fs_err e)
{
    return (size_t)e < sizeof errors / sizeof errors[0] ? errors[e].status : 20;
}
