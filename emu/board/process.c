#include "emu/board/process.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <signal.h>
#include <unistd.h>
#include "emu/board/board.h"
#include "emu/board/media.h"
#include "emu/board/shed.h"
#include "emu/firmware/ota.h"
#include "emu/firmware/user.h"

static void host_failed(struct thm_board *b, const char *what, const char *why)
{
    thm_board_event(b, THM_EV_FAULT, what, why, 20, 0);
    thm_board_die(b, 20);
}

static void set_up_link(struct thm_board *b)
{
    const struct thm_profile_link *l = b->run->link;
    if (!l)
        return;
    const struct thm_net_faults *f = b->run->net_faults;
    b->draws.seed = b->run->seed;
    b->link = (struct thm_link){ .name = l->name,
                                 .down_bps = l->down_bps,
                                 .up_bps = l->up_bps,
                                 .rtt_us = l->rtt_us,
                                 .mtu = l->mtu,
                                 .jitter_us = l->jitter_us,
                                 .loss_ppm = l->loss_ppm,
                                 .outage_every_ms = l->outage_every_ms,
                                 .outage_ms = l->outage_ms,
                                 .outages = l->outages,
                                 .outages_count = l->outages_count };
    if (f && f->drip_bps < b->link.down_bps)
        b->link.down_bps = f->drip_bps;
}

/* Everything that needs the PC: memory mappings, signal handlers. */
static void build(struct thm_board *b)
{
    set_up_link(b);
    b->packet = malloc(THM_MODEM_CHUNK_MAX + 4096);
    if (b->run->cores)
        b->message = malloc(thm_cores_message_max(b->run->cores));
    enum thm_mem_err err = b->packet && (b->message || !b->run->cores) ? thm_board_map_memory(b) : THM_MEM_EHOST;
    if (err)
        host_failed(b, "memory map", thm_mem_strerror(err));
    const char *why = thm_board_build_media(b);
    if (why)
        host_failed(b, "storage parts", why);
    if (thm_board_catch_faults(b) < 0)
        host_failed(b, "signal handlers", strerror(errno));
}

static void boot(struct thm_board *b)
{
    enum thm_mem_err err = thm_board_boot_memory(b);
    if (!err)
        return;
    if (err != THM_MEM_ENOMEM)
        thm_hal_failure(b, thm_mem_exit_status(err), 0, 0, 0, "the profile's heap regions: %s", thm_mem_strerror(err));
    thm_board_die(b, thm_hal_fail(b, "boot"));
}

/* The modem is all that the board process keeps open. */
static int close_other_files(int modem)
{
    if (dup2(modem, 0) < 0)
        return -1;
#ifdef __SANITIZE_ADDRESS__ /* its reports go to stderr */
    close(1);
    close_range(3, ~0u, 0);
#else
    close_range(1, ~0u, 0);
#endif
    return 0;
}

static uint64_t pc_clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct application {
    struct thm_board *b;
    struct thm_user user; /* if the run names one */
    int exit_status;
};

/* Before the board is there: loading it needs files. */
static void load_firmware(struct application *a)
{
    struct thm_board *b = a->b;
    char *why = NULL;
    if (thm_sandbox_enter_loading() < 0)
        host_failed(b, "sandbox", strerror(errno));
    b->loading = true;
    if (thm_user_load(&a->user, b->run->firmware, &why) < 0) {
        thm_board_event(b, THM_EV_FAULT, "firmware", why ? why : "the PC is out of memory", why ? 2 : 20, 0);
        thm_board_die(b, why ? 2 : 20);
    }
    b->loading = false;
    b->firmware_name = strrchr(a->user.image.path, '/') + 1;
    b->text_low = a->user.image.text_low;
    b->text_high = a->user.image.text_high;
    b->text_base = a->user.image.base;
}

/* What the linker gives the firmware on a device comes out of the same RAM as the heap. */
static void charge_static_data(struct application *a)
{
#ifdef __SANITIZE_ADDRESS__ /* which has filled up the interpreter in the firmware */
    const uint32_t bytes = 0;
#else
    const uint32_t bytes = a->user.static_bytes;
#endif
    if (!thm_board_take_static(a->b, bytes))
        thm_board_die(a->b, thm_hal_fail(a->b, "boot"));
}

static int run_ota(struct thm_board *b)
{
    const struct thm_run *run = b->run;
    struct thm_ota ota = { .url = run->url,
                           .ca_file = run->url ? run->profile->network.ca_file : NULL,
                           .from_storage = run->from_storage,
                           .storage = run->storage,
                           .file = run->file,
                           .store = thm_store_find(run->store ? run->store : "overwrite"),
                           .chunk = run->chunk,
                           .download = run->download,
                           .poll = run->poll,
                           .telemetry = run->telemetry,
                           .arena = run->arena,
                           .no_invoke = run->no_invoke,
                           .weights = { run->weights, run->weights_stored, run->restore },
                           .rounds = run->rounds };
    ota.download.url = run->url;
    ota.download.chunk = run->chunk;
    return thm_firmware_ota(b, &ota);
}

static void run_application(void *arg)
{
    struct application *a = arg;
    struct thm_board *b = a->b;
    b->in_task = b->running = true;
    b->fed_ns = b->now_ns;
    a->exit_status = b->run->firmware ? thm_user_run(b, &a->user) : run_ota(b);
    b->in_task = false;
}

void thm_board_prepare(void)
{
    (void)thm_sandbox_prepare();
}

void thm_board_process(const struct thm_run *run, int modem, const struct thm_chips *chips)
{
    static struct thm_board board; /* untouched pages cost nothing */
    struct thm_board *b = &board;
    b->run = run;
    b->profile = run->profile;
    b->modem = close_other_files(modem);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct application app = { .b = b };
    b->chips = chips;
    build(b);
    b->power_on_ns = pc_clock_ns();
    if (run->firmware)
        load_firmware(&app);
    if (thm_sandbox_enter(thm_board_media_bytes(b), run->cpu_seconds) < 0)
        host_failed(b, "sandbox", strerror(errno));
    thm_shed_libraries(run->firmware);
    boot(b);
    charge_static_data(&app);
    b->service_top = (uint8_t *)__builtin_frame_address(0) - 8192; /* well below this frame and the ones it calls */
    thm_call_on_stack(run_application, &app, b->stack.top);
    thm_board_end(b, app.exit_status);
}
