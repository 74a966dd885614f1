#include "emu/fleet/plan.h"
#include "netlink/random.h"

enum draw { /* the last two: one for each */
            DRAW_WAVE,
            DRAW_ON,
            DRAW_SKEW,
            DRAW_SEED,
            DRAW_VALUE,
            DRAW_FAULT,
            DRAW_OUTAGE = DRAW_FAULT + THM_FLEET_LIST_MAX
};

static uint64_t mix(uint64_t x)
{
    return random_at(x, 0);
}

static uint64_t draw(const struct thm_fleet *f, uint32_t id, unsigned what)
{
    return mix(mix(mix(f->seed) ^ id) ^ what);
}

/* From 0 to below n; n 0: 0. */
static uint64_t below(uint64_t drawn, uint64_t n)
{
    return (uint64_t)((unsigned __int128)drawn * n >> 64);
}

static bool in_share(uint64_t drawn, double percent)
{
    return (double)(drawn >> 11) * 0x1p-53 * 100 < percent;
}

unsigned thm_fleet_waves(const struct thm_fleet *f)
{
    return f->rollout.waves_count ? f->rollout.waves_count : 1;
}

/* Its place, 0 to n - 1, in an order of all n boards that the seed shuffles: a Feistel network over a power of four,
 * walked until the place is one of a board (Black and Rogaway, Ciphers with Arbitrary Finite Domains, 2002). */
static uint32_t shuffled(const struct thm_fleet *f, uint32_t id, uint32_t n)
{
    unsigned half = 1; /* bits */
    while (UINT64_C(1) << 2 * half < n)
        half++;
    const uint32_t mask = (1u << half) - 1;
    uint32_t left, right;
    do {
        left = id >> half;
        right = id & mask;
        for (unsigned round = 0; round < 4; round++) {
            const uint32_t next = left ^ ((uint32_t)mix(draw(f, right, DRAW_WAVE) + round) & mask);
            left = right;
            right = next;
        }
        id = left << half | right;
    } while (id >= n);
    return id;
}

/* So many boards that a wave is never empty. */
static uint32_t boards_by(const struct thm_fleet_wave *w, uint32_t n)
{
    const uint32_t boards = (uint32_t)(n * w->percent / 100 + 0.5);
    return boards == 0 && w->percent > 0 ? 1 : boards;
}

static void draw_wave(const struct thm_fleet *f, struct thm_fleet_plan *p)
{
    const struct thm_fleet_rollout *r = &f->rollout;
    const uint32_t n = thm_fleet_boards(f), place = shuffled(f, p->id, n);
    p->wave_name = "all";
    for (p->wave = 0; p->wave < r->waves_count; p->wave++) {
        p->wave_name = r->waves[p->wave].name;
        p->opened = (uint64_t)r->waves[p->wave].at_s * 1000;
        if (place < boards_by(&r->waves[p->wave], n))
            return;
    }
    p->wave = r->waves_count ? THM_FLEET_NO_WAVE : 0;
}

/* What its clock is ahead; whole intervals more keep it above 0 and change nothing. */
static uint64_t clock_of(const struct thm_fleet_plan *p, uint64_t poll)
{
    return (uint64_t)(p->skew + (int64_t)((UINT64_C(1) << 44) / poll * poll));
}

/* Its first multiple of the interval that is after both being switched on and the wave's opening. */
static void count_polls(struct thm_fleet_plan *p, uint64_t poll)
{
    p->asked = p->switched_on;
    p->polls = 1;
    if (p->wave == THM_FLEET_NO_WAVE || p->switched_on >= p->opened)
        return;
    if (poll == 0) {
        p->wave = THM_FLEET_NO_WAVE;
        return;
    }
    const uint64_t ahead = clock_of(p, poll), on = p->switched_on + ahead, opens = p->opened + ahead;
    const uint64_t asks = (opens + poll - 1) / poll;
    p->polls += (uint32_t)(asks - on / poll);
    p->asked = asks * poll - ahead;
}

bool thm_fleet_outage_concerns(const struct thm_fleet *f, uint32_t id, unsigned outage)
{
    const struct thm_fleet_outage *o = &f->outages[outage];
    const bool group = !o->group || thm_fleet_group_of(f, id) == thm_fleet_group_named(f, o->group);
    return group && (o->percent <= 0 || in_share(draw(f, id, DRAW_OUTAGE + outage), o->percent));
}

/* The outage that it asks in; NULL: none. */
static const struct thm_fleet_outage *outage_at(const struct thm_fleet *f, const struct thm_fleet_plan *p)
{
    for (unsigned i = 0; i < f->outages_count; i++) {
        const struct thm_fleet_outage *o = &f->outages[i];
        if (p->asked >= (uint64_t)o->from_s * 1000 && p->asked < (uint64_t)o->to_s * 1000 &&
            thm_fleet_outage_concerns(f, p->id, i))
            return o;
    }
    return NULL;
}

/* It asks again at each poll; the first after the outage is answered. */
static void wait_for_network(const struct thm_fleet *f, struct thm_fleet_plan *p, uint64_t poll)
{
    const struct thm_fleet_outage *o;
    while (p->wave != THM_FLEET_NO_WAVE && poll && (o = outage_at(f, p))) {
        const uint64_t next = p->asked == p->switched_on ? p->switched_on + p->next_poll : p->asked + poll;
        const uint64_t end = (uint64_t)o->to_s * 1000, more = next < end ? (end - next + poll - 1) / poll : 0;
        p->asked = next + more * poll;
        p->lost += (uint32_t)more + 1;
    }
    p->polls += p->lost;
}

static bool is_time_of(const struct thm_fleet_fault *t, const struct thm_fleet_plan *p)
{
    return p->asked >= (uint64_t)t->from_s * 1000 && (t->to_s == 0 || p->asked < (uint64_t)t->to_s * 1000);
}

static void draw_fault(const struct thm_fleet *f, struct thm_fleet_plan *p)
{
    for (unsigned i = 0; i < f->faults_count; i++) {
        const struct thm_fleet_fault *t = &f->faults[i];
        const bool concerned =
            (!t->group || thm_fleet_group_of(f, p->id) == thm_fleet_group_named(f, t->group)) && is_time_of(t, p);
        if (!concerned || !in_share(draw(f, p->id, DRAW_FAULT + i), t->percent))
            continue;
        p->fault = thm_fleet_fault_kind(t->kind);
        p->fault_text = t->fault;
        p->fault_value = t->value ? t->value : p->fault->value;
        if (p->fault_value == 0 && p->fault->drawn)
            p->fault_value = 1 + below(draw(f, p->id, DRAW_VALUE), p->fault->drawn);
        return;
    }
}

void thm_fleet_plan(const struct thm_fleet *f, uint32_t id, struct thm_fleet_plan *out)
{
    const struct thm_fleet_group *g = thm_fleet_group_of(f, id);
    const uint64_t skew = (uint64_t)g->skew_s * 1000;
    *out = (struct thm_fleet_plan){ .id = id, .group = (uint32_t)(g - f->groups) };
    out->seed = (uint32_t)draw(f, id, DRAW_SEED);
    out->switched_on = below(draw(f, id, DRAW_ON), (uint64_t)g->switch_on_s * 1000);
    out->skew = (int64_t)below(draw(f, id, DRAW_SKEW), 2 * skew + 1) - (int64_t)skew;
    draw_wave(f, out);
    const uint64_t poll = (uint64_t)f->rollout.poll_s * 1000;
    out->next_poll = poll ? poll - (out->switched_on + clock_of(out, poll)) % poll : 0;
    count_polls(out, poll);
    wait_for_network(f, out, poll);
    if (out->wave == THM_FLEET_NO_WAVE)
        out->wave_name = "";
    draw_fault(f, out);
}
