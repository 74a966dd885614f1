/* exec_tflite MODEL ARENA: a program for tests/e2e/exec.sh, as a sensor's firmware would be: the model is read into
 * memory, the arena comes from the heap, one inference. A request that gets NULL ends it with status 3. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "interpreter/interpreter.h"

#define INPUT_FILL 0x11

static void *need(size_t n, const char *what)
{
    void *p = malloc(n);
    if (!p) {
        printf("no memory for the %s\n", what);
        exit(3);
    }
    return p;
}

static void *load(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) < 0)
        exit(2);
    *size = (size_t)ftell(f);
    rewind(f);
    void *data = need(*size, "model");
    if (fread(data, 1, *size, f) != *size)
        exit(2);
    fclose(f);
    return data;
}

static int infer(const struct thm_model *model, uint8_t *arena, uint32_t size)
{
    struct thm_interpreter it;
    struct thm_nn_diag diag;
    struct thm_tensor t;
    thm_interpreter_init(&it, model, thm_layout_find("ilp32_align8"), arena, size, NULL);
    if (thm_interpreter_allocate(&it, &diag) || thm_interpreter_input(&it, 0, &t))
        return 4;
    memset(t.data, INPUT_FILL, t.bytes);
    if (thm_interpreter_invoke(&it, &diag) || thm_interpreter_output(&it, 0, &t))
        return 4;
    printf("output");
    for (uint32_t i = 0; i < t.bytes; i++)
        printf(" %02x", ((const uint8_t *)t.data)[i]);
    printf("\n");
    return 0;
}

int main(int argc, char **argv)
{
    struct thm_model model;
    struct thm_nn_diag diag;
    size_t size = 0;
    if (argc != 3)
        return 2;
    void *data = load(argv[1], &size);
    const uint32_t arena_size = (uint32_t)strtoul(argv[2], NULL, 0);
    uint8_t *arena = need(arena_size, "arena");
    const int status = thm_model_open(&model, data, size, &diag) ? 4 : infer(&model, arena, arena_size);
    free(arena);
    free(data);
    return status;
}
