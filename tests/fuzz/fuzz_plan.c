/* Writing a plan into any model that opens: the result opens, has the plan, and the tensors of the old one. */
#include <stdlib.h>
#include <string.h>
#include "emu/plan/offline.h"
#include "interpreter/reader.h"

enum { TENSORS_MAX = 1000, HEADER = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t tensors_of(const struct thm_model *m)
{
    uint32_t n = 0;
    for (uint32_t s = 0; s < m->subgraphs; s++)
        n += thm_model_tensors(m, s);
    return n;
}

static void check(const uint8_t *file, size_t bytes, const int32_t *offset, uint32_t tensors)
{
    static const char name[] = "OfflineMemoryAllocation";
    struct thm_model m;
    uint32_t len = 0;
    const uint8_t *plan = NULL;
    if (!thm_model_open(&m, file, bytes, NULL) && tensors_of(&m) == tensors)
        plan = thm_model_metadata(&m, name, sizeof name - 1, &len);
    if (!plan || len != HEADER + 4 * tensors || memcmp(plan + HEADER, offset, (size_t)4 * tensors) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int32_t offset[TENSORS_MAX];
    struct thm_model m;
    struct thm_nn_diag diag;
    struct thm_offline_model o;
    uint8_t *copy = malloc(size + 1), *out;
    size_t bytes;
    memcpy(copy, data, size);
    if (!thm_model_open(&m, copy, size, NULL) && tensors_of(&m) < TENSORS_MAX) {
        for (uint32_t i = 0; i < tensors_of(&m); i++)
            offset[i] = 16 * (int32_t)i;
        if (!thm_offline_write(&m, offset, &out, &bytes, &diag))
            check(out, bytes, offset, tensors_of(&m));
        free(out);
        if (!thm_offline_plan(&m, thm_layout_find("cortex_m"), NULL, &o, &diag) && o.data &&
            o.after.min >= o.before.min)
            abort();
        free(o.data);
    }
    free(copy);
    return 0;
}
