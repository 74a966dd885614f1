/* hub.c -- the main core of a chip with several: hands each frame of the sensor to the workers, gathers their answers.
 *
 *     thimble run --board mt3620 --firmware hub.so --input gestures.bin --input machine.bin \
 *         --core m4-0:firmware=worker.so,model=gesture.tflite --core m4-1:firmware=worker.so,model=watcher.tflite
 *
 * Settings: workers (names of the cores, default "m4-0,m4-1"); worker n gets input n. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thimble/firmware.h>

enum { WORKERS_MAX = 4, MESSAGE_MAX = 1040, ANSWER_MS = 2000 };

static struct worker {
    char name[16];
    uint32_t input_bytes; /* of one frame: what its model wants */
} worker[WORKERS_MAX];
static unsigned workers;

static void name_workers(const char *list)
{
    char text[64], *rest;
    snprintf(text, sizeof text, "%s", list ? list : "m4-0,m4-1");
    for (char *name = strtok_r(text, ",", &rest); name && workers < WORKERS_MAX; name = strtok_r(NULL, ",", &rest))
        snprintf(worker[workers++].name, sizeof worker[0].name, "%s", name);
}

static struct worker *find(const char *name)
{
    for (unsigned i = 0; i < workers; i++)
        if (strcmp(worker[i].name, name) == 0)
            return &worker[i];
    return NULL;
}

/* Every worker says first how large its model's input is. */
static bool meet_workers(void)
{
    for (unsigned met = 0; met < workers; met++) {
        const char *from;
        uint32_t bytes;
        if (thm_mailbox_receive(&from, &bytes, sizeof bytes, ANSWER_MS) != sizeof bytes || !find(from))
            return false;
        find(from)->input_bytes = bytes;
        thm_step("worker", "%s wants %u bytes a frame", from, (unsigned)bytes);
    }
    return true;
}

static bool send_frame(uint32_t frame)
{
    static uint8_t data[MESSAGE_MAX];
    for (unsigned i = 0; i < workers; i++)
        if (worker[i].input_bytes > sizeof data || !thm_sensor_read(frame, i, data, worker[i].input_bytes) ||
            thm_mailbox_send(worker[i].name, data, worker[i].input_bytes) < 0)
            return false;
    return true;
}

static unsigned strongest(const int8_t *score, int32_t n)
{
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++)
        if (score[i] > score[best])
            best = i;
    return (unsigned)best;
}

static bool gather_answers(uint32_t frame)
{
    for (unsigned i = 0; i < workers; i++) {
        const char *from;
        int8_t score[MESSAGE_MAX];
        int32_t n = thm_mailbox_receive(&from, score, sizeof score, ANSWER_MS);
        if (n < 0)
            return false;
        printf("frame %u: %s says %u\n", (unsigned)frame, from, strongest(score, n));
    }
    return true;
}

int main(void)
{
    name_workers(thm_setting("workers"));
    if (!meet_workers())
        return thm_failed("worker");
    const uint32_t frames = thm_sensor_frames(worker[0].input_bytes);
    for (uint32_t f = 0; f < frames; f++) {
        if (!send_frame(f) || !gather_answers(f))
            return thm_failed("frame");
        thm_delay(100);
    }
    return frames ? 0 : thm_failed("sensor");
}
