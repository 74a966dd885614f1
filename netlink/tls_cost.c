/* netlink/tls_cost.c -- the devices' TLS stacks: a row each. */
#include "netlink/tls_cost.h"
#include <stdio.h>
#include <string.h>
#include "netlink/tls_blocks.h"

static const struct kind {
    const char *name;
    void (*blocks)(const struct thm_tls_stack *s, const struct thm_tls_peer *peer, struct thm_tls_list *l);
    uint32_t record_slack; /* a record may bring so much more than the content length */
    bool joins_messages, own_stack, only_12;
} kinds[] = {
    /* mbed TLS 2.28: handshake messages in pieces are -0x7080, measured */
    { "mbedtls", thm_mbedtls_blocks, 0, false, false, false },
    /* Only the encrypted record must fit: 325 bytes more, of which a head of 5 and AES-GCM's 24 are no content. */
    { "bearssl", thm_bearssl_blocks, 325 - 5 - 24, true, true, true },
};

static const struct kind *kind_of(const struct thm_tls_stack *s)
{
    for (size_t i = 0; s->name && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, s->name) == 0)
            return &kinds[i];
    return NULL;
}

void thm_tls_add(struct thm_tls_list *l, const char *what, uint32_t bytes, enum thm_tls_phase from,
                 enum thm_tls_phase until)
{
    if (bytes && l->n < THM_TLS_BLOCKS_MAX)
        l->out[l->n++] = (struct thm_tls_block){ what, bytes, from, until };
}

uint32_t thm_tls_buffer_bytes(uint32_t content, uint32_t overhead)
{
    return content > UINT32_MAX - overhead ? UINT32_MAX : content + overhead;
}

size_t thm_tls_blocks(const struct thm_tls_stack *s, const struct thm_tls_peer *peer,
                      struct thm_tls_block out[THM_TLS_BLOCKS_MAX])
{
    struct thm_tls_list l = { out, 0 };
    const struct kind *k = kind_of(s);
    if (k)
        k->blocks(s, peer, &l);
    return l.n;
}

/* RSA: it has all kinds of blocks. */
static bool kind_owns(const struct kind *k, const char *what)
{
    const struct thm_tls_stack stack = { .name = k->name, .keep_peer_certificate = true, .stack_bytes = 1 };
    const struct thm_tls_peer peer = { .chain_length = 1, .chain_bytes = 1, .ca_bytes = 1, .own_bytes = 1 };
    struct thm_tls_block plan[THM_TLS_BLOCKS_MAX];
    const size_t n = thm_tls_blocks(&stack, &peer, plan);
    for (size_t i = 0; i < n; i++)
        if (strcmp(plan[i].what, what) == 0)
            return true;
    return false;
}

bool thm_tls_owns(const char *what)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kind_owns(&kinds[i], what))
            return true;
    return false;
}

uint32_t thm_tls_record_max(const struct thm_tls_stack *s)
{
    const struct kind *k = kind_of(s);
    return k ? thm_tls_buffer_bytes(s->in_content, k->record_slack) : 0;
}

bool thm_tls_joins_messages(const struct thm_tls_stack *s)
{
    const struct kind *k = kind_of(s);
    return !k || k->joins_messages;
}

bool thm_tls_own_stack(const struct thm_tls_stack *s)
{
    const struct kind *k = kind_of(s);
    return !k || k->own_stack;
}

bool thm_tls_only_12(const struct thm_tls_stack *s)
{
    const struct kind *k = kind_of(s);
    return k && k->only_12;
}

/* Three bytes for every four characters of base64 (RFC 7468). */
uint32_t thm_pem_bytes(const char *pem, size_t len, const char *label)
{
    char head[40];
    const int n = snprintf(head, sizeof head, "%s-----", label);
    const char *end = pem + len, *at = memmem(pem, len, head, (size_t)n);
    uint64_t digits = 0;
    for (at = at ? at + n : end; at < end && *at != '-'; at++)
        digits += *at > ' ' && *at != '=';
    return (uint32_t)(digits * 3 / 4);
}

const char *thm_tls_phase_name(enum thm_tls_phase p)
{
    static const char *const names[THM_TLS_PHASES] = { "setup", "handshake", "connected" };
    return (size_t)p < THM_TLS_PHASES ? names[p] : "unknown";
}
