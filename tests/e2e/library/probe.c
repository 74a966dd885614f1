/* probe.c -- a program around libthimble that is no test framework's: prints what becomes of one device.
 *     probe WHAT [FILE]
 * Compiled as C and as C++. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <thimble/device.h>

static int tell(struct thm_device *d)
{
    const struct thm_outcome *o = thm_device_power_on(d);
    printf("%d %d %s: %s\n%s", (int)o->verdict, o->status, o->step, o->message, o->log);
    thm_device_destroy(d);
    return 0;
}

static unsigned descriptors(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

static int runs_firmware(struct thm_device *d, const char *file)
{
    thm_device_firmware(d, file);
    thm_device_set(d, "case", "allocates");
    thm_device_seconds(d, 60);
    return tell(d);
}

static int has_no_descriptors(struct thm_device *d, const char *file)
{
    const struct rlimit few = { 3, 3 };
    thm_device_model_file(d, THM_FROM_FLASH, file);
    setrlimit(RLIMIT_NOFILE, &few);
    return tell(d);
}

/* Switched on, copied and erased many times: nothing stays behind. */
static int repeats(struct thm_device *d, const char *file)
{
    thm_device_model_file(d, THM_FROM_STORAGE, file);
    thm_device_power_on(d);
    const unsigned before = descriptors();
    for (int i = 0; i < 40; i++) {
        struct thm_device *copy = thm_device_copy(d);
        thm_device_erase(copy);
        thm_device_power_on(copy);
        thm_device_destroy(copy);
    }
    printf("descriptors %d\n", (int)descriptors() - (int)before);
    return tell(d);
}

/* The copy has what the device had then, and is its own from there. */
static int copies(struct thm_device *d, const char *file)
{
    thm_device_model_file(d, THM_FROM_STORAGE, file);
    thm_device_power_on(d);
    struct thm_device *copy = thm_device_copy(d);
    thm_device_erase(d);
    thm_device_model(d, THM_FROM_STORAGE, NULL, 0);
    thm_device_model(copy, THM_FROM_STORAGE, NULL, 0);
    printf("%d\n", (int)thm_device_power_on(copy)->verdict);
    thm_device_destroy(copy);
    return tell(d);
}

static int works(struct thm_device *d, const char *file)
{
    thm_device_model_file(d, THM_FROM_FLASH, file);
    const struct thm_outcome *o = thm_device_power_on(d);
    const struct thm_output *t = thm_device_output(d, 0);
    printf("arena %u of %u, low water %s, output %s %zu, label %d, version %s\n", o->arena_minimum, o->arena,
           o->heap_low_water <= o->heap_free ? "below" : "above", t ? t->type : "none", t ? t->bytes : 0,
           thm_device_label(d, 0), thm_device_version());
    return tell(d);
}

static int errs_twice(struct thm_device *d, const char *file)
{
    (void)file;
    thm_device_storage(d, "nvram");
    thm_device_store(d, "somehow");
    return tell(d);
}

static int has_nothing(struct thm_device *d, const char *file)
{
    (void)file;
    return tell(d);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(struct thm_device *d, const char *file);
    } rows[] = { { "works", works },
                 { "firmware", runs_firmware },
                 { "repeats", repeats },
                 { "copies", copies },
                 { "errs_twice", errs_twice },
                 { "has_nothing", has_nothing },
                 { "no_descriptors", has_no_descriptors } };
    struct thm_device *d = thm_device_create("esp32");
    if (!d) {
        printf("trouble: %s\n", thm_device_trouble());
        return 3;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (argc > 1 && strcmp(rows[i].name, argv[1]) == 0)
            return rows[i].run(d, argc > 2 ? argv[2] : "");
    return 4;
}
