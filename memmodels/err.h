/* memmodels/err.h -- errors of the memory models. */
#pragma once

/* name, exit status, sentence */
#define THM_MEM_ERRORS(X)                                                           \
    X(THM_MEM_OK, 0, "success")                                                     \
    X(THM_MEM_EINVAL, 2, "invalid argument")                                        \
    X(THM_MEM_EFORMAT, 2, "the allocation log is malformed")                        \
    X(THM_MEM_EDIFFERS, 1, "the replay differs from the log")                       \
    X(THM_MEM_ENOMEM, 10, "the board is out of SRAM")                               \
    X(THM_MEM_ECORRUPT, 12, "the heap is corrupted")                                \
    X(THM_MEM_EBUSY, 20, "the address range is taken by something else on this PC") \
    X(THM_MEM_EHOST, 20, "the PC failed, not the board")

enum thm_mem_err {
#define X(name, status, text) name,
    THM_MEM_ERRORS(X)
#undef X
};

const char *thm_mem_strerror(enum thm_mem_err e); /* static string, never NULL */
int thm_mem_exit_status(enum thm_mem_err e);
