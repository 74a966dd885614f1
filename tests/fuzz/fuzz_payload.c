/* The payload decoder: any bytes in any pieces end in a model within the limit or in one error, and the pieces' sizes
 * change nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "emu/firmware/payload.h"

#define MAX 4096
struct result {
    uint8_t data[MAX];
    uint32_t len;
    enum thm_payload_err err;
    char message[128];
};

static bool take(void *ctx, const uint8_t *data, uint32_t len)
{
    struct result *r = ctx;
    if (len == 0 || len > MAX - r->len)
        abort();
    memcpy(r->data + r->len, data, len);
    r->len += len;
    return true;
}

static void decode(struct result *r, const uint8_t *data, size_t len, size_t step)
{
    struct thm_payload p;
    r->len = 0;
    thm_payload_init(&p, MAX, take, r);
    for (size_t i = 0; i < len; i += step)
        thm_payload_feed(&p, data + i, len - i < step ? len - i : step);
    r->err = thm_payload_end(&p);
    thm_payload_message(&p, r->message, sizeof r->message);
    if (p.total != r->len)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct result a, b;
    if (size == 0)
        return 0;
    decode(&a, data + 1, size - 1, size);
    decode(&b, data + 1, size - 1, 1 + data[0] % 16u);
    /* A raw model over the limit stops at the end of a piece, so that only the bytes before it may differ. */
    if (a.err != b.err || strcmp(a.message, b.message) != 0)
        abort();
    if (a.err != THM_PAYLOAD_ETOOBIG && (a.len != b.len || memcmp(a.data, b.data, a.len) != 0))
        abort();
    return 0;
}
