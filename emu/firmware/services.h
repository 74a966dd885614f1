/* emu/firmware/services.h -- the board that the functions of thimble/firmware.h and of its C library speak to. */
#pragma once
#include <stddef.h>
#include "emu/firmware/image.h"

struct thm_board;

/* There is one board a process, and a C function has no argument for it. */
void thm_services_start(struct thm_board *b);
struct thm_board *thm_services_board(void); /* one more service call: it takes its time on the device */
/* The name of the function that called, or "firmware": static. */
const char *thm_services_caller(const void *return_address);

/* C++'s operators new and delete, of arrays too; delete with and without the size. */
void *thm_services_new(size_t bytes);
void thm_services_delete(void *p);
void thm_services_delete_sized(void *p, size_t bytes);

/* What main returned, or exit was given, as the run's exit status; one that nobody has explained is reported. */
int thm_services_result(int returned);

/* libc.c: which symbols of the C library are the board's, and which it does not have. */
const struct thm_binding *thm_libc_bindings(size_t *n);
