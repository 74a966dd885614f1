#include "emu/firmware/download.h"
#include <string.h>

enum { NETWORK = 13, BACKOFF_MAX_MS = 3600000 };

void thm_download_init(struct thm_download *d, struct thm_board *b, const struct thm_download_policy *policy)
{
    *d = (struct thm_download){ .b = b, .policy = policy, .total = -1 };
}

/* ---- one connection ---- */

static void hang_up(struct thm_download *d)
{
    if (d->connected)
        thm_hal_https_close(d->b);
    d->connected = false;
}

/* What has come so far is of no use. */
static void start_over(struct thm_download *d)
{
    d->at = 0;
    d->total = -1;
    d->etag[0] = '\0';
}

static bool refuse(struct thm_download *d, const struct thm_hal_response *r, const char *why)
{
    thm_hal_failure(d->b, NETWORK, r->status, 0, 0, "asked for the file from byte %llu, the server %s",
                    (unsigned long long)d->at, why);
    start_over(d);
    return false;
}

static bool is_other_file(const struct thm_download *d, const struct thm_hal_response *r)
{
    return d->at &&
           ((d->etag[0] && r->etag[0] && strcmp(d->etag, r->etag) != 0) || (d->total >= 0 && r->total != d->total));
}

static bool is_what_was_asked_for(struct thm_download *d, const struct thm_hal_response *r)
{
    if (r->status != 206)
        return d->at == 0 || refuse(d, r, "sends all of it: it has changed, or there are no ranges");
    if (r->from != d->at)
        return refuse(d, r, "sends another part");
    if (is_other_file(d, r))
        return refuse(d, r, "sends a part of another file");
    return r->total >= 0 || !d->policy->part || refuse(d, r, "does not tell its size");
}

static bool take_answer(struct thm_download *d, const struct thm_hal_response *r)
{
    if (!is_what_was_asked_for(d, r))
        return false;
    d->begun = d->at;
    d->total = r->status == 206 ? r->total : r->content_length;
    d->left = r->content_length < 0 ? 0 : r->content_length;
    d->is_counted = d->policy->defects.counts_wish || (r->content_length < 0 && d->policy->defects.absent_is_zero);
    d->to_lose = d->policy->defects.loses_head;
    memcpy(d->etag, r->etag, sizeof d->etag);
    return true;
}

/* A weak ETag does not tell bytes apart: RFC 9110, 13.1.5. That it has changed is telling. */
static bool has_strong_etag(const struct thm_download *d)
{
    return d->etag[0] && strncmp(d->etag, "W/", 2) != 0;
}

static bool connect(struct thm_download *d)
{
    const struct thm_download_policy *p = d->policy;
    struct thm_hal_response r;
    const struct thm_hal_request q = { .url = p->url,
                                       .chunk = p->chunk,
                                       .from = d->at,
                                       .to = p->part ? d->at + p->part : 0,
                                       .if_range = d->at && has_strong_etag(d) ? d->etag : NULL,
                                       .raw = p->defects.raw_chunks };
    d->connected = thm_hal_https_request(d->b, &q, &r);
    d->status = r.status;
    if (d->connected && take_answer(d, &r))
        return true;
    hang_up(d);
    return false;
}

/* ---- again ---- */

static uint32_t backoff_ms(const struct thm_download *d)
{
    uint64_t ms = d->policy->backoff_ms;
    for (uint32_t i = 1; i < d->failures && ms < BACKOFF_MAX_MS; i++)
        ms *= d->policy->backoff_factor;
    return ms < BACKOFF_MAX_MS ? (uint32_t)ms : BACKOFF_MAX_MS;
}

static void wait(struct thm_download *d, uint32_t ms)
{
    for (uint32_t slice; ms; ms -= slice) {
        slice = ms < 1000 ? ms : 1000;
        thm_hal_spend(d->b, (uint64_t)slice * 1000000u);
        thm_hal_feed_watchdog(d->b);
    }
}

/* What the server refuses it will refuse again. */
static bool is_worth_it(const struct thm_download *d)
{
    return thm_hal_failure_status(d->b) == NETWORK && d->failures < d->policy->retries &&
           (d->status < 400 || d->status >= 500);
}

static void back_off(struct thm_download *d)
{
    d->failures++;
    const uint32_t ms = backoff_ms(d);
    thm_hal_attempt(d->b, d->failures + 1, d->at, d->total, ms);
    wait(d, ms);
}

static bool prepare_again(struct thm_download *d, bool from_beginning)
{
    hang_up(d);
    if (!is_worth_it(d))
        return false;
    if (from_beginning)
        start_over(d);
    back_off(d);
    return true;
}

void thm_download_go_back(struct thm_download *d, uint64_t at, const char *why)
{
    hang_up(d);
    if (at)
        d->at = at;
    else
        start_over(d);
    thm_hal_failure(d->b, NETWORK, 0, 0, 0, "%s", why);
    back_off(d);
}

bool thm_download_again(struct thm_download *d)
{
    return prepare_again(d, true);
}

/* false, too: the answer was another file than the one that has begun. */
static bool connect_patiently(struct thm_download *d)
{
    const uint64_t at = d->at;
    while (!connect(d))
        if (d->at != at || !prepare_again(d, false))
            return false;
    return true;
}

/* ---- a file ---- */

bool thm_download_open(struct thm_download *d)
{
    d->chunk = thm_hal_malloc(d->b, d->policy->chunk, "receive buffer");
    return d->chunk && connect_patiently(d);
}

void thm_download_close(struct thm_download *d)
{
    hang_up(d);
    thm_hal_free(d->b, d->chunk);
    d->chunk = NULL;
}

/* After a whole body: has the file more of them? */
static bool has_more(const struct thm_download *d)
{
    return d->policy->part && d->total >= 0 && d->at < (uint64_t)d->total;
}

/* Bytes from the connection, as many as the client believes to be left. */
static int32_t receive(struct thm_download *d)
{
    uint32_t wish = d->policy->chunk;
    if (d->is_counted && d->left < wish)
        wish = d->left > 0 ? (uint32_t)d->left : 0;
    const int32_t n = wish ? thm_hal_https_read(d->b, d->chunk, wish) : 0;
    if (n > 0)
        d->left -= d->policy->defects.counts_wish ? (int64_t)wish : n;
    return n;
}

/* The first bytes are gone. */
static int32_t lose_head(struct thm_download *d, int32_t n)
{
    const uint32_t lost = d->to_lose < (uint32_t)n ? (uint32_t)d->to_lose : (uint32_t)n;
    memmove(d->chunk, d->chunk + lost, (uint32_t)n - lost);
    d->to_lose -= lost;
    return n - (int32_t)lost;
}

/* Only a file that has begun the same can go on; without an ETag its length must do. */
static bool go_on(struct thm_download *d)
{
    return d->policy->resume && prepare_again(d, false) && connect_patiently(d);
}

static bool next_part(struct thm_download *d)
{
    const uint64_t at = d->at;
    hang_up(d);
    if (at == d->begun) /* it would be asked for again for ever */
        return refuse(d, &(struct thm_hal_response){ .status = d->status }, "sends nothing of it");
    return connect(d) || (d->at == at && go_on(d));
}

int32_t thm_download_read(struct thm_download *d)
{
    for (;;) {
        int32_t n = receive(d);
        thm_hal_feed_watchdog(d->b);
        if (n > 0) {
            d->at += (uint32_t)n;
            n = lose_head(d, n);
        } else if (n == 0 && has_more(d)) {
            n = next_part(d) ? 0 : -1;
        } else if (n < 0) {
            n = go_on(d) ? 0 : -1;
        } else {
            return 0;
        }
        if (n)
            return n;
    }
}
