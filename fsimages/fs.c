/* fsimages/fs.c -- the file systems there are. To add one: its folder, a row here. */
#include "fsimages/fs.h"
#include "fsimages/spiffs.h"
#include <string.h>

static const struct thm_fs_ops *const systems[] = { &thm_fs_spiffs };

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
