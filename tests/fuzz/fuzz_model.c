/* tests/fuzz/fuzz_model.c -- hostile models: open, allocate, invoke. Nothing may be read or written outside file and
 * arena. Behind the file stand two bytes: which kernels of the PC and which kernel library; layout and arena size. */
#include <stdlib.h>
#include <string.h>
#include "interpreter/inspect.h"
#include "interpreter/kernel_library.h"
#include "interpreter/kernels.h"
#include "tests/packing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORK_MAX (1u << 22) /* multiply-accumulates and elements: larger models only cost time */

struct work {
    uint64_t done;
};

static void count(void *ctx, const struct thm_op_event *ev)
{
    ((struct work *)ctx)->done += ev->work.macs + ev->work.elements;
}

static void choose_kernels(struct thm_interpreter *it, uint8_t choice)
{
    static const char *const libraries[] = { "reference", "cmsis-nn", "esp-nn", "cmsis-nn:mve" };
    size_t variants = 0;
    while (thm_kernels_at(variants))
        variants++;
    thm_interpreter_set_kernels(it, thm_kernels_at(choice % variants));
    thm_interpreter_set_library(it, thm_kernel_library_find(libraries[choice / 64]));
}

static void fill_inputs(struct thm_interpreter *it, uint8_t value)
{
    struct thm_tensor t;
    for (uint32_t i = 0; !thm_interpreter_input(it, i, &t); i++)
        if (t.data && !t.info.data)
            memset(t.data, value, t.bytes);
}

static void run(const struct thm_model *m, uint8_t kernels, uint8_t choice)
{
    static const uint32_t sizes[] = { 256, 1024, 1040, 2048, 4096, 8192, 65536, 262144 };
    struct thm_interpreter it;
    struct thm_nn_diag diag;
    struct work work = { 0 };
    struct thm_interpreter_hooks hooks = { &work, count };
    uint32_t bytes = sizes[choice % 8];
    uint8_t *arena = aligned_alloc(16, bytes);
    if (!arena)
        return;
    memset(arena, 0xA5, bytes);
    thm_interpreter_init(&it, m, thm_layout_at(choice / 8 % 3), arena, bytes, &hooks);
    choose_kernels(&it, kernels);
    if (!thm_interpreter_allocate(&it, &diag)) {
        pack_weights(&it);
        fill_inputs(&it, choice);
        for (int i = 0; i < 2 && work.done < WORK_MAX; i++)
            thm_interpreter_invoke(&it, &diag);
        thm_interpreter_reset(&it, &diag);
    }
    free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct thm_model m;
    if (size < 2)
        return 0;
    size_t bytes = size - 2;
    uint8_t *copy = malloc(bytes ? bytes : 1);
    if (copy) {
        memcpy(copy, data, bytes); /* of the exact size: a read past the end is seen */
        if (!thm_model_open(&m, copy, bytes, NULL))
            run(&m, data[bytes], data[bytes + 1]);
    }
    free(copy);
    return 0;
}
