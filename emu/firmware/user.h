/* emu/firmware/user.h -- a user's own firmware (thimble/firmware.h) in place of the built-in one. */
#pragma once
#include "emu/firmware/image.h"

struct thm_board;

struct thm_user {
    struct thm_image image;
    int (*main)(void); /* or */
    void (*setup)(void);
    void (*loop)(void);
    uint32_t static_bytes; /* .data and .bss: what a device has in RAM */
};

/* Load the .so at an absolute path, check its interface's version, bind its symbols to the board. Its constructors run
 * here. Errors: -1; *why (malloc'ed or NULL) is one line that names the file. */
int thm_user_load(struct thm_user *u, const char *path, char **why);
/* Runs on the task's stack. Returns the exit status. */
int thm_user_run(struct thm_board *b, const struct thm_user *u);
