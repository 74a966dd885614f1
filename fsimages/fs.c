/* fsimages/fs.c -- the file systems there are. To add one: its folder, a row here. */
#include "fsimages/fs.h"
#include "fsimages/eefs.h"
#include "fsimages/fat.h"
#include "fsimages/littlefs.h"
#include "fsimages/slots.h"
#include "fsimages/spiffs.h"
#include <stdlib.h>
#include <string.h>

static const struct thm_fs_ops *const systems[] = { &thm_fs_littlefs, &thm_fs_fat, &thm_fs_slots, &thm_fs_eefs,
                                                    &thm_fs_spiffs };

const struct thm_fs_ops *thm_fs_at(size_t i)
{
    return i < sizeof systems / sizeof systems[0] ? systems[i] : NULL;
}

const struct thm_fs_ops *thm_fs_find(const char *name)
{
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++)
        if (strcmp(systems[i]->name, name) == 0)
            return systems[i];
    return NULL;
}

const char *thm_fs_path(const struct thm_fs_ops *ops, const char *path)
{
    return ops->flat && *ops->root == '\0' ? path + strspn(path, "/") : path;
}

const struct thm_fs_ops *thm_fs_probe(struct thm_medium *m, struct thm_fs_config *c)
{
    for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++)
        if (systems[i]->probe(m, c) == THM_FS_OK)
            return systems[i];
    return NULL;
}

static void *host_alloc(void *ctx, uint32_t bytes, const char *what)
{
    (void)ctx, (void)what;
    return malloc(bytes);
}

static void host_free(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

const struct thm_fs_memory thm_fs_host_memory = { NULL, host_alloc, host_free };
