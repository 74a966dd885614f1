#include "emu/zoo/zoo.h"
#include <string.h>
#include "emu/zoo/architecture.h"
#include "emu/zoo/c_array.h"
#include "emu/zoo/sine.h"

static const struct {
    const char *name, *title;
    bool int8;
} trained[] = {
    { "sine", "y = sin(x), trained when it is made, float32", false },
    { "sine_int8", "the same, quantised", true },
};
#define TRAINED (sizeof trained / sizeof trained[0])

static const char description[] = "thimble model zoo; Apache-2.0";

uint32_t thm_zoo_count(void)
{
    return thm_architecture_count + (uint32_t)TRAINED;
}

const char *thm_zoo_name(uint32_t index)
{
    return index < thm_architecture_count ? thm_architectures[index].name
                                          : trained[index - thm_architecture_count].name;
}

int thm_zoo_find(const char *name)
{
    for (uint32_t i = 0; i < thm_zoo_count(); i++)
        if (strcmp(thm_zoo_name(i), name) == 0)
            return (int)i;
    return -1;
}

static enum thm_zoo_err open_trained(uint32_t i, struct thm_zoo_model *m)
{
    *m = (struct thm_zoo_model){ .name = trained[i].name, .title = trained[i].title };
    enum thm_zoo_err e = thm_sine_build(trained[i].int8, &m->graph);
    if (e)
        return e;
    const struct thm_tflite_model view = thm_graph_model(m->graph, description);
    return thm_tflite_size(&view, &m->file_bytes);
}

enum thm_zoo_err thm_zoo_open(uint32_t index, struct thm_zoo_model *m)
{
    enum thm_zoo_err e;
    if (index < thm_architecture_count) {
        const struct thm_architecture *a = &thm_architectures[index];
        *m = (struct thm_zoo_model){ .name = a->name, .title = a->title, .file_bytes = a->file_bytes };
        e = thm_architecture_build(a, &m->graph);
    } else {
        e = open_trained(index - thm_architecture_count, m);
    }
    if (e)
        thm_zoo_close(m);
    return e;
}

void thm_zoo_close(struct thm_zoo_model *m)
{
    thm_graph_destroy(m->graph);
    m->graph = NULL;
}

enum thm_zoo_err thm_zoo_write(const struct thm_zoo_model *m, const struct thm_sink *sink)
{
    const struct thm_tflite_model view = thm_graph_model(m->graph, description);
    uint32_t natural;
    enum thm_zoo_err e = thm_tflite_size(&view, &natural);
    return e ? e : thm_tflite_write(&view, natural == m->file_bytes ? 0 : m->file_bytes, sink, NULL);
}

enum thm_zoo_err thm_zoo_write_c(const struct thm_zoo_model *m, const struct thm_sink *sink)
{
    struct thm_c_array array;
    thm_c_array_start(&array, m->name, sink);
    const struct thm_sink text = thm_c_array_sink(&array);
    enum thm_zoo_err e = thm_zoo_write(m, &text);
    if (!e && thm_c_array_end(&array) != 0)
        e = THM_ZOO_ESINK;
    return e;
}
