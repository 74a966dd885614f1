/* fsimages/spiffs/cache.c -- the page cache, through which all access goes. Read pages are write-through; a page marked
 * with an object id collects small writes to that object. A page's head is 20 bytes as on a 32-bit device. Unlike the
 * reference, a program through the cache ANDs, so that cache and flash never differ. */
#include "fsimages/spiffs/core.h"
#include <stddef.h>
#include <string.h>

#define PAGES_MAX 31u /* one bit each in a 32-bit map */

struct cache_head {
    uint32_t count, map, clock;
    uint32_t reserved[2];
};

struct sf_cache_page {
    uint32_t used_at;
    uint32_t offset, len; /* write pages */
    uint16_t key;         /* page number; object id for write pages */
    uint8_t is_write, reserved[5];
};

_Static_assert(sizeof(struct cache_head) == 20 && sizeof(struct sf_cache_page) == 20, "sizes on the device");
_Static_assert(sizeof(struct sf_fd) == SF_FD_BYTES, "size on the device");

uint32_t sf_cache_bytes(uint32_t page_size, uint32_t count)
{
    return (uint32_t)sizeof(struct cache_head) + count * (uint32_t)(sizeof(struct sf_cache_page) + page_size);
}

static struct cache_head *head(const struct sf *fs)
{
    return (struct cache_head *)(void *)fs->cache;
}

static struct sf_cache_page *page_at(const struct sf *fs, uint32_t i)
{
    return (struct sf_cache_page *)(void *)(fs->cache + sf_cache_bytes(fs->g.page, i));
}

static uint8_t *data_of(struct sf_cache_page *p)
{
    return (uint8_t *)(p + 1);
}

void sf_cache_init(struct sf *fs, uint32_t count)
{
    if (!fs->cache)
        return;
    memset(fs->cache, 0, sf_cache_bytes(fs->g.page, count));
    head(fs)->count = count < PAGES_MAX ? count : PAGES_MAX;
}

static bool in_use(const struct sf *fs, uint32_t i)
{
    return head(fs)->map >> i & 1;
}

static struct sf_cache_page *find(const struct sf *fs, uint16_t key, bool is_write, uint32_t *number)
{
    for (uint32_t i = 0; fs->cache && i < head(fs)->count; i++) {
        struct sf_cache_page *p = page_at(fs, i);
        if (in_use(fs, i) && p->is_write == is_write && p->key == key) {
            *number = i;
            return p;
        }
    }
    return NULL;
}

/* If all pages are in use, let the read page go that was used longest ago. */
static void make_room(struct sf *fs)
{
    struct cache_head *h = head(fs);
    uint32_t oldest = 0, victim = h->count;
    for (uint32_t i = 0; i < h->count; i++) {
        const struct sf_cache_page *p = page_at(fs, i);
        if (!in_use(fs, i))
            return;
        if (!p->is_write && h->clock - p->used_at > oldest) {
            oldest = h->clock - p->used_at;
            victim = i;
        }
    }
    if (victim < h->count)
        h->map &= ~(1u << victim);
}

static struct sf_cache_page *take(struct sf *fs, uint16_t key, bool is_write, uint32_t *number)
{
    struct cache_head *h = head(fs);
    if (!fs->cache)
        return NULL;
    make_room(fs);
    for (uint32_t i = 0; i < h->count; i++)
        if (!in_use(fs, i)) {
            h->map |= 1u << i;
            *page_at(fs, i) = (struct sf_cache_page){ .used_at = h->clock, .key = key, .is_write = is_write };
            *number = i;
            return page_at(fs, i);
        }
    return NULL;
}

static int32_t code_of(enum thm_fs_err e)
{
    return e ? SF_ERR_MEDIUM - (int32_t)e : 0;
}

int32_t sf_read_around(struct sf *fs, uint32_t addr, void *buf, uint32_t len)
{
    uint32_t i;
    struct sf_cache_page *p = find(fs, (uint16_t)(addr / fs->g.page), false, &i);
    if (!p)
        return code_of(thm_medium_read(fs->medium, addr, buf, len));
    p->used_at = ++head(fs)->clock;
    memcpy(buf, data_of(p) + addr % fs->g.page, len);
    return 0;
}

int32_t sf_read(struct sf *fs, uint32_t addr, void *buf, uint32_t len)
{
    uint32_t i, number = addr / fs->g.page;
    if (find(fs, (uint16_t)number, false, &i))
        return sf_read_around(fs, addr, buf, len);
    if (fs->cache)
        head(fs)->clock++;
    struct sf_cache_page *p = take(fs, (uint16_t)number, false, &i);
    if (!p)
        return sf_read_around(fs, addr, buf, len);
    int32_t res = code_of(thm_medium_read(fs->medium, number * fs->g.page, data_of(p), fs->g.page));
    if (res)
        head(fs)->map &= ~(1u << i);
    else
        memcpy(buf, data_of(p) + addr % fs->g.page, len);
    return res;
}

static void program_cached(struct sf *fs, uint32_t addr, const uint8_t *from, uint32_t len)
{
    uint32_t i;
    struct sf_cache_page *p = find(fs, (uint16_t)(addr / fs->g.page), false, &i);
    if (!p)
        return;
    for (uint32_t k = 0; k < len; k++)
        data_of(p)[addr % fs->g.page + k] &= from[k];
    p->used_at = ++head(fs)->clock;
}

int32_t sf_program(struct sf *fs, uint32_t addr, const void *buf, uint32_t len)
{
    program_cached(fs, addr, buf, len);
    return code_of(thm_medium_program(fs->medium, addr, buf, len));
}

void sf_cache_drop(struct sf *fs, uint32_t page)
{
    uint32_t i;
    if (find(fs, (uint16_t)page, false, &i))
        head(fs)->map &= ~(1u << i);
}

void sf_cache_forget(struct sf *fs)
{
    for (uint32_t i = 0; fs->cache && i < head(fs)->count; i++)
        if (!page_at(fs, i)->is_write)
            head(fs)->map &= ~(1u << i);
}

int32_t sf_erase(struct sf *fs, uint32_t block)
{
    uint32_t per_block = fs->g.block / fs->medium->erase_size;
    for (uint32_t i = 0; i < fs->g.block_pages; i++)
        sf_cache_drop(fs, block * fs->g.block_pages + i);
    for (uint32_t i = 0; i < per_block; i++) {
        int32_t res = code_of(thm_medium_erase(fs->medium, block * per_block + i));
        if (res)
            return res;
    }
    return 0;
}

bool sf_write_page_find(struct sf *fs, struct sf_fd *fd, struct sf_write_page *out)
{
    uint32_t i = fd->cached - 1;
    if (!fd->cached && !find(fs, fd->id, true, &i))
        return false; /* a page of another descriptor of the same object will do, too */
    fd->cached = i + 1;
    struct sf_cache_page *p = page_at(fs, i);
    *out = (struct sf_write_page){ p->offset, p->len, data_of(p) };
    return true;
}

bool sf_write_page_take(struct sf *fs, struct sf_fd *fd, uint32_t offset)
{
    uint32_t i;
    struct sf_cache_page *p = take(fs, fd->id, true, &i);
    if (!p)
        return false;
    p->offset = offset;
    fd->cached = i + 1;
    return true;
}

void sf_write_page_grow(struct sf *fs, const struct sf_fd *fd, uint32_t len)
{
    struct sf_cache_page *p = page_at(fs, fd->cached - 1);
    if (p->len < len)
        p->len = len;
}

void sf_write_page_release(struct sf *fs, struct sf_fd *fd)
{
    uint32_t cached = fd->cached;
    if (!cached)
        return;
    for (uint32_t i = 0; i < fs->fd_count; i++)
        if (fs->fds[i].open && fs->fds[i].cached == cached)
            fs->fds[i].cached = 0;
    fd->cached = 0;
    head(fs)->map &= ~(1u << (cached - 1));
}
