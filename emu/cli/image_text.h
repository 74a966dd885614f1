/* emu/cli/image_text.h -- how `thimble image` writes. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Print and give back. Keys in the order they were added: the same input gives the same bytes. Result: 0, or an exit
 * status, reported. */
int image_print_json(json_t *o);
/* Names are bytes; JSON wants UTF-8. */
json_t *image_json_name(const char *name);
/* A name from a hostile image must not control the terminal. */
void image_print_name(FILE *to, const char *name);
/* "2026-11-27 23:58" UTC; "" for 0, a time that is not kept. */
const char *image_date(uint32_t seconds, char text[20]);
/* Is standard output a terminal whose user wants colours? (no-color.org) */
bool image_colours(void);
