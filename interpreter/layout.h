/* interpreter/layout.h -- struct sizes of the reference runtime on three families of 32-bit compilers.
 * Source: measured with TensorFlow Lite Micro (tensorflow/tflite-micro 90b983c) built by gcc -m32 (i386),
 * arm-none-eabi-gcc (cortex_m) and arm-none-eabi-gcc -fno-short-enums (ilp32_align8: Xtensa, RISC-V 32). */
#pragma once
#include <stdint.h>
#include "interpreter/interpreter.h"

enum { THM_LAYOUT_CORTEX_M, THM_LAYOUT_ILP32_ALIGN8, THM_LAYOUT_I386, THM_LAYOUTS };

/* A size that depends on the layout; index = THM_LAYOUT_*. */
struct thm_bytes {
    uint16_t of[THM_LAYOUTS];
};
#define THM_BYTES(n)      \
    {                     \
        {                 \
            (n), (n), (n) \
        }                 \
    }
#define THM_BYTES3(c, a, i) \
    {                       \
        {                   \
            (c), (a), (i)   \
        }                   \
    }

struct thm_layout {
    const char *name;
    uint8_t index;
    uint8_t io_tensor; /* TfLiteTensor */
};

/* The same in the three layouts; bytes. */
enum {
    THM_BYTES_ARENA_ALLOCATOR = 36, /* single-arena allocator object */
    /* Two arenas: objects of the two allocators. Not measured: counted from the members that the source declares
     * (arena_allocator/{,non_}persistent_arena_buffer_allocator.h): a virtual table pointer and 3 pointers; a virtual
     * table pointer, 4 pointers, a checksum, a counter and a flag padded to 4. */
    THM_BYTES_PERSISTENT_ALLOCATOR = 16,
    THM_BYTES_HEAD_ALLOCATOR = 32,
    THM_BYTES_PLANNER = 44, /* greedy planner object */
    THM_BYTES_MICRO_ALLOCATOR = 36,
    THM_BYTES_VARIABLES = 12, /* resource-variable manager */
    THM_BYTES_VARIABLE = 20,  /* one slot of it */
    THM_BYTES_OPTIONS_ALLOCATOR = 8,
    THM_BYTES_SUBGRAPH = 8,
    THM_BYTES_EVAL_TENSOR = 12,
    THM_BYTES_NODE = 32,
    THM_BYTES_HANDLE = 4,  /* scratch buffer handle; any pointer */
    THM_BYTES_AFFINE = 12, /* TfLiteAffineQuantization */
    THM_BYTES_ALLOCATION_INFO = 24,
    THM_BYTES_SCRATCH_REQUEST = 12,
    THM_SCRATCH_PER_OP = 12, /* requests an operator may make; the table is always that much larger */
    THM_BYTES_PLANNED = 40,  /* planner's tables, for each planned buffer */
};
