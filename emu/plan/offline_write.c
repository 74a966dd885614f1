/* emu/plan/offline_write.c -- the plan goes in front of the file as it was: references of a FlatBuffer point forward,
 * so a new Model table there can refer to all that the old one did, to a longer list of buffers and to another list of
 * metadata. The old bytes follow unchanged, at a multiple of 16. */
#include <stdlib.h>
#include <string.h>
#include "emu/plan/offline.h"
#include "emu/zoo/flatbuffer.h"
#include "interpreter/fb.h"
#include "interpreter/reader.h"
#include "interpreter/schema.h"

enum { ALIGNMENT = 16, MODEL_FIELDS = MODEL_METADATA + 2 /* and signatures */, FIELDS_SEEN = 32, HEADER_WORDS = 3 };
#define FILE_MOST INT32_MAX

static const char name[] = "OfflineMemoryAllocation";

struct copy {
    const struct thm_model *m;
    struct thm_fb fb;                 /* what goes in front */
    uint32_t base;                    /* where the old file begins; once it is known */
    uint32_t root, metadata, buffers; /* positions in fb: the Model table, references of the lists */
};

/* ---- the old file ---- */

static uint32_t list_of(const struct copy *c, uint32_t field)
{
    return thm_fb_ref(c->m, c->m->root, field);
}

static bool is_plan(const struct copy *c, uint32_t entry)
{
    const uint32_t text = thm_fb_ref(c->m, entry, METADATA_NAME);
    return text && thm_fb_len(c->m, text) == sizeof name - 1 &&
           memcmp(thm_fb_data(c->m, text), name, sizeof name - 1) == 0;
}

static uint32_t tensors_of(const struct thm_model *m)
{
    uint32_t n = 0;
    for (uint32_t s = 0; s < m->subgraphs; s++)
        n += thm_model_tensors(m, s);
    return n;
}

/* The reader takes an index behind the last buffer for "none"; the plan's would be taken for it. */
static bool names_no_buffer(const struct thm_model *m, uint32_t buffers)
{
    bool beyond = false;
    for (uint32_t s = 0; s < m->subgraphs; s++)
        for (uint32_t i = 0; i < thm_model_tensors(m, s) && !beyond; i++)
            beyond = (uint32_t)thm_fb_i32(m, thm_model_tensor_table(m, s, i), TENSOR_BUFFER, 0) >= buffers;
    return beyond;
}

static bool has_unknown_fields(const struct thm_model *m)
{
    bool unknown = false;
    for (uint32_t id = MODEL_FIELDS; id < FIELDS_SEEN; id++)
        unknown = unknown || thm_fb_field(m, m->root, id);
    return unknown;
}

/* ---- the front ---- */

static void write_root(struct copy *c)
{
    struct thm_fb_field field[MODEL_FIELDS];
    uint32_t n = 0;
    for (uint32_t id = 0; id < MODEL_FIELDS; id++)
        if (id == MODEL_METADATA || thm_fb_field(c->m, c->m->root, id))
            field[n++] = (struct thm_fb_field){ (uint8_t)id, 4, 0 };
    field[0].value = (uint32_t)thm_fb_i32(c->m, c->m->root, MODEL_VERSION, 0); /* it is there: the model was opened */
    thm_fb_start(&c->fb, "TFL3");
    c->root = thm_fb_table(&c->fb, 0, field, n);
}

static uint32_t count_metadata(const struct copy *c)
{
    const uint32_t list = list_of(c, MODEL_METADATA);
    uint32_t n = 1;
    for (uint32_t i = 0; i < thm_fb_len(c->m, list); i++)
        n += !is_plan(c, thm_fb_at(c->m, list, i));
    return n;
}

static void write_plan(struct copy *c, const int32_t *offset)
{
    const uint32_t buffers = thm_fb_len(c->m, list_of(c, MODEL_BUFFERS)), entries = count_metadata(c);
    const uint32_t tensors = tensors_of(c->m), header[HEADER_WORDS] = { 1, 0, tensors };
    const struct thm_fb_field entry[] = { { METADATA_NAME, 4, 0 }, { METADATA_BUFFER, 4, buffers } };
    const struct thm_fb_field buffer = { BUFFER_DATA, 4, 0 };
    struct thm_fb *fb = &c->fb;
    c->metadata = thm_fb_vector(fb, thm_fb_slot(fb, c->root, MODEL_METADATA), NULL, 4, entries);
    c->buffers = thm_fb_vector(fb, thm_fb_slot(fb, c->root, MODEL_BUFFERS), NULL, 4, buffers + 1);
    const uint32_t table = thm_fb_table(fb, c->metadata + 4 * (entries - 1), entry, 2);
    thm_fb_string(fb, thm_fb_slot(fb, table, METADATA_NAME), name);
    const uint32_t holder = thm_fb_table(fb, c->buffers + 4 * buffers, &buffer, 1);
    const uint32_t data =
        thm_fb_bytes(fb, thm_fb_slot(fb, holder, BUFFER_DATA), NULL, 4 * (HEADER_WORDS + tensors), ALIGNMENT);
    if (fb->failed)
        return;
    memcpy(fb->data + data, header, sizeof header);
    memcpy(fb->data + data + sizeof header, offset, (size_t)4 * tensors);
}

/* ---- the references into the old file ---- */

static void link_old(struct copy *c, uint32_t at, uint32_t old)
{
    thm_fb_link(&c->fb, at, c->base + old);
}

static void link_lists(struct copy *c)
{
    const uint32_t buffers = list_of(c, MODEL_BUFFERS), metadata = list_of(c, MODEL_METADATA);
    uint32_t at = c->metadata;
    for (uint32_t i = 0; i < thm_fb_len(c->m, buffers); i++)
        link_old(c, c->buffers + 4 * i, thm_fb_at(c->m, buffers, i));
    for (uint32_t i = 0; i < thm_fb_len(c->m, metadata); i++)
        if (!is_plan(c, thm_fb_at(c->m, metadata, i))) {
            link_old(c, at, thm_fb_at(c->m, metadata, i));
            at += 4;
        }
}

static void link_all(struct copy *c)
{
    for (uint32_t id = MODEL_OPERATOR_CODES; id < MODEL_FIELDS; id++)
        if (id != MODEL_BUFFERS && id != MODEL_METADATA && list_of(c, id))
            link_old(c, thm_fb_slot(&c->fb, c->root, id), list_of(c, id));
    link_lists(c);
}

/* ---- all of it ---- */

static enum thm_nn_err fail(struct thm_nn_diag *diag, enum thm_nn_err err, const char *what)
{
    *diag = (struct thm_nn_diag){ .err = err, .what = what, .subgraph = -1, .op = -1, .tensor = -1 };
    return err;
}

static uint8_t *join(const struct copy *c, size_t *bytes)
{
    *bytes = (size_t)c->base + c->m->size;
    uint8_t *file = calloc(1, *bytes);
    if (file) {
        memcpy(file, c->fb.data, c->fb.len);
        memcpy(file + c->base, c->m->data, c->m->size);
    }
    return file;
}

enum thm_nn_err thm_offline_write(const struct thm_model *m, const int32_t *offset, uint8_t **out, size_t *bytes,
                                  struct thm_nn_diag *diag)
{
    struct copy c = { .m = m };
    *out = NULL;
    *bytes = 0;
    if (has_unknown_fields(m) || !list_of(&c, MODEL_BUFFERS))
        return fail(diag, THM_NN_EUNSUPPORTED, "the model has fields that would be lost");
    if (names_no_buffer(m, thm_fb_len(m, list_of(&c, MODEL_BUFFERS))))
        return fail(diag, THM_NN_EUNSUPPORTED, "a tensor's buffer index is out of range");
    write_root(&c);
    write_plan(&c, offset);
    c.base = (c.fb.len + ALIGNMENT - 1) & ~(uint32_t)(ALIGNMENT - 1);
    const bool too_long = !c.fb.failed && (uint64_t)c.base + m->size > FILE_MOST;
    if (!c.fb.failed && !too_long) {
        link_all(&c);
        *out = join(&c, bytes);
    }
    thm_fb_finish(&c.fb);
    if (too_long)
        return fail(diag, THM_NN_EUNSUPPORTED, "with a plan the file would be longer than a FlatBuffer may be");
    return *out ? THM_NN_OK : fail(diag, THM_NN_EARENA, "the PC is out of memory for the model's copy");
}
