/* Edge Impulse's reader over any model that opens: the pieces' sizes change nothing, no write leaves the model, and
 * what a writer makes of a model is taken by it. */
#include "emu/ota/ei.h"
#include "tests/fuzz/ota_input.h"

enum { ITEMS = 16 };

struct result {
    uint8_t model[OTA_MODEL_MAX];
    struct thm_ei_progress progress;
    uint32_t err;
    char message[100];
};

static void apply(struct ota_input *in, size_t step, struct result *r)
{
    struct thm_weights_model walk;
    struct thm_ei_reader reader;
    const struct thm_weights w = thm_weights_of_model(&walk, &in->parsed, in->model);
    thm_ei_reader_init(&reader, &w);
    for (size_t i = 0; i < in->len; i += step)
        thm_ei_reader_feed(&reader, in->payload + i, in->len - i < step ? in->len - i : step);
    r->err = thm_ei_reader_end(&reader);
    r->progress = reader.progress;
    thm_ei_message(&reader, r->message, sizeof r->message);
    memcpy(r->model, in->model, in->model_len);
}

static void check_writer(struct ota_input *in)
{
    struct thm_weights_model walk;
    struct thm_weights_record bad;
    struct thm_ei_writer writer;
    uint32_t size;
    uint8_t piece[100];
    size_t total = 0, n;
    const struct thm_weights w = thm_weights_of_model(&walk, &in->parsed, NULL);
    if (!thm_ei_size(&w, &size, &bad) || size > (1u << 20))
        return;
    thm_ei_writer_init(&writer, &w, size);
    while ((n = thm_ei_writer_read(&writer, piece, sizeof piece)) > 0)
        total += n;
    if (total != 4 + (size_t)size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ota_input in;
    static struct result a, b;
    struct thm_ei_item items[ITEMS];
    size_t count, start;
    if (!ota_input(&in, data, size))
        return 0;
    thm_ei_scan(in.payload, in.len, items, ITEMS, &count, &start);
    check_writer(&in);
    apply(&in, in.len + 1, &a);
    ota_input(&in, data, size);
    apply(&in, in.step, &b);
    if (a.err != b.err || strcmp(a.message, b.message) != 0 || memcmp(a.model, b.model, in.model_len) != 0 ||
        memcmp(&a.progress, &b.progress, sizeof a.progress) != 0)
        abort();
    return 0;
}
