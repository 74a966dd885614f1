#include "netlink/canned.h"
#include <stdio.h>
#include <string.h>
#include "netlink/fetch_internal.h"

/* DER bytes of the model server's certificate for localhost, and of its authority's: netlink/x509.c always makes them
 * as long. */
#define CHAIN_BYTES 524
#define CA_BYTES    439

struct thm_fetch_info thm_canned_info(size_t len)
{
    struct thm_fetch_info info = { .http_status = 200,
                                   .content_length = (int64_t)len,
                                   .chain_length = 1,
                                   .chain_bytes = CHAIN_BYTES,
                                   .ca_bytes = CA_BYTES };
    snprintf(info.tls_version, sizeof info.tls_version, "TLSv1.3");
    snprintf(info.key_type, sizeof info.key_type, "EC-256");
    return info;
}

/* Range and If-Range, as the model server has them. */
static void take_part(struct thm_canned *c, const struct thm_fetch_options *o)
{
    const struct thm_canned_answer *a = c->answer;
    if ((o->range_from == 0 && o->range_to == 0) || o->range_from >= a->len ||
        (o->if_range && strcmp(o->if_range, a->info.etag) != 0))
        return;
    c->at = (size_t)o->range_from;
    c->end = o->range_to && o->range_to < a->len ? (size_t)o->range_to : a->len;
    c->info.http_status = 206;
    c->info.content_length = (int64_t)(c->end - c->at);
    c->info.range_first = c->at;
    c->info.range_total = (int64_t)a->len;
}

const struct thm_canned_answer *thm_canned_find(const struct thm_canned_answer *list, const char *url)
{
    while (list && list->url && strcmp(list->url, url) != 0)
        list = list->next;
    return list;
}

static void refuse(const struct thm_fetch_options *o, const struct thm_fetch_info *info)
{
    const char *message;
    const struct thm_fetch_end end = { .code = CURLE_HTTP_RETURNED_ERROR,
                                       .http_status = info->http_status,
                                       .url = o->url,
                                       .connected = true,
                                       .closed_properly = true };
    const enum thm_net_err err = thm_fetch_explain(&end, &message);
    if (o->header)
        o->header(o->ctx, info);
    o->done(o->ctx, err, message, info);
}

/* There is nothing to be told: the file is the one that was asked about, or a POST was taken. */
static void take_nothing(struct thm_canned *c, long status)
{
    c->info.http_status = status;
    c->info.content_length = -1;
    c->end = 0;
}

void thm_canned_start(struct thm_canned *c, const struct thm_canned_answer *answer, const struct thm_fetch_options *o)
{
    struct thm_fetch_info info = answer ? answer->info : thm_canned_info(0);
    if (!answer)
        info.http_status = 404;
    *c = (struct thm_canned){ 0 };
    if (info.http_status / 100 != 2) {
        refuse(o, &info);
        return;
    }
    *c = (struct thm_canned){ .answer = answer, .o = *o, .info = answer->info, .end = answer->len };
    if (o->post)
        take_nothing(c, 204);
    else if (o->if_none_match && (strcmp(o->if_none_match, "*") == 0 || strcmp(o->if_none_match, c->info.etag) == 0))
        take_nothing(c, 304);
    else
        take_part(c, o);
    if (o->header)
        o->header(o->ctx, &c->info);
    thm_canned_resume(c);
}

void thm_canned_resume(struct thm_canned *c)
{
    const struct thm_canned_answer *a = c->answer;
    while (c->answer && c->at < c->end) {
        const size_t left = c->end - c->at, n = left < c->o.chunk_bytes ? left : c->o.chunk_bytes;
        if (!c->o.body(c->o.ctx, a->body + c->at, (uint32_t)n))
            return;
        c->at += n;
    }
    if (!c->answer)
        return;
    c->answer = NULL;
    c->o.done(c->o.ctx, THM_NET_OK, NULL, &c->info);
}
