/* Seeds of the payload harnesses: ota_seeds ei|safe MODEL.tflite DIR -- payloads that belong to a model. */
#include <stdio.h>
#include "emu/ota/ei.h"
#include "emu/ota/safe.h"
#include "tests/fuzz/ota_input.h"

static struct ota_input in;
static uint8_t file[65536];

static void write_seed(const char *dir, const char *name, const uint8_t *payload, size_t len)
{
    const uint8_t head[OTA_INPUT_HEAD] = { 63, (uint8_t)in.model_len, (uint8_t)(in.model_len >> 8), 1 };
    char path[1000];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(head, 1, sizeof head, f) != sizeof head || fwrite(in.model, 1, in.model_len, f) != in.model_len ||
        fwrite(payload, 1, len, f) != len || fclose(f) != 0)
        exit(1);
}

static void edge_impulse(const char *dir)
{
    static uint8_t payload[32768];
    struct thm_weights_model walk;
    struct thm_weights_record bad;
    struct thm_ei_writer writer;
    uint32_t size;
    const struct thm_weights w = thm_weights_of_model(&walk, &in.parsed, NULL);
    if (!thm_ei_size(&w, &size, &bad))
        exit(1);
    thm_ei_writer_init(&writer, &w, size);
    write_seed(dir, "ei", payload, thm_ei_writer_read(&writer, payload, sizeof payload));
}

static void safe(const char *dir)
{
    static uint8_t changed[OTA_MODEL_MAX];
    struct thm_model m = in.parsed;
    uint8_t *payload;
    size_t len;
    memcpy(changed, in.model, in.model_len);
    m.data = changed;
    for (uint32_t t = 0; t < thm_model_tensors(&m, 0); t++) {
        struct thm_tensor_info info;
        thm_model_tensor(&m, 0, t, &info);
        if (info.data_bytes)
            changed[info.data - changed] ^= 1;
    }
    thm_safe_write(&in.parsed, &m, &payload, &len);
    if (!payload)
        exit(1);
    write_seed(dir, "safe", payload, len);
    free(payload);
}

int main(int argc, char **argv)
{
    FILE *f = argc == 4 ? fopen(argv[2], "rb") : NULL;
    const size_t len = f ? fread(file + OTA_INPUT_HEAD, 1, OTA_MODEL_MAX, f) : 0;
    file[1] = (uint8_t)len;
    file[2] = (uint8_t)(len >> 8);
    if (!f || !ota_input(&in, file, OTA_INPUT_HEAD + len))
        return 2;
    fclose(f);
    (strcmp(argv[1], "ei") == 0 ? edge_impulse : safe)(argv[3]);
    return 0;
}
