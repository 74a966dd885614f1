/* gesture_node.c -- a sensor node: looks for a new model, keeps it on its storage, names what the sensor sees.
 *
 *     cc -O2 -shared -fPIC -o gesture_node.so gesture_node.c $(pkg-config --cflags --libs thimble)
 *     thimble serve models &      # models/gesture.version holds a line, models/gesture.tflite the model
 *     thimble run --board esp32 --firmware gesture_node.so --set server=https://localhost:8443 --cacert ca.pem \
 *         --input frames.bin --state flash --duration 30
 *
 * Settings: server (https URL without a path), period_ms between two frames (default 500). The storage keeps
 * /model.tflite and, beside it, /model.version: the file the server's one is compared with at each start. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thimble/firmware.h>

#define MODEL       "/model.tflite"
#define NEW_MODEL   "/model.new"
#define VERSION     "/model.version"
#define VERSION_MAX 32

static const char *server;
static uint32_t period_ms = 500;
static uint32_t frame, frames;
static uint8_t *model_bytes, *arena;
static struct thm_model model;
static struct thm_interpreter interpreter;

static void halt(const char *step) /* the reason becomes the run's error message and exit status */
{
    exit(thm_failed(step));
}

/* ---- the update check ---- */

static void url_of(char *url, size_t size, const char *file)
{
    snprintf(url, size, "%s/%s", server, file);
}

/* A short text file from the server or the storage; "" if there is none. */
static void read_text(char *text, int32_t (*read)(void *ctx, void *buf, uint32_t len), void *ctx)
{
    int32_t n = read(ctx, text, VERSION_MAX - 1);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
}

static int32_t read_server(void *url, void *buf, uint32_t len)
{
    struct thm_https_response response;
    if (!thm_https_get(url, &response))
        return -1;
    int32_t n = thm_https_read(buf, len);
    thm_https_close();
    return n;
}

static int32_t read_storage(void *name, void *buf, uint32_t len)
{
    int32_t file = thm_file_open(name, THM_FILE_READ);
    int32_t n = file < 0 ? file : thm_file_read(file, buf, len);
    if (file >= 0)
        thm_file_close(file);
    return n;
}

static bool write_storage(const char *name, const char *text)
{
    int32_t file = thm_file_open(name, THM_FILE_WRITE | THM_FILE_CREATE | THM_FILE_TRUNC);
    return file >= 0 && thm_file_write(file, text, (uint32_t)strlen(text)) == (int32_t)strlen(text) &&
           thm_file_close(file) >= 0;
}

static bool receive(int32_t file)
{
    enum { CHUNK = 1024 };
    char *chunk = malloc(CHUNK);
    int32_t n = -1;
    while (chunk && (n = thm_https_read(chunk, CHUNK)) > 0)
        if (thm_file_write(file, chunk, (uint32_t)n) < n)
            break;
    free(chunk);
    return n == 0;
}

/* The old model stays until the new one is whole. */
static bool download_model(void)
{
    char url[160];
    struct thm_https_response response;
    url_of(url, sizeof url, "gesture.tflite");
    if (!thm_https_get(url, &response))
        return false;
    int32_t file = thm_file_open(NEW_MODEL, THM_FILE_WRITE | THM_FILE_CREATE | THM_FILE_TRUNC);
    bool whole = file >= 0 && receive(file);
    thm_https_close();
    if (file >= 0 && thm_file_close(file) < 0)
        whole = false;
    if (whole) {
        thm_file_remove(MODEL); /* there may be none */
        whole = thm_file_rename(NEW_MODEL, MODEL) >= 0;
    }
    return whole;
}

static void check_for_update(void)
{
    char url[160], theirs[VERSION_MAX], ours[VERSION_MAX];
    url_of(url, sizeof url, "gesture.version");
    read_text(ours, read_storage, VERSION);
    read_text(theirs, read_server, url);
    if (!theirs[0] && !ours[0])
        halt("update");
    if (!theirs[0]) {
        thm_log("update", "server not reached, staying with version %s", ours);
        return;
    }
    if (strcmp(theirs, ours) == 0) {
        thm_step("update", "version %s is the newest", ours);
        return;
    }
    if (!download_model() || !write_storage(VERSION, theirs))
        halt("update");
    thm_step("update", "version %s replaces %s", theirs, ours[0] ? ours : "none");
}

/* ---- the model ---- */

static void load_model(void)
{
    int32_t size = thm_file_size(MODEL), file = thm_file_open(MODEL, THM_FILE_READ);
    if (size < 0 || file < 0)
        halt("load");
    model_bytes = malloc((size_t)size);
    if (!model_bytes || thm_file_read(file, model_bytes, (uint32_t)size) != size)
        halt("load");
    thm_file_close(file);
    thm_step("load", "%d bytes", (int)size);
}

static void refuse_model(const struct thm_nn_diag *why)
{
    thm_model_failed(why);
    halt("model");
}

static void start_interpreter(void)
{
    struct thm_nn_diag why;
    struct thm_interpreter_hooks hooks = thm_board_hooks();
    if (thm_model_open(&model, model_bytes, (size_t)thm_file_size(MODEL), &why))
        refuse_model(&why);
    uint32_t arena_bytes = thm_measure_arena(&model); /* a product would have a number here */
    arena = aligned_alloc(16, arena_bytes);
    if (!arena)
        halt("arena");
    thm_interpreter_init(&interpreter, &model, thm_board_layout(), arena, arena_bytes, &hooks);
    if (thm_interpreter_allocate(&interpreter, &why))
        refuse_model(&why);
    thm_report_arena(&interpreter);
    thm_step("arena", "%u bytes", (unsigned)arena_bytes);
}

void setup(void)
{
    const char *period = thm_setting("period_ms");
    server = thm_setting("server");
    if (!server) {
        puts("which server? --set server=https://...");
        exit(1);
    }
    if (period)
        period_ms = (uint32_t)strtoul(period, NULL, 10);
    if (thm_storage_mount(NULL) < 0 || !thm_network_up())
        halt("start");
    check_for_update();
    load_model();
    start_interpreter();
}

/* ---- the sensor loop ---- */

static unsigned strongest(const struct thm_tensor *t)
{
    const int8_t *score = t->data;
    unsigned best = 0;
    for (unsigned i = 1; i < t->bytes; i++)
        if (score[i] > score[best])
            best = i;
    return best;
}

void loop(void)
{
    struct thm_tensor in, out;
    struct thm_nn_diag why;
    thm_interpreter_input(&interpreter, 0, &in);
    thm_interpreter_output(&interpreter, 0, &out);
    if (frame == 0 && (frames = thm_sensor_frames(in.bytes)) == 0)
        halt("sensor");
    if (frame == frames) { /* the recording is over */
        printf("%u frames\n", (unsigned)frames);
        exit(0);
    }
    if (!thm_sensor_read(frame, 0, in.data, in.bytes))
        halt("sensor");
    if (thm_interpreter_invoke(&interpreter, &why))
        refuse_model(&why);
    thm_report_inference(frame);
    thm_report_output_tensor(frame, 0, &out);
    printf("frame %u: gesture %u\n", (unsigned)frame, strongest(&out));
    frame++;
    thm_delay(period_ms);
}
