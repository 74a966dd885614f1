#include "emu/cli/run_tls.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "netlink/pin.h"
#include "netlink/tls_cost.h"

enum { PEM_MAX = 1 << 20, CONTENT_MIN = 512, CONTENT_MAX = 16384 };

/* ---- options ---- */

int run_tls_buffers(const struct thm_args *a, struct run_tls *t)
{
    char in[16] = "";
    const char *comma = strchr(a->value, ',');
    const size_t len = comma ? (size_t)(comma - a->value) : strlen(a->value);
    uint64_t sizes[2] = { 0, 0 };
    memcpy(in, a->value, len < sizeof in ? len : 0);
    bool ok = thm_parse_size(in, CONTENT_MAX, &sizes[0]) && sizes[0] >= CONTENT_MIN;
    if (comma)
        ok = ok && thm_parse_size(comma + 1, CONTENT_MAX, &sizes[1]) && sizes[1] >= CONTENT_MIN;
    if (!ok)
        return thm_usage(a, "--tls-buffers wants IN or IN,OUT, each from %d to %d, not '%s'", CONTENT_MIN, CONTENT_MAX,
                         a->value);
    t->in_content = (uint32_t)sizes[0];
    t->out_content = (uint32_t)sizes[1];
    return 0;
}

int run_tls_pin(const struct thm_args *a, struct thm_run_tls *t)
{
    uint8_t pin[THM_PIN_BYTES];
    t->pin = a->value;
    return thm_pin_parse(a->value, pin)
               ? 0
               : thm_usage(a, "--pin wants sha256/ and 32 bytes in base64 or hexadecimal, not '%s'", a->value);
}

int run_tls_clock(const struct thm_args *a, struct thm_run_tls *t)
{
    uint64_t seconds = 0;
    t->clock = strcmp(a->value, "sntp") == 0 ? THM_CLOCK_SNTP : THM_CLOCK_START;
    if (t->clock == THM_CLOCK_START && strcmp(a->value, "unset") != 0 &&
        !thm_parse_size(a->value, UINT32_MAX, &seconds))
        return thm_usage(a, "--clock wants unset, sntp or seconds since 1970, not '%s'", a->value);
    t->clock_s = (int64_t)seconds;
    return 0;
}

/* ---- the profile ---- */

static int set_text(char **out, const char *text)
{
    if (!text)
        return 0;
    free(*out);
    *out = strdup(text);
    return *out ? 0 : THM_EXIT_HOST;
}

/* A stack that the profile does not have comes with what its users have by default. */
static void set_defaults(struct thm_profile_network *n, const char *stack)
{
    static const struct {
        const char *name;
        uint32_t in, out, stack;
    } defaults[] = { { "mbedtls", 16384, 16384, 5632 },
                     { "bearssl", 16384, 512, 6400 }, /* WiFiClientSecure, StackThunk of arduino-pico */
                     { "none", 0, 0, 0 } };
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        if (strcmp(defaults[i].name, stack) == 0) {
            n->tls_in_content = defaults[i].in;
            n->tls_out_content = defaults[i].out;
            n->tls_stack = defaults[i].stack;
        }
}

static int set_stack(const struct run_tls *t, struct thm_profile_network *n)
{
    const struct thm_tls_stack stack = { .name = t->stack };
    if (!t->stack || strcmp(n->tls, t->stack) == 0)
        return 0;
    if (thm_tls_record_max(&stack) == 0 && strcmp(t->stack, "none") != 0)
        return thm_fail(THM_EXIT_USAGE, "--tls wants mbedtls, bearssl or none, not '%s'", t->stack);
    set_defaults(n, t->stack);
    return set_text(&n->tls, t->stack);
}

int run_tls_apply(struct run_request *q, struct thm_profile_network *n)
{
    const struct run_tls *t = &q->tls;
    if (!n->link) /* it will say that it has no network */
        return 0;
    int status = set_stack(t, n);
    if (!status)
        status = set_text(&n->ca_file, t->ca_file);
    if (!status && strcmp(n->tls, "none") == 0 && (t->in_content || t->max_fragment))
        return thm_fail(THM_EXIT_USAGE, "%s has no TLS of its own: --tls-buffers and --max-fragment do not apply",
                        q->board);
    n->tls_in_content = t->in_content ? t->in_content : n->tls_in_content;
    n->tls_out_content = t->out_content ? t->out_content : n->tls_out_content;
    n->tls_max_fragment = t->max_fragment ? t->max_fragment : n->tls_max_fragment;
    return status;
}

/* ---- files ---- */

/* *bytes: of the first `label` in it, in DER. *out (may be NULL) is malloc'ed. */
static int read_pem(const char *path, const char *label, uint32_t *bytes, uint8_t **out, size_t *len)
{
    uint8_t *pem;
    int status = thm_read_file(path, PEM_MAX, &pem, len);
    if (status)
        return status;
    const uint32_t n = thm_pem_bytes((const char *)pem, *len, label);
    *bytes += n;
    if (out)
        *out = pem;
    else
        free(pem);
    return n ? 0
             : thm_fail(THM_EXIT_USAGE, "%s: no PEM %s in it", path,
                        strcmp(label, "CERTIFICATE") ? "private key" : "certificate");
}

static int load_cacert(struct run_request *q)
{
    const bool stored = q->profile->network.ca_file;
    uint8_t *pem = NULL;
    size_t len = 0;
    if (stored && strcmp(q->run.storage, "none") == 0)
        return thm_fail(THM_EXIT_USAGE, "the CAs are a file on the board's storage: --storage none has none");
    if (!q->run.cacert)
        return 0;
    int status = read_pem(q->run.cacert, "CERTIFICATE", &q->run.cacert_bytes, &pem, &len);
    if (stored && !status && len > THM_MODEM_CA_MAX)
        status = thm_fail(THM_EXIT_USAGE, "%s: %zu bytes, a board's CA file has %u at most", q->run.cacert, len,
                          THM_MODEM_CA_MAX);
    if (!stored || status) {
        free(pem);
        return status;
    }
    q->run.tls.ca = (char *)pem;
    q->run.tls.ca_bytes = (uint32_t)len;
    return 0;
}

static int load_own(struct thm_run_tls *t)
{
    size_t len;
    if (!t->cert && !t->key)
        return 0;
    if (!t->cert || !t->key)
        return thm_fail(THM_EXIT_USAGE, "--cert and --key go together");
    int status = read_pem(t->cert, "CERTIFICATE", &t->own_bytes, NULL, &len);
    return status ? status : read_pem(t->key, "PRIVATE KEY", &t->own_bytes, NULL, &len);
}

int run_tls_load(struct run_request *q)
{
    int status = load_cacert(q);
    return status ? status : load_own(&q->run.tls);
}
