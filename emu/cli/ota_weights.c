/* emu/cli/ota_weights.c -- diff, apply and show: updates of weights, in any format. */
#include <stdlib.h>
#include <string.h>
#include "emu/board/event.h"
#include "emu/cli/cli.h"
#include "emu/cli/ota_format.h"

#define PAYLOAD_MAX (UINT64_C(256) << 20)

/* ---- formats ---- */

static const struct ota_format *const formats[] = { &ota_edge_impulse, &ota_safe };

const struct ota_format *ota_format_at(size_t i)
{
    return i < sizeof formats / sizeof formats[0] ? formats[i] : NULL;
}

const struct ota_format *ota_format_find(const char *name)
{
    for (size_t i = 0; ota_format_at(i); i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

const struct ota_format *ota_format_of(const uint8_t *data, size_t len)
{
    for (size_t i = 0; ota_format_at(i); i++)
        if (formats[i]->recognises(data, len))
            return formats[i];
    return NULL;
}

const char *ota_tensor_name(const struct thm_model *m, uint32_t subgraph, uint32_t tensor, char *buf, size_t size)
{
    struct thm_tensor_info t;
    buf[0] = '\0';
    if (m && subgraph < m->subgraphs && tensor < thm_model_tensors(m, subgraph)) {
        thm_model_tensor(m, subgraph, tensor, &t);
        snprintf(buf, size, " '%.*s'", (int)t.name_len, t.name);
        thm_make_printable(buf, size);
    }
    return buf;
}

/* ---- verbs ---- */

int ota_diff(const struct ota_options *o, int argc, char **argv)
{
    (void)argc;
    const struct ota_format *f = o->format ? o->format : formats[0];
    struct ota_source a, b = { 0 };
    uint8_t *payload = NULL;
    size_t len = 0;
    int status = ota_source_open(&a, argv[0]);
    if (!status)
        status = ota_source_open(&b, argv[1]);
    if (!status)
        status = f->write(o, &a, &b, &payload, &len);
    if (!status)
        status = thm_write_file(o->output, payload, len);
    if (!status)
        printf("%s: %s, %zu bytes\n", o->output, f->title, len);
    free(payload);
    ota_source_close(&a);
    ota_source_close(&b);
    return status;
}

/* Its first bytes say what it is not. */
static int not_a_payload(const char *path, const uint8_t *data, size_t len)
{
    char hex[3 * 8 + 1] = "";
    for (size_t i = 0; i < len && i < 8; i++)
        snprintf(hex + 3 * i, sizeof hex - 3 * i, " %02x", data[i]);
    return thm_fail(THM_EXIT_UPDATE, "%s: not a weights payload: it %s%s", path, len ? "starts with" : "is empty", hex);
}

static int read_payload(const char *path, uint8_t **data, size_t *len, const struct ota_format **f)
{
    int status = thm_read_file(path, PAYLOAD_MAX, data, len);
    if (!status)
        *f = ota_format_of(*data, *len);
    return status || *f ? status : not_a_payload(path, *data, *len);
}

int ota_apply(const struct ota_options *o, int argc, char **argv)
{
    (void)argc;
    struct ota_source model;
    uint8_t *payload = NULL;
    size_t len = 0;
    char text[200] = "";
    const struct ota_format *f = NULL;
    int status = ota_source_open(&model, argv[0]);
    if (!status && !model.is_model)
        status = thm_fail(THM_EXIT_USAGE, "%s: not a .tflite file", argv[0]);
    if (!status)
        status = read_payload(argv[1], &payload, &len, &f);
    const bool ok = !status && f->apply(model.data, model.len, payload, len, text, sizeof text);
    if (!status && (ok || o->partial))
        status = thm_write_file(o->output, model.data, model.len);
    if (!status && !ok)
        status = thm_fail(THM_EXIT_UPDATE, "%s: %s", argv[1], text);
    free(payload);
    ota_source_close(&model);
    return status;
}

int ota_show(const struct ota_options *o, int argc, char **argv)
{
    struct ota_source model = { 0 };
    uint8_t *payload = NULL;
    size_t len = 0;
    const struct ota_format *f = NULL;
    int status = read_payload(argv[0], &payload, &len, &f);
    if (!status && argc > 1)
        status = ota_source_open(&model, argv[1]);
    if (!status)
        status = f->show(o, payload, len, model.is_model ? &model.model : NULL);
    free(payload);
    ota_source_close(&model);
    return status;
}
