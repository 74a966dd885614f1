/* emu/zoo/c_array.h -- bytes as C source, twelve to a line as xxd -i writes them.
 *
 *     alignas(16) const unsigned char zoo_NAME_tflite[] = {
 *       0x1c, 0x00, ...
 *     };
 *     const unsigned int zoo_NAME_tflite_len = N;
 *
 * This has exactly the length of the .cc files in bharathsudharsan/OTA-TinyML (cc_models/), whose variables
 * have other names. alignas: the interpreter reads weights in place. In NAME everything but letters and
 * digits becomes '_'. */
#pragma once
#include "emu/zoo/tflite_writer.h"

struct thm_c_array {
    const struct thm_sink *to; /* lent */
    char variable[72];
    uint64_t count; /* bytes so far */
    int status;     /* what the sink said last */
};

/* Start: the opening line goes to `to`. name: at most 56 characters, longer ones are cut. */
void thm_c_array_start(struct thm_c_array *a, const char *name, const struct thm_sink *to);
/* A sink that turns what it is given into text. */
struct thm_sink thm_c_array_sink(struct thm_c_array *a);
/* The closing lines. Result: 0, or what the sink said when it stopped. */
int thm_c_array_end(struct thm_c_array *a);

/* Length of the text for n bytes. */
uint64_t thm_c_array_bytes(const char *name, uint64_t n);
