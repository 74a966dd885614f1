#include "emu/firmware/poll.h"

enum { NETWORK = 13 };

void thm_poll_init(struct thm_poll *p, struct thm_board *b, const struct thm_poll_policy *policy, const char *url,
                   uint32_t chunk)
{
    *p = (struct thm_poll){ .b = b, .policy = policy, .url = policy->url ? policy->url : url, .chunk = chunk };
}

/* ---- one poll ---- */

/* answer: NULL: the update. */
static void tell(const struct thm_poll *p, const char *answer)
{
    const uint64_t v[] = { p->polls, p->unanswered, p->air.open_ns, p->air.sent, p->air.received, p->air.sending_ns };
    thm_hal_polled(p->b, answer, v);
}

static bool exchange(struct thm_poll *p)
{
    struct thm_hal_response r;
    const struct thm_hal_request q = { .url = p->url, .chunk = p->chunk, .if_none_match = "*" };
    if (p->knows_answer)
        return thm_hal_https_repeat(p->b);
    p->knows_answer = thm_hal_https_exchange(p->b, &q, &r);
    return p->knows_answer;
}

static void ask(struct thm_poll *p)
{
    struct thm_hal_air before;
    thm_hal_air(p->b, &before);
    thm_hal_idle(p->b, true);
    const bool answered = exchange(p);
    thm_hal_idle(p->b, false);
    if (!answered)
        thm_hal_failure_forget(p->b);
    p->polls++;
    p->unanswered += !answered;
    thm_hal_air_since(p->b, &before, &p->air);
    tell(p, answered ? "nothing new" : "no answer");
}

/* ---- between polls ---- */

static uint64_t next_ns(const struct thm_poll *p, uint64_t now)
{
    const uint64_t first = p->policy->first_ns, every = p->policy->every_ns;
    return now < first ? first : first + ((now - first) / every + 1) * every;
}

/* When the power was gone, it asks as it does after being switched on. */
static void sleep_until_next(struct thm_poll *p)
{
    const uint64_t now = thm_hal_now_ns(p->b);
    if (!thm_hal_sleep(p->b, next_ns(p, now) - now))
        thm_hal_step(p->b, "boot", "the power was gone while the board had nothing to do");
}

void thm_poll_until_offered(struct thm_poll *p)
{
    while (p->policy->every_ns && thm_hal_now_ns(p->b) < p->policy->offered_ns) {
        ask(p);
        sleep_until_next(p);
    }
    p->polls++;
    tell(p, NULL);
}

bool thm_poll_again(struct thm_poll *p)
{
    const uint32_t tries = p->policy->tries ? p->policy->tries : 1;
    if (thm_hal_failure_status(p->b) != NETWORK || !p->policy->every_ns || ++p->tries >= tries)
        return false;
    p->unanswered++;
    thm_hal_step(p->b, "poll", "not now: %s", thm_hal_failure_text(p->b));
    thm_hal_failure_forget(p->b);
    sleep_until_next(p);
    return true;
}
