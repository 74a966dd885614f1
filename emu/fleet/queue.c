#include "emu/fleet/queue.h"
#include <stdlib.h>

/* Of a board: its wave, or one past the last. */
static uint32_t bucket(const struct thm_fleet_queue *q, uint32_t id)
{
    struct thm_fleet_plan p;
    thm_fleet_plan(q->fleet, id, &p);
    return p.wave == THM_FLEET_NO_WAVE ? q->waves : p.wave;
}

static bool concerned(uint32_t id, uint32_t shard, uint32_t shards)
{
    return shards == 0 || id % shards == shard;
}

/* A counting sort: places first, then the ids. buckets[id]: of those that are to do. */
static void sort(struct thm_fleet_queue *q, uint32_t boards, const uint8_t *buckets)
{
    for (uint32_t id = 0; id < boards; id++)
        if (buckets[id] != UINT8_MAX)
            q->first[buckets[id] + 1]++;
    for (uint32_t w = 0; w <= q->waves; w++) {
        q->first[w + 1] += q->first[w];
        q->next[w] = q->first[w];
    }
    for (uint32_t id = 0; id < boards; id++)
        if (buckets[id] != UINT8_MAX)
            q->ids[q->next[buckets[id]]++] = id;
    for (uint32_t w = 0; w <= q->waves; w++)
        q->next[w] = q->first[w];
}

static void note_done(struct thm_fleet_queue *q, uint32_t wave, uint8_t done)
{
    q->ran[wave] += done != 3;
    q->bad[wave] += done == 2;
}

bool thm_fleet_queue_init(struct thm_fleet_queue *q, const struct thm_fleet *f, const uint8_t *done, uint32_t shard,
                          uint32_t shards)
{
    const uint32_t boards = thm_fleet_boards(f);
    uint8_t *buckets = malloc(boards);
    *q = (struct thm_fleet_queue){ .fleet = f, .waves = thm_fleet_waves(f) };
    q->ids = calloc(boards, sizeof *q->ids);
    q->again = calloc(boards, sizeof *q->again);
    q->first = calloc(4 * (q->waves + 2), sizeof *q->first); /* four tables in one */
    const bool ok = buckets && q->ids && q->again && q->first;
    if (ok) {
        q->next = q->first + q->waves + 2;
        q->ran = q->next + q->waves + 2;
        q->bad = q->ran + q->waves + 2;
        for (uint32_t id = 0; id < boards; id++) {
            const uint32_t wave = bucket(q, id);
            if (done[id])
                note_done(q, wave, done[id]);
            buckets[id] = done[id] || !concerned(id, shard, shards) ? UINT8_MAX : (uint8_t)wave;
        }
        sort(q, boards, buckets);
    }
    free(buckets);
    return ok;
}

void thm_fleet_queue_free(struct thm_fleet_queue *q)
{
    free(q->ids);
    free(q->again);
    free(q->first);
    *q = (struct thm_fleet_queue){ 0 };
}

/* Without a stop, no wave waits for another. */
static bool waits(const struct thm_fleet_queue *q)
{
    return q->fleet->rollout.stop_percent > 0 && !q->stopped;
}

static uint32_t last_open(const struct thm_fleet_queue *q)
{
    return waits(q) ? q->wave : q->waves - 1;
}

static bool take(struct thm_fleet_queue *q, uint32_t wave, uint32_t *id)
{
    if (q->next[wave] == q->first[wave + 1])
        return false;
    *id = q->ids[q->next[wave]++];
    return true;
}

bool thm_fleet_queue_next(struct thm_fleet_queue *q, uint32_t *id)
{
    if (q->again_count) {
        *id = q->again[--q->again_count];
        return true;
    }
    for (uint32_t w = q->wave; w <= last_open(q) && w < q->waves; w++)
        if (take(q, w, id))
            return true;
    return false;
}

bool thm_fleet_queue_untouched(struct thm_fleet_queue *q, uint32_t *id)
{
    return take(q, q->waves, id);
}

void thm_fleet_queue_again(struct thm_fleet_queue *q, uint32_t id)
{
    q->again[q->again_count++] = id;
}

void thm_fleet_queue_ended(struct thm_fleet_queue *q, uint32_t wave, bool failed)
{
    q->ran[wave]++;
    q->bad[wave] += failed;
}

bool thm_fleet_queue_open(const struct thm_fleet_queue *q)
{
    bool open = q->again_count > 0;
    for (uint32_t w = q->wave; w <= last_open(q) && w < q->waves; w++)
        open = open || q->next[w] < q->first[w + 1];
    return open;
}

bool thm_fleet_queue_advance(struct thm_fleet_queue *q)
{
    if (!waits(q) || q->wave + 1 >= q->waves)
        return false;
    q->wave++;
    return true;
}

bool thm_fleet_queue_stops(struct thm_fleet_queue *q)
{
    const uint32_t before = q->wave - 1;
    q->stopped = (double)q->bad[before] * 100 > q->fleet->rollout.stop_percent * q->ran[before];
    return q->stopped;
}
