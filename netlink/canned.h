/* netlink/canned.h -- a server's answer without a network: the body is in memory, and comes as fast as it is taken.
 *
 * The callbacks are a fetch's (netlink/fetch.h), in the same order. */
#pragma once
#include "netlink/fetch.h"

struct thm_canned_answer { /* lent */
    const uint8_t *body;
    size_t len;
    struct thm_fetch_info info; /* content_length is taken from here: it may lie */
    const char *url;            /* what this answers; NULL: everything */
    const struct thm_canned_answer *next;
};

struct thm_canned { /* one transfer; all 0: none under way */
    const struct thm_canned_answer *answer;
    struct thm_fetch_options o;
    struct thm_fetch_info info;
    size_t at, end;
};

/* What a plain server tells: 200, the length, TLS 1.3, a chain of one EC certificate as `thimble serve` has it. */
struct thm_fetch_info thm_canned_info(size_t len);
/* The first of a list that answers this URL; NULL: none. */
const struct thm_canned_answer *thm_canned_find(const struct thm_canned_answer *list, const char *url);
/* Begins with header(), then body() until that wants no more. A status other than 2xx has no body. answer NULL: 404. */
void thm_canned_start(struct thm_canned *c, const struct thm_canned_answer *answer, const struct thm_fetch_options *o);
void thm_canned_resume(struct thm_canned *c); /* go on; done() at the end */
