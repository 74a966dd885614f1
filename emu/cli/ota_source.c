/* emu/cli/ota_source.c -- what a payload is made of: told by the file's first bytes. */
#include <stdlib.h>
#include <string.h>
#include "emu/cli/cli.h"
#include "emu/cli/ota_verbs.h"
#include "emu/report/nn_message.h"

#define FILE_MAX (UINT64_C(256) << 20)

static int open_model(struct ota_source *s)
{
    struct thm_nn_diag diag;
    char text[256];
    s->is_model = true;
    if (thm_model_open(&s->model, s->data, s->len, &diag)) {
        thm_nn_message(&diag, text, sizeof text);
        return thm_fail(THM_EXIT_MODEL, "%s: %s", s->path, text);
    }
    s->weights = thm_weights_of_model(&s->walk, &s->model, NULL);
    return 0;
}

static int open_source(struct ota_source *s, const uint8_t *text, size_t len)
{
    char error[160];
    if (!thm_eon_parse((const char *)text, len, &s->eon, error, sizeof error))
        return thm_fail(THM_EXIT_USAGE, "%s: %s", s->path, error);
    s->weights = thm_weights_of_eon(&s->eon);
    return 0;
}

static int open_library(struct ota_source *s)
{
    uint8_t *text;
    size_t len;
    int status = ota_read_library(s->path, &text, &len);
    if (status)
        return status;
    status = open_source(s, text, len);
    free(text);
    return status;
}

int ota_source_open(struct ota_source *s, const char *path)
{
    *s = (struct ota_source){ .path = path };
    int status = thm_read_file(path, FILE_MAX, &s->data, &s->len);
    if (status)
        return status;
    if (s->len >= 8 && memcmp(s->data + 4, "TFL3", 4) == 0)
        return open_model(s);
    if (s->len >= 4 && memcmp(s->data, "PK\003\004", 4) == 0)
        return open_library(s);
    return open_source(s, s->data, s->len);
}

void ota_source_close(struct ota_source *s)
{
    thm_eon_free(&s->eon);
    free(s->data);
    *s = (struct ota_source){ 0 };
}
