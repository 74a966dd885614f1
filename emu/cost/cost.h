/* emu/cost/cost.h -- what an inference costs on a core: cycles and energy, with the error of cross-validation.
 *
 * profiles/cores/NAME.yaml holds the constants; scripts/fit-costs fits them and describes the model:
 * cycles = factor[library, kind] * instructions(operator) + cycles of a call + flash time of the constants * clock. */
#pragma once
#include <stdbool.h>
#include "interpreter/interpreter.h"

struct thm_cost_operator { /* instructions per unit of work; thm_work says what the units are */
    char *op, *type;       /* "CONV_2D", "int8"; "*": any that has no row of its own */
    char *kernels;         /* "reference" or "optimised" */
    uint32_t taps;         /* only filters of so many taps; 0 = any */
    double mac, tap, output, pixel, input, constant, call;
};

struct thm_cost_kernels {                     /* a kernel library on the core */
    char *name;                               /* "cmsis-nn", "x-cube-ai:9" */
    char *counts;                             /* whose instructions the factors multiply: see above */
    double conv, depthwise, dense, other, fp; /* cycles an instruction by kind; all but fp 0: a row for floats */
    uint32_t measurements, systems;           /* behind it; 0: from other cores and libraries */
    char *left_out;                           /* "system", "model", "library", "core": what cross-validation left out */
    double median, p90;                       /* relative error in percent: of half, of nine in ten */
};

struct thm_cost_board { /* how a board's usual build differs from the core's average, with the reference kernels */
    char *name;
    double factor;
    uint32_t measurements;
    double median, p90; /* of float nets on it, percent */
};

struct thm_cost_energy {
    char *mcu;         /* "*": any with this core */
    double nanojoules; /* a cycle */
    uint32_t measurements;
    double median, p90; /* of the energy of an inference, percent */
};

struct thm_cost_core { /* profiles/cores/NAME.yaml; thm_profile_core_load() */
    char *name, *title;
    double operator_cycles, flash_ns;
    struct thm_cost_kernels *kernels;
    unsigned kernels_count;
    struct thm_cost_board *boards;
    unsigned boards_count;
    struct thm_cost_energy *energy;
    unsigned energy_count;
    struct thm_cost_operator *operators;
    unsigned operators_count;
};

/* A core with one library: what estimates are made with. Lent from the core, which must outlive it. */
struct thm_cost {
    const struct thm_cost_core *core;
    const struct thm_cost_kernels *integer, *fp; /* fp NULL = the library has none: the reference's */
    const struct thm_cost_board *board;          /* NULL = not measured */
    uint64_t clock_hz;
};

/* kernels: a name of the core's list, "x-cube-ai" for the last of its versions, or with a variant that costs the same
 * ("cmsis-nn:dsp"). board: NULL or a name. false: the core's list has no such library. */
bool thm_cost_open(struct thm_cost *c, const struct thm_cost_core *core, const char *kernels, const char *board,
                   uint64_t clock_hz);
/* Cycles of one run of an operator. name need not be NUL-terminated. */
double thm_cost_cycles(const struct thm_cost *c, const char *name, uint32_t name_len, const struct thm_work *work);

struct thm_cost_error { /* percent; half of the estimates are within median, nine in ten within p90 */
    double median, p90;
    const char *left_out;
};
/* floats: most of the time goes into float operators. */
struct thm_cost_error thm_cost_error(const struct thm_cost *c, bool floats);
/* mcu: NULL = any with this core, else its name or how it begins. NULL: not known. */
const struct thm_cost_energy *thm_cost_energy(const struct thm_cost_core *core, const char *mcu);
