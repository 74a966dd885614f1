/* interpreter/tools/op_table.c -- prints, as C, a table with only those operators that some models use.
 * op_table MODEL.tflite... > table.c: compile that into a firmware, and the linker drops all other operators. */
#include <stdio.h>
#include <stdlib.h>
#include "interpreter/ops/ops.h"
#include "interpreter/reader.h"

static struct row {
    const struct thm_op *op;
    const char *text; /* its line in the list */
    bool custom, used;
} rows[] = {
#define ROW(code, op)  { &thm_op_##op, "X(" #code ", " #op ")", false, false },
#define ROW_CUSTOM(op) { &thm_op_##op, "X(" #op ")", true, false },
    THM_BUILTIN_OPS(ROW) THM_CUSTOM_OPS(ROW_CUSTOM)
};
#define ROWS (sizeof rows / sizeof rows[0])

static void *read_all(const char *path, size_t *bytes)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t room = 0;
    *bytes = 0;
    while (f && *bytes == room) {
        uint8_t *more = realloc(data, room = 2 * room + 65536);
        if (!more)
            break;
        data = more;
        *bytes += fread(data + *bytes, 1, room - *bytes, f);
    }
    bool ok = f && !ferror(f) && *bytes < room;
    if (f)
        fclose(f);
    if (ok)
        return data;
    free(data);
    return NULL;
}

static bool use(const char *path, const struct thm_model *m, uint32_t subgraph, uint32_t i)
{
    struct thm_op_identity id;
    thm_op_identity(m, thm_model_op_table(m, subgraph, i), &id);
    const struct thm_op *op = thm_op_find(id.code, id.name, id.name_len);
    if (!op)
        fprintf(stderr, "op_table: %s: operator %.*s is not available\n", path, (int)id.name_len, id.name);
    for (size_t r = 0; r < ROWS; r++)
        rows[r].used |= rows[r].op == op;
    return op;
}

static bool use_all(const char *path)
{
    struct thm_model m;
    struct thm_nn_diag d;
    size_t bytes;
    bool ok = true;
    void *data = read_all(path, &bytes);
    if (!data || thm_model_open(&m, data, bytes, &d)) {
        fprintf(stderr, "op_table: %s: %s\n", path, data ? thm_nn_strerror(d.err) : "cannot read it");
        free(data);
        return false;
    }
    for (uint32_t s = 0; s < m.subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_ops(&m, s); i++)
            ok &= use(path, &m, s, i);
    free(data);
    return ok;
}

static void print_list(const char *name, bool custom)
{
    printf("#define %s(X)", name);
    for (size_t r = 0; r < ROWS; r++)
        if (rows[r].used && rows[r].custom == custom)
            printf(" %s", rows[r].text);
    printf("\n");
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!use_all(argv[i]))
            return 2;
    printf("#include \"interpreter/ops/ops.h\"\n");
    print_list("BUILTINS", false);
    print_list("CUSTOMS", true);
    printf("THM_DEFINE_OP_TABLE(BUILTINS, CUSTOMS);\n");
    return 0;
}
