/* tests/fuzz/fuzz_model.c -- hostile models: open, allocate, invoke. Nothing may be read or written outside file and
 * arena. The last input byte chooses layout and arena size. Run: fuzz_model -max_len=16384 CORPUS (seed it with small
 * models). */
#include <stdlib.h>
#include <string.h>
#include "interpreter/interpreter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORK_MAX (1u << 22) /* multiply-accumulates and elements: larger models only cost time */

struct work {
    uint64_t done;
};

static void count(void *ctx, const struct thm_op_event *ev)
{
    ((struct work *)ctx)->done += ev->macs + ev->elements;
}

static void run(const struct thm_model *m, uint8_t choice)
{
    static const uint32_t sizes[] = { 256, 1024, 1040, 2048, 4096, 8192, 65536, 262144 };
    struct thm_interpreter it;
    struct thm_nn_diag diag;
    struct work work = { 0 };
    struct thm_interpreter_hooks hooks = { &work, count };
    struct thm_tensor t;
    uint32_t bytes = sizes[choice % 8];
    uint8_t *arena = aligned_alloc(16, bytes);
    if (!arena)
        return;
    memset(arena, 0xA5, bytes);
    thm_interpreter_init(&it, m, thm_layout_at(choice / 8 % 3), arena, bytes, &hooks);
    if (!thm_interpreter_allocate(&it, &diag)) {
        for (uint32_t i = 0; !thm_interpreter_input(&it, i, &t); i++)
            if (t.data && !t.info.data)
                memset(t.data, choice, t.bytes);
        for (int i = 0; i < 2 && work.done < WORK_MAX; i++)
            thm_interpreter_invoke(&it, &diag);
        thm_interpreter_reset(&it, &diag);
    }
    free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct thm_model m;
    if (size < 1)
        return 0;
    uint8_t *copy = malloc(size - 1 ? size - 1 : 1);
    if (copy) {
        memcpy(copy, data, size - 1); /* of the exact size: a read past the end is seen */
        if (!thm_model_open(&m, copy, size - 1, NULL))
            run(&m, data[size - 1]);
    }
    free(copy);
    return 0;
}
