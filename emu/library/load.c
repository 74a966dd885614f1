/* emu/library/load.c -- the half of thimble/device.h that is in libthimble.a: finds the emulator and hands calls on. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include "emu/library/api.h"

static char trouble[512];

static struct thm_device *create_none(const char *board)
{
    (void)board;
    return NULL;
}

static void destroy_none(struct thm_device *d)
{
    (void)d;
}

static const char *tell_trouble(void)
{
    return trouble;
}

static const char *no_version(void)
{
    return "";
}

/* What can be called without an emulator: nobody has a device then. */
static const struct thm_device_api absent = {
    .create = create_none, .destroy = destroy_none, .trouble = tell_trouble, .version = no_version
};

static const struct thm_device_api *load(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct thm_device_api *found = handle ? dlsym(handle, THM_DEVICE_API_SYMBOL) : NULL;
    if (!found)
        snprintf(trouble, sizeof trouble, "%s", dlerror());
    else if (found->size < sizeof *found)
        snprintf(trouble, sizeof trouble, "%s is version %s, and this program needs %s", path, found->version(),
                 THM_DEVICE_VERSION);
    else
        return found;
    return NULL;
}

/* Where it was installed, or where THIMBLE_EMULATOR says. */
static const struct thm_device_api *emulator(void)
{
    static const struct thm_device_api *found;
    const char *path = getenv("THIMBLE_EMULATOR");
    if (!found)
        found = load(path && *path ? path : THM_EMULATOR);
    return found ? found : &absent;
}

#define X(result, name, parameters, arguments) \
    result thm_device_##name parameters        \
    {                                          \
        return emulator()->name arguments;     \
    }
THM_DEVICE_API(X)
#undef X
