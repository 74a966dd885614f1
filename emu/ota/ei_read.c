/* emu/ota/ei_read.c -- the reader as the reference has it: every byte is one step of a small machine. */
#include <string.h>
#include "emu/firmware/text.h"
#include "emu/ota/ei.h"

enum stage { SIZE, INDEX, BITS, COUNT, DATA, QUANT_INDEX, QUANT_COUNT, QUANT_DATA, DONE };

static void enter(struct thm_ei_reader *r, enum stage stage, uint32_t expected)
{
    r->stage = (uint8_t)stage;
    r->expected = expected;
    r->at = r->found = r->came = 0;
}

static void count_records(struct thm_ei_reader *r)
{
    struct thm_weights_record rec;
    for (uint32_t n = 0; r->weights->at(r->weights->ctx, n, &rec); n++)
        (*(rec.kind == THM_WEIGHTS_DATA ? &r->progress.tensors : &r->progress.quants))++;
}

static void next_record(struct thm_ei_reader *r)
{
    const uint32_t all = r->progress.tensors + r->progress.quants;
    if (r->n == all) {
        enter(r, DONE, 0);
        r->done = true;
    } else if (!r->weights->at(r->weights->ctx, r->n++, &r->record))
        r->err = THM_EI_EMODEL;
    else
        enter(r, r->record.kind == THM_WEIGHTS_DATA ? INDEX : QUANT_INDEX, r->record.index);
}

static void take_size(struct thm_ei_reader *r, uint8_t byte)
{
    r->found |= (uint32_t)byte << (24 - 8 * r->at);
    if (++r->at < 4)
        return;
    if (r->found != r->expected)
        r->err = THM_EI_ESIZE;
    else
        next_record(r);
}

/* Until a byte is the one that is due. */
static void take_byte(struct thm_ei_reader *r, uint8_t byte)
{
    r->found = byte;
    if (byte != r->expected)
        return;
    if (r->stage == INDEX)
        enter(r, BITS, r->record.bits);
    else
        enter(r, r->stage == BITS ? COUNT : QUANT_COUNT, r->record.count);
}

/* Until a pair of bytes is. */
static void take_count(struct thm_ei_reader *r, uint8_t byte)
{
    if (r->at ^= 1) {
        r->raw[0] = byte;
        return;
    }
    r->found = (uint32_t)r->raw[0] << 8 | byte;
    if (r->found == r->expected)
        enter(r, r->stage == COUNT ? DATA : QUANT_DATA, 0);
}

static void take_data(struct thm_ei_reader *r, uint8_t byte)
{
    const uint32_t size = r->record.bits / 8, k = r->at % size;
    r->record.data[r->at - k + (size - 1 - k)] = byte; /* from the highest address down */
    if (++r->at < r->record.count * size)
        return;
    r->progress.new_tensors++;
    next_record(r);
}

/* A file's zero points have 64 bits: the sign goes on. */
static void put_zero_point(struct thm_weights_record *rec, uint32_t channel, uint32_t k, uint8_t byte)
{
    if (channel >= rec->zero_points)
        return;
    uint8_t *to = rec->zero_point + (size_t)channel * rec->zero_bytes;
    to[3 - k] = byte;
    if (k == 0)
        memset(to + 4, byte & 0x80 ? 0xFF : 0, rec->zero_bytes - 4);
}

static void take_quant(struct thm_ei_reader *r, uint8_t byte)
{
    const uint32_t channel = r->at / 8, k = r->at % 8;
    if (k < 4)
        r->record.data[4 * channel + 3 - k] = byte;
    else
        put_zero_point(&r->record, channel, k - 4, byte);
    if (++r->at < r->record.count * 8)
        return;
    r->progress.new_quants++;
    next_record(r);
}

static const struct {
    void (*take)(struct thm_ei_reader *r, uint8_t byte);
    enum thm_ei_err cut; /* the stream ends here */
} stages[] = {
    [SIZE] = { take_size, THM_EI_ESIZE },
    [INDEX] = { take_byte, THM_EI_EINDEX },
    [BITS] = { take_byte, THM_EI_EBITS },
    [COUNT] = { take_count, THM_EI_ECOUNT },
    [DATA] = { take_data, THM_EI_ESHORT },
    [QUANT_INDEX] = { take_byte, THM_EI_EQUANT_INDEX },
    [QUANT_COUNT] = { take_count, THM_EI_ECOUNT },
    [QUANT_DATA] = { take_quant, THM_EI_ESHORT },
    [DONE] = { NULL, THM_EI_OK },
};

void thm_ei_reader_init(struct thm_ei_reader *r, const struct thm_weights *w)
{
    struct thm_weights_record bad;
    uint32_t size = 0;
    *r = (struct thm_ei_reader){ .weights = w };
    (void)thm_ei_size(w, &size, &bad); /* one that does not fit: no payload has this size */
    count_records(r);
    enter(r, SIZE, size);
}

size_t thm_ei_reader_feed(struct thm_ei_reader *r, const uint8_t *data, size_t len)
{
    size_t i = 0;
    for (; i < len && !r->err && !r->done; i++) {
        r->came = true;
        stages[r->stage].take(r, data[i]);
    }
    r->bytes += i;
    return i;
}

enum thm_ei_err thm_ei_reader_end(struct thm_ei_reader *r)
{
    if (!r->err && !r->done)
        r->err = (uint8_t)(r->bytes == 0 ? THM_EI_ENODATA : stages[r->stage].cut);
    return (enum thm_ei_err)r->err;
}

void thm_ei_message(const struct thm_ei_reader *r, char *out, size_t size)
{
    static const struct {
        const char *before, *after; /* the layer's number */
        bool layer, values;
    } rows[] = {
        [THM_EI_OK] = { "", "", false, false },
        [THM_EI_ENODATA] = { "No data available for update", "", false, false },
        [THM_EI_ESIZE] = { "Size mismatch", "", false, true },
        [THM_EI_EINDEX] = { "Data index mismatch", "", false, true },
        [THM_EI_EBITS] = { "BitDepth mismatch at layer ", "", true, true },
        [THM_EI_ECOUNT] = { "Size mismatch at layer ", "'s data", true, true },
        [THM_EI_ESHORT] = { "Not enough data for layer ", "'s data", true, false },
        [THM_EI_EQUANT_INDEX] = { "Quantization index mismatch", "", false, true },
        [THM_EI_EMODEL] = { "the model's file is damaged before layer ", "", true, false },
    };
    struct thm_text t = { .out = out, .size = size };
    thm_text_add(&t, rows[r->err].before);
    if (rows[r->err].layer)
        thm_text_number(&t, r->record.index);
    thm_text_add(&t, rows[r->err].after);
    if (rows[r->err].values) {
        thm_text_add(&t, ": expected ");
        thm_text_number(&t, r->expected);
        thm_text_add(&t, r->came ? ", found " : ", found what was never set");
        if (r->came)
            thm_text_number(&t, r->found);
    }
    thm_text_end(&t);
}
