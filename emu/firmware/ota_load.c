/* emu/firmware/ota_load.c -- a model from the storage or the flash to where it can be run. */
#include "emu/firmware/ota_internal.h"
#include "emu/board/hal.h"
#include "fsimages/fs.h"

static bool read_file(struct ota *s, int32_t fd, const char *name)
{
    uint32_t got = 0;
    while (got < s->model_bytes) {
        int32_t n = thm_hal_read(s->b, fd, s->buffer + got, s->model_bytes - got);
        if (n < 0)
            return false;
        if (n == 0)
            break;
        got += (uint32_t)n;
    }
    if (got < s->model_bytes)
        thm_hal_failure(s->b, 11, 0, s->model_bytes, got, "%s ends after %u of %u bytes", name, got, s->model_bytes);
    return got == s->model_bytes;
}

/* Where the storage is memory-mapped and keeps the file in one piece, nothing is copied. */
static bool map_file(struct ota *s, const struct thm_store_entry *e)
{
    uint32_t bytes;
    s->model = thm_hal_map(s->b, e->name, &bytes);
    if (!s->model || bytes < e->offset || bytes - e->offset < e->bytes)
        return false;
    s->model += e->offset;
    return true;
}

static bool copy_file(struct ota *s, const struct thm_store_entry *e)
{
    int32_t fd = thm_hal_open(s->b, e->name, THM_FS_READ);
    if (fd < 0)
        return false;
    if (e->bytes == 0)
        thm_hal_failure(s->b, 14, 0, 0, 0, "%s is empty", e->name);
    else
        s->buffer = thm_hal_malloc(s->b, e->bytes, "model copy");
    s->model = s->buffer;
    bool ok = s->buffer && (!e->offset || thm_hal_seek(s->b, fd, (int32_t)e->offset, THM_FS_SET) >= 0) &&
              read_file(s, fd, e->name);
    return thm_hal_close(s->b, fd) >= 0 && ok;
}

OUT_OF_LINE bool ota_load(struct ota *s, const struct thm_store_entry *e)
{
    s->step = "load";
    s->loaded = e;
    s->model_bytes = e->bytes;
    const bool in_place = map_file(s, e);
    if (!in_place && !copy_file(s, e))
        return false;
    if (s->store.ops->verify && !s->store.ops->verify(&s->store, e, s->model))
        return false;
    thm_hal_step(s->b, "load",
                 in_place ? "model used in place in the flash, %u bytes" : "model copied to RAM, %u bytes",
                 s->model_bytes);
    return true;
}

/* What the last round has loaded makes room for the next. */
void ota_unload(struct ota *s)
{
    if (s->arena != thm_hal_static_arena(s->b))
        thm_hal_free(s->b, s->arena);
    thm_hal_free(s->b, s->buffer);
    s->arena = s->buffer = NULL;
    s->loaded = NULL;
    s->model_bytes = 0;
}

/* Compiled in: nothing is copied, and there is nothing to wait for. */
bool ota_use_flash_model(struct ota *s)
{
    s->step = "flash";
    s->model = thm_hal_flash_model(s->b, &s->model_bytes);
    if (s->model)
        thm_hal_step(s->b, "flash", "model of the program used in place, %u bytes", s->model_bytes);
    return s->model != NULL;
}
