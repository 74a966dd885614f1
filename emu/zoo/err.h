/* emu/zoo/err.h -- what can go wrong while a model is made. */
#pragma once

#define THM_ZOO_ERRORS(X) /* name, exit status, sentence */                  \
    X(THM_ZOO_OK, 0, "success")                                              \
    X(THM_ZOO_EINVAL, 2, "the model's description contradicts itself")       \
    X(THM_ZOO_ESIZE, 2, "the model does not fit in the file size asked for") \
    X(THM_ZOO_ENOMEM, 20, "the PC is out of memory")                         \
    X(THM_ZOO_ESINK, 20, "the output could not be written")

enum thm_zoo_err {
#define X(name, status, text) name,
    THM_ZOO_ERRORS(X)
#undef X
};
const char *thm_zoo_strerror(enum thm_zoo_err e); /* static string, never NULL */
int thm_zoo_exit_status(enum thm_zoo_err e);
