/* emu/zoo/tflite_ops.h -- between the two halves of the .tflite writer. */
#pragma once
#include "emu/zoo/tflite_writer.h"

uint8_t thm_tflite_options_type(enum thm_tflite_op_code code); /* number in BuiltinOptions; 0: no options */
