/* emu/cli/run.c -- thimble run: one board through the whole over-the-air model path. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "emu/cli/commands.h"
#include "emu/cli/download_options.h"
#include "emu/cli/kernels.h"
#include "emu/cli/labels.h"
#include "emu/cli/run_request.h"
#include "emu/cli/run_tls.h"
#include "emu/firmware/store.h"
#include "emu/cli/storage_fault.h"
#include "emu/report/report.h"

enum {
    BOARD,
    MODEL,
    WEIGHTS,
    RESTORE,
    FIRMWARE,
    SET,
    DURATION,
    CORE,
    CACERT,
    CA_ON_STORAGE,
    PIN,
    CERT,
    KEY,
    CLOCK,
    TLS,
    TLS_BUFFERS,
    MAX_FRAGMENT,
    INPUT,
    LABELS,
    OUTPUT_DIR,
    STORAGE,
    FILE_NAME,
    STORE,
    TRUST,
    BOARD_CLASS,
    STATE,
    ARENA,
    STACK,
    CHUNK,
    TIMEOUT,
    LINK,
    NET_FAULT,
    REALTIME,
    RETRIES,
    BACKOFF,
    RESUME,
    RANGE,
    CLIENT,
    WATCHDOG,
    JSON,
    TRACE,
    STATS,
    HEAP_MAP,
    CHECK_HEAP,
    FAIL_ALLOC,
    STORAGE_FAULT,
    SEED,
    ROUNDS,
    LEAK,
    COPROCESSOR,
    POLITE_OOM,
    STATIC_ARENA,
    STATIC_DATA,
    OPERATORS,
    KERNELS
};

static const struct thm_option options[] = {
    [BOARD] = { "board", "NAME", "the board to emulate (see 'thimble boards'; default: esp32)", 'b' },
    [MODEL] = { "model", "URL|FILE|storage:NAME",
                "https URL of the model (.tflite, .bin, or a C array: .h, .cc); or a .tflite file, which is part of "
                "the program and used in its flash, or with --storage is put there before power-on; or a file that "
                "the storage has. With --firmware: a file in the flash",
                'm' },
    [WEIGHTS] = { "weights", "URL|FILE|storage:NAME",
                  "new weights for the model, written over the old ones as they arrive (see thimble-ota(1)): from an "
                  "https URL, or a file that is put on the storage before power-on, or that it has",
                  'w' },
    [RESTORE] = { "restore", NULL, "keep the old weights, and go back to them when an update has left a mixture", 0 },
    [FIRMWARE] = { "firmware", "FILE.so", "run a firmware of your own in place of the built-in one", 'f' },
    [SET] = { "set", "KEY=VALUE", "a setting that the firmware reads with thm_setting(); may be repeated", 0 },
    [DURATION] = { "duration", "SECONDS",
                   "device time after which a firmware of your own is switched off (default: never)", 'd' },
    [CORE] = { "core", "NAME:KEY=VALUE,...",
               "what another core of the board runs: firmware=FILE.so, and if it needs them model=FILE, input=FILE, "
               "stack=BYTES; once for each core",
               0 },
    [CACERT] = { "cacert", "FILE", "PEM file with the certificate authorities the board trusts (default: the system's)",
                 0 },
    [CA_ON_STORAGE] = { "ca-on-storage", "NAME",
                        "the board reads its CAs from this file on its storage before it connects; --cacert is put "
                        "there before power-on",
                        0 },
    [PIN] = { "pin", "sha256/DIGEST",
              "accept only the server with this certificate or public key (base64 or hexadecimal)", 0 },
    [CERT] = { "cert", "FILE", "PEM file with a certificate of the board's own, which it shows to the server", 0 },
    [KEY] = { "key", "FILE", "PEM file with the key to --cert", 0 },
    [CLOCK] = { "clock", "unset|EPOCH|sntp",
                "the time certificates are checked at: 1970 at power-on; so many seconds since 1970; or the PC's, "
                "asked for over the network (default: the PC's)",
                0 },
    [TLS] = { "tls", "STACK", "the board's TLS library: mbedtls, bearssl or none (default: the profile's)", 0 },
    [TLS_BUFFERS] = { "tls-buffers", "IN[,OUT]", "content lengths of its record buffers (default: the profile's)", 0 },
    [MAX_FRAGMENT] = { "max-fragment", "BYTES", "ask the server for records of at most 512, 1024, 2048 or 4096 bytes",
                       0 },
    [INPUT] = { "input", "FILE",
                "raw little-endian input tensor; once for each input of the model; a file of several frames is as "
                "many inferences (default: zeros)",
                'i' },
    [LABELS] = { "labels", "FILE", "names of the output values, one a line", 'l' },
    [OUTPUT_DIR] = { "output-dir", "DIR", "write the output tensors there as output0.bin, output1.bin, ...", 'o' },
    [STORAGE] = { "storage", "NAME",
                  "where the board keeps the model: a storage of its profile (default: its first), or 'none': "
                  "from the socket straight into RAM",
                  's' },
    [FILE_NAME] = { "file", "NAME",
                    "the model's name on the board's file system (default: the storage's, or /model.tflite)", 0 },
    [STORE] = { "store", "NAME",
                "how the model is kept there: overwrite, rename, ab-crc, ab-signed or bundle (see thimble-torture(1); "
                "default: overwrite, with --trust bundle)",
                0 },
    [TRUST] = { "trust", "FILE", "PEM file with the public key whose signed bundles the board takes, and nothing else",
                0 },
    [BOARD_CLASS] = { "board-class", "NAME", "the class that a bundle must be for (default: the profile's name)", 0 },
    [STATE] = { "state", "DIR", "keep the board's flash there between runs (default: a fresh chip)", 0 },
    [ARENA] = { "arena", "BYTES", "size of the tensor arena (default: the smallest the model works in)", 'a' },
    [STACK] = { "stack", "BYTES", "the task's stack (default: the profile's)", 0 },
    [CHUNK] = { "chunk", "BYTES", "bytes the firmware reads from the connection at a time (default: the profile's)",
                0 },
    [TIMEOUT] = { "timeout", "MS", "give up when no byte has come for so long (default: the profile's)", 0 },
    [LINK] = { "link", "NAME", "the link it is on (see 'thimble boards --links'; default: the profile's)", 0 },
    [NET_FAULT] = { "net-fault", "LIST",
                    "what goes wrong on the network, comma-separated: dns, refused, tls-alert, expired, wrong-host, "
                    "status=CODE, redirect-loop, cut=BYTES, stall[=BYTES], corrupt=BYTE[/EVERY], duplicate=OFF:LEN, "
                    "drop=OFF:LEN, length=N, chunked[=SIZE], segment=BYTE[/EVERY], gzip, cut-at=SECONDS, drip=BPS; "
                    "times=N: in the first N "
                    "connections only",
                    0 },
    [RETRIES] = { "retries", "N", "make a connection that has failed again, so often in all (default: 0)", 0 },
    [BACKOFF] = { "backoff", "MS[:FACTOR]", "wait so long before that, and longer each time (default: 1000:2)", 0 },
    [RESUME] = { "resume", NULL, "then ask for what is missing only (Range, If-Range)", 0 },
    [RANGE] = { "range", "BYTES", "fetch the file in requests of so many bytes", 0 },
    [CLIENT] = { "client", "LIST",
                 "what the firmware's HTTP client does wrong: raw-chunks, absent-is-0, counts-wish, loses-head=BYTES",
                 0 },
    [REALTIME] = { "realtime", NULL, "let the board's clock go as this PC's: a minute takes a minute", 0 },
    [WATCHDOG] = { "watchdog", "SECONDS",
                   "reset the board when the firmware is busy for so long without feeding its watchdog", 0 },
    [JSON] = { "json", NULL, "print the result as one JSON object", 'j' },
    [TRACE] = { "trace", "FILE", "write every event as a line of JSON", 't' },
    [STATS] = { "stats", NULL, "tell on stderr what the run cost this PC", 0 },
    [HEAP_MAP] = { "heap-map", NULL, "draw the heap as it is at the end, or when an allocation has failed", 0 },
    [CHECK_HEAP] = { "check-heap", NULL, "look for damage to the heap at every heap call, and name its place", 0 },
    [FAIL_ALLOC] = { "fail-alloc", "N|P%", "let the application's Nth allocation fail, or P percent of them", 0 },
    [STORAGE_FAULT] = { "storage-fault", "LIST",
                        "what is wrong with the storage's part: bad=N of a million blocks, flips=N of a billion bytes, "
                        "worn, cut=N[:before|torn|after]: the power goes in the Nth program or erase; comma-separated",
                        0 },
    [SEED] = { "seed", "N", "which allocations, blocks, packets or bits those are (default: 0)", 0 },
    [ROUNDS] = { "rounds", "N", "fetch, store, load and infer so often, and tell what a round loses", 0 },
    [LEAK] = { "leak", "BYTES", "lose so many bytes of heap in every round", 0 },
    [COPROCESSOR] = { "coprocessor", NULL,
                      "attach a Wi-Fi co-processor that has sockets and TLS of its own (AirLift, WiFiNINA)", 0 },
    [POLITE_OOM] = { "polite-oom", NULL,
                     "a failed allocation gives NULL, also where the platform panics, kills or overruns its stack", 0 },
    [STATIC_ARENA] = { "static-arena", "BYTES[@BANK]",
                       "the tensor arena is a static array of so many bytes, not a block of the heap; in another "
                       "memory bank if one is named",
                       0 },
    [STATIC_DATA] = { "static-data", "BYTES", "the application's other static data, beside the runtime's", 0 },
    [OPERATORS] = { "operators", "LIST", THM_OPERATORS_HELP " (default: the profile's)", 0 },
    [KERNELS] = { "kernels", "NAME", THM_KERNELS_HELP "; the arena is planned for it, results are the reference's",
                  'k' },
    { 0 },
};

struct readers {      /* who gets the events */
    const char *core; /* of several: which one tells */
    struct thm_report report;
    FILE *trace;
    const char *trace_path;
    bool trace_failed, progress;
    unsigned percent;
};

/* ---- events ---- */

static void clear_progress(struct readers *r)
{
    if (r->progress && r->percent)
        fputs("\r\033[K", stderr);
    r->percent = 0;
}

static void on_event(void *ctx, const struct thm_event *ev)
{
    struct readers *r = ctx;
    if (ev->type == THM_EV_STEP)
        clear_progress(r);
    thm_report_event(&r->report, ev);
    if (r->trace && !thm_trace_write(r->trace, ev, r->core))
        r->trace_failed = true;
}

static void on_output(void *ctx, const struct thm_msg_output *o, const uint8_t *data, uint32_t len)
{
    struct readers *r = ctx;
    thm_report_output(&r->report, o, data, len);
}

static void on_progress(void *ctx, uint64_t got, int64_t expected)
{
    struct readers *r = ctx;
    unsigned percent = expected > 0 ? (unsigned)(got * 100 / (uint64_t)expected) : 0;
    if (!r->progress || percent == r->percent || percent > 100)
        return;
    r->percent = percent;
    fprintf(stderr, "\r  receiving [%-40.*s] %3u %%", (int)(percent * 40 / 100),
            "########################################", percent);
}

/* ---- command line ---- */

static int size_option(const struct thm_args *a, int option, uint64_t min, uint64_t max, uint32_t *out)
{
    uint64_t v;
    if (!thm_parse_size(a->value, max, &v) || v < min)
        return thm_usage(a, "--%s wants a number from %llu to %llu, not '%s'", options[option].name,
                         (unsigned long long)min, (unsigned long long)max, a->value);
    *out = (uint32_t)v;
    return 0;
}

/* "3": the third; "2.5%": so many of a hundred. */
static int fail_alloc_option(const struct thm_args *a, struct thm_run *run)
{
    char *end;
    const double percent = strtod(a->value, &end);
    run->fail_nth = run->fail_ppm = 0;
    if (end == a->value || strcmp(end, "%") != 0)
        return size_option(a, FAIL_ALLOC, 1, UINT32_MAX, &run->fail_nth);
    if (!(percent > 0 && percent <= 100))
        return thm_usage(a, "--fail-alloc '%s' is not above 0 and up to 100 percent", a->value);
    run->fail_ppm = (uint32_t)(percent * 10000 + 0.5);
    return 0;
}

static int fragment_option(const struct thm_args *a, uint32_t *out)
{
    int status = size_option(a, MAX_FRAGMENT, 512, 4096, out);
    if (!status && (*out & (*out - 1)))
        status = thm_usage(a, "--max-fragment is 512, 1024, 2048 or 4096, not '%s'", a->value);
    return status;
}

static int take_input(const struct thm_args *a, struct run_request *q)
{
    if (q->run.inputs_count == RUN_INPUTS_MAX)
        return thm_usage(a, "more than %d --input", RUN_INPUTS_MAX);
    q->input_path[q->run.inputs_count++] = a->value;
    return 0;
}

static int take_setting(const struct thm_args *a, struct run_request *q)
{
    char *equals = strchr(a->value, '=');
    if (!equals || equals == a->value)
        return thm_usage(a, "--set wants KEY=VALUE, not '%s'", a->value);
    if (q->run.settings_count == RUN_SETTINGS_MAX)
        return thm_usage(a, "more than %d --set", RUN_SETTINGS_MAX);
    *equals = '\0'; /* of this process's own arguments */
    q->setting[q->run.settings_count++] = (struct thm_run_setting){ a->value, equals + 1 };
    return 0;
}

static int seconds_option(const struct thm_args *a, int option, uint64_t *ns)
{
    char *end;
    const double seconds = strtod(a->value, &end);
    if (*end || end == a->value || !(seconds > 0 && seconds <= 1e9))
        return thm_usage(a, "--%s wants seconds, up to 1000000000, not '%s'", options[option].name, a->value);
    *ns = (uint64_t)(seconds * 1e9);
    return 0;
}

static int net_fault_option(const struct thm_args *a, struct run_request *q)
{
    const char *message;
    q->run.net_faults = &q->net_faults;
    return thm_net_faults_parse(a->value, &q->net_faults, &message) ? thm_usage(a, "--net-fault: %s", message) : 0;
}

static int store_option(const struct thm_args *a, struct thm_run *run)
{
    run->store = a->value;
    return thm_store_find(a->value) ? 0 : thm_usage(a, "--store '%s' is unknown", a->value);
}

/* "65536", "65536@dtcm" */
static int take_static_arena(struct thm_args *a, struct run_request *q)
{
    char *at = strchr(a->value, '@');
    if (at) {
        *at = '\0'; /* of this process's own arguments */
        q->arena_bank = at + 1;
    }
    return size_option(a, STATIC_ARENA, 16, UINT32_MAX - 16, &q->static_arena);
}

static int take_option(struct thm_args *a, int option, struct run_request *q)
{
    struct thm_run *run = &q->run;
    switch (option) {
    case BOARD: q->board = a->value; return 0;
    case MODEL: q->model = a->value; return 0;
    case WEIGHTS: q->weights = a->value; return 0;
    case RESTORE: run->restore = true; return 0;
    case FIRMWARE: q->firmware = a->value; return 0;
    case SET: return take_setting(a, q);
    case DURATION: return seconds_option(a, option, &run->duration_ns);
    case CORE: return thm_core_requests_take(&q->cores, a);
    case CACERT: run->cacert = a->value; return 0;
    case CA_ON_STORAGE: q->tls.ca_file = a->value; return 0;
    case PIN: return run_tls_pin(a, &run->tls);
    case CERT: run->tls.cert = a->value; return 0;
    case KEY: run->tls.key = a->value; return 0;
    case CLOCK: return run_tls_clock(a, &run->tls);
    case TLS: q->tls.stack = a->value; return 0;
    case TLS_BUFFERS: return run_tls_buffers(a, &q->tls);
    case MAX_FRAGMENT: return fragment_option(a, &q->tls.max_fragment);
    case INPUT: return take_input(a, q);
    case LABELS: q->labels_path = a->value; return 0;
    case OUTPUT_DIR: q->output_dir = a->value; return 0;
    case STORAGE: run->storage = a->value; return 0;
    case FILE_NAME: run->file = a->value; return 0;
    case STORE: return store_option(a, run);
    case TRUST: q->trust = a->value; return 0;
    case BOARD_CLASS: run->board_class = a->value; return 0;
    case STATE: run->state_dir = a->value; return 0;
    case ARENA: return size_option(a, option, 16, UINT32_MAX - 16, &run->arena);
    case STACK: return size_option(a, option, 512, 1 << 24, &run->stack);
    case CHUNK: return size_option(a, option, 1, THM_MODEM_CHUNK_MAX, &run->chunk);
    case TIMEOUT: return size_option(a, option, 1, 3600000, &run->timeout_ms);
    case LINK: q->link_given = a->value; return 0;
    case NET_FAULT: return net_fault_option(a, q);
    case RETRIES: return size_option(a, option, 0, 1000000, &run->download.retries);
    case BACKOFF: return thm_backoff_option(a, &run->download);
    case RESUME: run->download.resume = true; return 0;
    case RANGE: return size_option(a, option, 1, INT32_MAX, &run->download.part);
    case CLIENT: return thm_client_option(a, &run->download.defects);
    case REALTIME: run->realtime = true; return 0;
    case WATCHDOG: return seconds_option(a, option, &run->watchdog_ns);
    case JSON: q->json = true; return 0;
    case STATS: q->stats = true; return 0;
    case HEAP_MAP: run->heap_map = true; return 0;
    case CHECK_HEAP: run->check_heap = true; return 0;
    case FAIL_ALLOC: return fail_alloc_option(a, run);
    case STORAGE_FAULT: return thm_storage_fault_option(a, &run->media_faults);
    case SEED: return size_option(a, option, 0, UINT32_MAX, &run->seed);
    case ROUNDS: return size_option(a, option, 1, 1000000, &run->rounds);
    case LEAK: return size_option(a, option, 1, UINT32_MAX, &run->leak);
    case COPROCESSOR: q->coprocessor = true; return 0;
    case POLITE_OOM: run->polite_oom = true; return 0;
    case STATIC_ARENA: return take_static_arena(a, q);
    case STATIC_DATA: return size_option(a, option, 1, UINT32_MAX - 16, &q->static_data);
    case OPERATORS: q->operators_given = a->value; return 0;
    case KERNELS: return thm_cli_kernel_library(a, a->value, &run->kernels) ? 0 : THM_EXIT_USAGE;
    case TRACE:
        q->trace_path = a->value;
        run->trace = true;
        return 0;
    default: return THM_EXIT_USAGE;
    }
}

static int parse(struct thm_args *a, struct run_request *q)
{
    int option, status = 0;
    while (!status && (option = thm_args_next(a)) >= 0)
        status = take_option(a, option, q);
    if (status || option < -1)
        return status ? status : option == -3 ? -1 : THM_EXIT_USAGE;
    if (a->argc > 0)
        return thm_usage(a, "unexpected argument '%s'", a->argv[0]);
    if (q->run.leak && !q->run.rounds)
        return thm_usage(a, "--leak is so many bytes a round: it needs --rounds");
    if (q->firmware && q->tls.ca_file)
        return thm_usage(a, "--ca-on-storage is for the built-in firmware: yours reads its own files");
    if ((q->firmware && q->weights) || (q->run.restore && !q->weights))
        return thm_usage(a, q->firmware ? "--weights is for the built-in firmware" : "--restore needs --weights");
    if (q->trust && q->weights)
        return thm_usage(a, "--weights are not signed, and a board with --trust takes nothing else");
    if (q->firmware)
        return 0;
    if (q->run.settings_count || q->run.duration_ns || q->cores.count)
        return thm_usage(a, "--set, --duration and --core are for --firmware");
    if (!q->model)
        return thm_usage(a, "--model URL or FILE is missing");
    if (strlen(q->model) >= THM_MODEM_URL_MAX || (q->weights && strlen(q->weights) >= THM_MODEM_URL_MAX))
        return thm_usage(a, "the URL is longer than %u characters", THM_MODEM_URL_MAX - 1);
    return 0;
}

static int open_trace(const struct run_request *q, struct readers *r)
{
    r->trace_path = q->trace_path;
    r->trace = q->trace_path ? fopen(q->trace_path, "we") : NULL;
    if (q->trace_path && !r->trace)
        return thm_fail(THM_EXIT_USAGE, "%s: %s", q->trace_path, strerror(errno));
    return 0;
}

static int close_trace(struct readers *r)
{
    if (r->trace && (fclose(r->trace) != 0 || r->trace_failed))
        return thm_fail(THM_EXIT_HOST, "%s: could not be written: %s", r->trace_path, strerror(errno));
    return 0;
}

/* All frames of output k, one after another, as one file. */
static int write_output(const struct thm_report *r, const char *dir, uint32_t k)
{
    char *path = NULL, *bytes = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&bytes, &len);
    for (size_t i = 0; f && i < r->outputs_count; i++)
        if (r->outputs[i].head.index == k)
            fwrite(r->outputs[i].data, 1, r->outputs[i].got, f);
    int status = !f || fclose(f) != 0 || asprintf(&path, "%s/output%u.bin", dir, k) < 0
                     ? thm_fail(THM_EXIT_HOST, "out of memory")
                     : thm_write_file(path, bytes, len);
    free(path);
    free(bytes);
    return status;
}

static int write_outputs(const struct thm_report *r, const char *dir)
{
    int status = dir ? thm_make_folder(dir) : 0;
    for (size_t i = 0; dir && !status && i < r->outputs_count && r->outputs[i].head.frame == 0; i++)
        status = write_output(r, dir, r->outputs[i].head.index);
    return status;
}

static int print_json(const struct run_request *q, const struct thm_report *report, const struct thm_run_result *result)
{
    json_t *o = thm_report_json(report, result);
    thm_core_requests_json(&q->cores, o);
    int bad = !o || json_dumpf(o, stdout, JSON_INDENT(2)) < 0;
    putchar('\n');
    json_decref(o);
    return bad ? thm_fail(THM_EXIT_HOST, "the JSON could not be written") : 0;
}

static void draw_heap(const struct readers *r)
{
    const char *no_colour = getenv("NO_COLOR"); /* no-color.org */
    setlocale(LC_CTYPE, "");
    const struct thm_heap_map_style style = { .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
                                              .colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour) };
    thm_heap_map_print(thm_report_heap(&r->report), &r->report.end_heap, &style, stdout);
    fflush(stdout);
}

static int conclude(const struct run_request *q, struct readers *r, const struct thm_run_result *result)
{
    r->trace_failed = r->trace_failed || q->cores.trace_failed;
    int status = close_trace(r);
    clear_progress(r);
    if (!status && q->json)
        status = print_json(q, &r->report, result);
    else if (!status && (!result->exit_status || r->report.has[THM_EV_WEIGHTS])) {
        thm_report_summary(&r->report, stdout);
        thm_core_requests_summary(&q->cores, stdout);
    }
    if (!status && q->run.heap_map && !q->json)
        draw_heap(r);
    if (!status && r->report.out_of_memory)
        status = thm_fail(THM_EXIT_HOST, "out of memory for the results");
    if (!status && (!result->exit_status || r->report.has[THM_EV_WEIGHTS]))
        status = write_outputs(&r->report, q->output_dir);
    if (!status && result->exit_status)
        status = thm_fail(result->exit_status, "%s: %s", q->board, result->message);
    return status;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run_board(struct run_request *q, const struct thm_labels *labels)
{
    struct readers r = { .progress = isatty(STDERR_FILENO), .core = q->run.core_name };
    struct thm_run_result result;
    double start = seconds();
    int status = open_trace(q, &r);
    if (status)
        return status;
    thm_report_init(&r.report, q->run.profile, labels, q->json ? NULL : stdout);
    if (!q->json)
        printf("%s: %s\n\n", q->run.profile->name, q->run.profile->title);
    thm_core_requests_tell(&q->cores, q->json ? NULL : stdout, r.trace);
    q->run.ctx = &r;
    q->run.event = on_event;
    q->run.output = on_output;
    q->run.progress = on_progress;
    thm_run(&q->run, &result);
    status = conclude(q, &r, &result);
    if (q->stats)
        fprintf(stderr, "on this PC: %.1f ms, the board process had %llu KiB resident at most\n",
                (seconds() - start) * 1e3, (unsigned long long)(result.peak_rss / 1024));
    thm_report_finish(&r.report);
    return status;
}

static int command_run(int argc, char **argv)
{
    struct run_request q = { .board = "esp32", .run.download = { .backoff_ms = 1000, .backoff_factor = 2 } };
    struct thm_labels labels = { 0 };
    struct thm_args a;
    thm_args_init(&a, &thm_command_run, argc, argv);
    int status = parse(&a, &q);
    if (!status)
        status = run_request_load(&q);
    if (!status && q.labels_path)
        status = thm_labels_load(&labels, q.labels_path);
    if (!status)
        status = run_board(&q, &labels);
    thm_labels_free(&labels);
    run_request_free(&q);
    return status < 0 ? THM_EXIT_OK : status; /* -1: help was asked for */
}

const struct thm_command thm_command_run = {
    .name = "run",
    .args = "--model MODEL | --firmware FILE.so",
    .summary = "run one board: fetch a model over HTTPS, store it, load it, run it",
    .details = "Every step that can fail on the board can fail here, by the same name and with the same code.",
    .options = options,
    .run = command_run,
};
