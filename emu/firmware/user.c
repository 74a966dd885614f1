#include "emu/firmware/user.h"
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include "emu/board/hal.h"
#include "emu/board/run.h"
#include "emu/firmware/firmware.h"
#include "emu/firmware/services.h"

#define refuse(why, ...) (asprintf(why, __VA_ARGS__) < 0 ? (*(why) = NULL, -1) : -1)

/* A symbol of the firmware's own, not of the libraries behind it. */
static void *own_symbol(const struct thm_image *im, void *handle, const char *name)
{
    void *p = dlsym(handle, name);
    struct link_map *map = NULL;
    Dl_info info;
    return p && dladdr1(p, &info, (void **)&map, RTLD_DL_LINKMAP) && map && map->l_addr == im->base ? p : NULL;
}

static int check_version(const struct thm_image *im, void *handle, char **why)
{
    const uint32_t *abi = own_symbol(im, handle, "thm_firmware_abi");
    if (!abi)
        return refuse(why, "%s is no firmware: it does not include <thimble/firmware.h>", im->path);
    if (*abi != THM_FIRMWARE_ABI)
        return refuse(
            why, "%s is built for version %u of the firmware interface, this thimble has version %u: build it again",
            im->path, *abi, THM_FIRMWARE_ABI);
    return 0;
}

static int find_entry(struct thm_user *u, void *handle, char **why)
{
    *(void **)&u->main = own_symbol(&u->image, handle, "main");
    *(void **)&u->setup = own_symbol(&u->image, handle, "setup");
    *(void **)&u->loop = own_symbol(&u->image, handle, "loop");
    if (u->main || (u->setup && u->loop))
        return 0;
    return refuse(why, "%s defines neither main() nor setup() and loop()", u->image.path);
}

static int not_loaded(const char *path, char **why)
{
    const char *error = dlerror();
    const char *symbol = strstr(error, "undefined symbol: ");
    const bool ours = symbol && strncmp(strchr(symbol, ':') + 2, "thm_", 4) == 0;
    const char *file = strstr(error, path) ? "" : path;
    return refuse(why, "%s%s%s%s", file, *file ? ": " : "", error,
                  ours     ? " (this thimble has no such service, or libthimble was not linked)"
                  : symbol ? " (neither the firmware nor the C library has it)"
                           : "");
}

/* In a program that has loaded the emulator as a library, the services are there for the firmware from now on. */
static void publish_services(void)
{
    Dl_info here;
    if (dladdr((const void *)(uintptr_t)thm_user_load, &here))
        (void)dlopen(here.dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
}

int thm_user_load(struct thm_user *u, const char *path, char **why)
{
    size_t n;
    const struct thm_binding *bindings = thm_libc_bindings(&n);
    publish_services();
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    *why = NULL;
    if (!handle)
        return not_loaded(path, why);
    if (thm_image_open(&u->image, handle, why) < 0 || check_version(&u->image, handle, why) < 0 ||
        find_entry(u, handle, why) < 0)
        return -1;
    u->static_bytes = u->image.static_bytes - thm_image_bytes_of(&u->image, "thm_pc_");
    return thm_image_bind(&u->image, bindings, n, why);
}

/* --rounds: a round is one loop(). */
static int run_loop(struct thm_board *b, const struct thm_user *u)
{
    const uint32_t rounds = thm_hal_run(b)->rounds;
    u->setup();
    for (uint32_t done = 0; rounds == 0 || done < rounds; done++) {
        thm_hal_feed_watchdog(b);
        u->loop();
        if (rounds && !thm_hal_round(b))
            return thm_hal_fail(b, "round");
    }
    return 0;
}

int thm_user_run(struct thm_board *b, const struct thm_user *u)
{
    thm_services_start(b);
    thm_hal_step(b, "boot", "%s starts", thm_hal_firmware_name(b));
    if (!u->main)
        return run_loop(b, u);
    if (thm_hal_run(b)->rounds == 0)
        return thm_services_result(u->main());
    thm_hal_failure(b, 2, 0, 0, 0, "%s has a main(): --rounds counts loop()s", thm_hal_firmware_name(b));
    return thm_hal_fail(b, "boot");
}
