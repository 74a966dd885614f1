/* emu/cli/run_load.c -- what a run needs: the board's profile, the model, inputs, a certificate, a firmware. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/static_data.h"
#include "emu/board/storage_place.h"
#include "emu/cli/cli.h"
#include "emu/cli/kernels.h"
#include "emu/cli/ota_key.h"
#include "emu/cli/run_request.h"
#include "emu/cli/run_tls.h"
#include "emu/firmware/store.h"

enum { INPUT_BYTES_MAX = 256 << 20, MODEL_BYTES_MAX = 256 << 20 };

bool run_is_url(const char *model)
{
    return strstr(model, "://") != NULL;
}

static int load_trust(struct run_request *q)
{
    const bool is_bundle = q->run.store && thm_store_find(q->run.store)->is_bundle;
    if (!q->trust)
        return is_bundle ? thm_fail(THM_EXIT_USAGE, "--store bundle needs --trust: whose bundles?") : 0;
    if (q->run.store && !is_bundle)
        return thm_fail(THM_EXIT_USAGE, "--trust is for signed bundles, and --store %s keeps none", q->run.store);
    q->run.store = thm_store_bundle.name;
    q->run.trust = &q->trusted;
    return ota_key_read_public(q->trust, &q->trusted);
}

/* "storage:NAME": a file that is on the storage already. */
static bool names_stored_file(struct run_request *q)
{
    static const char prefix[] = "storage:";
    if (!q->model || strncmp(q->model, prefix, sizeof prefix - 1) != 0)
        return false;
    q->run.from_storage = true;
    if (q->model[sizeof prefix - 1])
        q->run.file = q->model + sizeof prefix - 1;
    return true;
}

/* New weights: fetched, or on the storage, where a file is put. */
static int load_weights(struct run_request *q)
{
    static const char prefix[] = "storage:";
    struct thm_run *run = &q->run;
    uint8_t *data;
    size_t len;
    run->weights = q->weights;
    if (!q->weights || run_is_url(q->weights))
        return 0;
    run->weights_stored = true;
    if (strcmp(run->storage, "none") == 0)
        return thm_fail(THM_EXIT_USAGE, "--weights %s is on a storage, and there is none", q->weights);
    if (strncmp(q->weights, prefix, sizeof prefix - 1) == 0) {
        run->weights += sizeof prefix - 1;
        return 0;
    }
    int status = thm_read_file(q->weights, MODEL_BYTES_MAX, &data, &len);
    if (status)
        return status;
    run->weights = "/weights.bin";
    run->weights_data = data;
    run->weights_bytes = (uint32_t)len;
    return 0;
}

/* A file: part of the program, or with --storage on that storage before power-on. */
static int load_model(struct run_request *q)
{
    uint8_t *data;
    size_t len;
    if (q->run.url || !q->model || q->run.from_storage)
        return 0;
    if (run_is_url(q->model))
        return thm_fail(THM_EXIT_USAGE, "with --firmware, --model is a file in the board's flash; give the firmware a "
                                        "URL with --set");
    int status = thm_read_file(q->model, MODEL_BYTES_MAX, &data, &len);
    if (status)
        return status;
    q->run.from_storage = q->storage_given;
    *(q->storage_given ? &q->run.stored : &q->run.model) = data;
    *(q->storage_given ? &q->run.stored_bytes : &q->run.model_bytes) = (uint32_t)len;
    return len ? 0 : thm_fail(THM_EXIT_USAGE, "%s: the file is empty", q->model);
}

/* Adafruit's AirLift and Arduino's WiFiNINA: an ESP32 behind SPI. The driver reads pieces into a buffer of its own. */
static bool attach_coprocessor(struct thm_profile_network *n)
{
    enum {
        WIFININA_CHUNK = 1460
    }; /* a TCP segment; the driver's SPI buffer holds up to 4000 bytes: general knowledge */
    free(n->link);
    free(n->tls);
    *n = (struct thm_profile_network){ .link = strdup("airlift-spi"), .tls = strdup("none"), .chunk = WIFININA_CHUNK };
    return n->link && n->tls;
}

/* Libraries' sizes are known for the struct layout of the cores they are for. */
static int check_kernels(const struct run_request *q)
{
    const char *layout = q->profile->cores[0].layout;
    if (thm_kernels_suit(q->run.kernels, layout))
        return 0;
    return thm_fail(THM_EXIT_USAGE, "--kernels %s: not for %s, whose core has layout %s",
                    thm_kernel_library_name(q->run.kernels), q->profile->name, layout);
}

/* What the linker would do before anything runs. */
static int link_statics(struct run_request *q, struct thm_profile *p)
{
    uint32_t unused;
    char *error = NULL;
    int status = q->static_data ? thm_profile_link_static(p, q->static_data, &unused, &error) : 0;
    if (!status && q->static_arena) {
        status = q->arena_bank
                     ? thm_profile_place_static(p, q->arena_bank, q->static_arena, &q->run.static_arena, &error)
                     : thm_profile_link_static(p, q->static_arena, &q->run.static_arena, &error);
        q->run.arena = q->static_arena;
    }
    if (status)
        thm_fail(status, "%s", error ? error : "out of memory");
    free(error);
    return status;
}

static int load_profile(struct run_request *q)
{
    struct thm_profile **profile = &q->profile;
    struct thm_profile_link **link = &q->link;
    char *error = NULL;
    int status = thm_profile_load(q->board, profile, &error);
    if (!status && q->coprocessor && !attach_coprocessor(&(*profile)->network))
        status = THM_EXIT_HOST;
    if (!status)
        status = run_tls_apply(q, &(*profile)->network);
    if (!status && q->link_given && !(*profile)->network.link)
        return thm_fail(THM_EXIT_USAGE, "%s has no network for --link %s; --coprocessor gives it one", q->board,
                        q->link_given);
    if (!status && (*profile)->network.link)
        status = thm_profile_link_load(q->link_given ? q->link_given : (*profile)->network.link, link, &error);
    if (status) {
        if (error || status == THM_EXIT_HOST)
            thm_fail(status, "%s", error ? error : "out of memory");
        free(error);
        return status;
    }
    struct thm_run *run = &q->run;
    run->profile = *profile;
    run->link = *link;
    thm_run_fill(run);
    if (!thm_storage_find(*profile, run->storage) && strcmp(run->storage, "none") != 0)
        return thm_fail(THM_EXIT_USAGE, "%s has no storage '%s'; 'thimble boards %s' shows what it has", q->board,
                        run->storage, q->board);
    status = check_kernels(q);
    if (!status)
        status = link_statics(q, *profile);
    if (status)
        return status;
    status = thm_operators_choose(&q->operators, q->operators_given, *profile);
    run->operators = q->operators.names;
    run->operators_count = q->operators.count;
    return status;
}

static int load_firmware(struct run_request *q)
{
    if (!q->firmware)
        return 0;
    q->run.firmware = realpath(q->firmware, NULL);
    return q->run.firmware ? 0 : thm_fail(THM_EXIT_USAGE, "%s: %s", q->firmware, strerror(errno));
}

static int load_inputs(struct run_request *q)
{
    for (unsigned i = 0; i < q->run.inputs_count; i++) {
        uint8_t *data;
        int status = thm_read_file(q->input_path[i], INPUT_BYTES_MAX, &data, &q->input[i].len);
        if (status)
            return status;
        q->input[i].data = data;
    }
    q->run.inputs = q->input;
    q->run.settings = q->setting;
    return 0;
}

static void free_inputs(struct run_request *q)
{
    for (unsigned i = 0; i < q->run.inputs_count; i++)
        free((void *)(uintptr_t)q->input[i].data);
}

int run_request_load(struct run_request *q)
{
    q->storage_given = q->run.storage && strcmp(q->run.storage, "none") != 0;
    if (!names_stored_file(q) && q->model && run_is_url(q->model) && !q->firmware)
        q->run.url = q->model;
    int (*const parts[])(struct run_request *) = { load_profile, load_model,    load_weights, run_tls_load,
                                                   load_trust,   load_firmware, load_inputs };
    int status = 0;
    for (size_t i = 0; !status && i < sizeof parts / sizeof parts[0]; i++)
        status = parts[i](q);
    return status ? status : thm_core_requests_load(&q->cores, &q->run);
}

void run_request_free(struct run_request *q)
{
    free_inputs(q);
    thm_operators_free(&q->operators);
    free((void *)(uintptr_t)q->run.model);
    free((void *)(uintptr_t)q->run.stored);
    free((void *)(uintptr_t)q->run.weights_data);
    free((void *)(uintptr_t)q->run.firmware);
    free((void *)(uintptr_t)q->run.tls.ca);
    thm_core_requests_free(&q->cores);
    thm_profile_link_free(q->link);
    thm_profile_free(q->profile);
}
