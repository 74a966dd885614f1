/* tests/arm/io.h -- what the runner needs of its surroundings: io_stdio.c on the PC, io_semihosting.c under QEMU. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Read a whole file of at most `room` bytes. false: it is larger, or cannot be read. */
bool io_read(const char *path, void *data, uint32_t room, uint32_t *bytes);
bool io_append(const char *path, const void *data, uint32_t bytes); /* makes the file if need be */
void io_print(const char *text);                                    /* to standard output */
