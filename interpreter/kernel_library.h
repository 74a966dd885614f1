/* interpreter/kernel_library.h -- memory of the kernels that replace the reference's on a target: CMSIS-NN and ESP-NN.
 *
 * A library changes how large an operator's data is, which arrays it keeps and which scratch memory it asks for;
 * results stay those of the reference kernels. Sizes are known for one struct layout a library. Source: kernel wrappers
 * of tensorflow/tflite-micro 90b983c (kernels/cmsis_nn) with ARM-software/CMSIS-NN 4ab83cc, and of
 * espressif/esp-tflite-micro 99f49e1 (kernels/esp_nn) with espressif/esp-nn d45b843; all built by gcc. */
#pragma once
#include "interpreter/interpreter.h"

struct thm_kernel_library;

/* "reference"; "cmsis-nn:no_simd" (Cortex-M0 to M3, M23), ":dsp" (M4, M7, M33), ":mve" (M52, M55, M85), ":mve_size"
 * (the same built with KERNELS_OPTIMIZED_FOR_SIZE); "esp-nn:ansi", ":generic_opt", ":esp32s3", ":esp32p4". Without a
 * variant: cmsis-nn is dsp, esp-nn is generic_opt. NULL: unknown. */
const struct thm_kernel_library *thm_kernel_library_find(const char *name);
const struct thm_kernel_library *thm_kernel_library_at(size_t i); /* NULL after the last: for listings */
const char *thm_kernel_library_name(const struct thm_kernel_library *l);
/* The only layout its sizes are known for; NULL = all. */
const struct thm_layout *thm_kernel_library_layout(const struct thm_kernel_library *l);

/* Between init and allocate. Without this call: the reference kernels.
 * Errors: THM_NN_EUSE after allocate, or if the interpreter has another layout than the library. */
enum thm_nn_err thm_interpreter_set_library(struct thm_interpreter *it, const struct thm_kernel_library *l);
