/* emu/report/nn_message.h -- the interpreter's diagnosis as one line for people. */
#pragma once
#include <stddef.h>
#include "interpreter/err.h"

/* What is wrong, where (operator, tensor, byte of the file), how much was needed and there. Cut to size - 1 characters. */
void thm_nn_message(const struct thm_nn_diag *d, char *buf, size_t size);
