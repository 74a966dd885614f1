/* fsimages/littlefs/audit.c -- look at every pair and every entry: what block belongs to what, and what is wrong. */
#include "fsimages/littlefs/core.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIMB_MAX 32 /* directories in the path of a finding */

static void __attribute__((format(printf, 2, 3))) find(struct lf_audit *a, const char *fmt, ...)
{
    char text[THM_FS_NAME_MAX * 3];
    va_list ap;
    a->findings++;
    if (!a->report)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    a->report(a->ctx, text);
}

/* ---- names ---- */

static void put_before(char *path, size_t size, const char *name)
{
    const size_t len = strlen(name), rest = strlen(path) + 1;
    if (1 + len + rest > size)
        return;
    memmove(path + 1 + len, path, rest);
    memcpy(path + 1, name, len);
    path[0] = '/';
}

/* The path of an entry of the directory that begins at head. */
static void find_path(struct lf *fs, struct lf_audit *a, const struct lf_dir *dir, uint16_t id, const uint32_t head[2])
{
    struct thm_fs_stat st;
    struct lf_dir parent;
    const uint32_t *at = head;
    int32_t tag;
    a->path[0] = '\0';
    (void)lf_get_stat(fs, dir, id, &st); /* the name is there even if the content is not */
    put_before(a->path, sizeof a->path, st.name);
    for (int i = 0; i < CLIMB_MAX && (tag = lf_parent(fs, at, &parent)) >= 0; i++) {
        if (lf_get_stat(fs, &parent, lf_id((uint32_t)tag), &st) != 0)
            return;
        put_before(a->path, sizeof a->path, st.name);
        at = parent.pair;
    }
}

/* ---- a file's blocks ---- */

struct blocks {
    const struct lf *fs;
    const uint8_t *marks;
    uint32_t *list; /* from the last to the first */
    uint32_t count;
    const char *wrong;
};

static int32_t take_block(void *ctx, uint32_t block)
{
    struct blocks *b = ctx;
    if (block >= b->fs->block_count || b->count >= b->fs->block_count)
        b->wrong = "its blocks lead out of the volume";
    else if (b->marks[block])
        b->wrong = "one of its blocks belongs to something else";
    else
        b->list[b->count++] = block;
    return b->wrong ? LFS_ERR_CORRUPT : 0;
}

/* Every block knows blocks 1, 2, 4, ... before it. */
static int32_t check_pointers(struct lf *fs, struct blocks *b)
{
    for (uint32_t n = 1; n < b->count; n++)
        for (uint32_t i = 0; i <= (uint32_t)__builtin_ctz(n); i++) {
            uint8_t bytes[4];
            int32_t res = lf_read_meta(fs, 4, b->list[b->count - 1 - n], 4 * i, bytes, sizeof bytes);
            if (res)
                return res;
            if (lf_get32(bytes) != b->list[b->count - 1 - n + (1u << i)])
                b->wrong = "its blocks' pointers do not agree";
        }
    return 0;
}

/* Result: 0 also if something is wrong: then *wrong says what. */
static int32_t look_at_file(struct lf *fs, struct lf_audit *a, const uint32_t data[2], const char **wrong)
{
    struct blocks b = { fs, a->marks, malloc(fs->block_count * sizeof(uint32_t)), 0, NULL };
    if (!b.list)
        return LF_ERR_MEDIUM - THM_FS_EHOST;
    int32_t res = lf_ctz_walk(fs, NULL, data[0], data[1], take_block, &b);
    if (!res)
        res = check_pointers(fs, &b);
    if (res == LFS_ERR_CORRUPT && !b.wrong)
        b.wrong = "its blocks lead out of the volume";
    for (uint32_t i = 0; !b.wrong && i < b.count; i++) {
        if (a->marks[b.list[i]])
            b.wrong = "its blocks form a circle";
        a->marks[b.list[i]] |= LF_MARK_DATA;
    }
    free(b.list);
    *wrong = b.wrong;
    return res == LFS_ERR_CORRUPT ? 0 : res;
}

#define HALF_ORPHAN "its directory has moved, the thread does not know" /* nothing is lost: not to be dropped */

static const char *look_at_dir(const struct lf *fs, struct lf_audit *a, const uint32_t pair[2])
{
    int heads = 0;
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= fs->block_count)
            return "its directory is out of the volume";
        heads += (a->marks[pair[i]] & LF_MARK_HEAD) != 0;
        if (a->marks[pair[i]] & LF_MARK_NAMED)
            return "its directory has another name, too";
    }
    if (heads == 0)
        return "its directory is not there";
    a->marks[pair[0]] |= LF_MARK_PAIR | LF_MARK_NAMED;
    a->marks[pair[1]] |= LF_MARK_PAIR | LF_MARK_NAMED;
    return heads == 2 ? NULL : HALF_ORPHAN;
}

static int32_t look_at_entry(struct lf *fs, struct lf_audit *a, const struct lf_dir *dir, uint16_t id,
                             const uint32_t head[2])
{
    const struct lf_want name = { LF_TAG(LF_M_KIND, LF_M_ID, 0), LF_TAG(LF_T_NAME, id, 0) };
    const char *wrong = NULL;
    uint32_t data[2];
    uint8_t nothing[1];
    int32_t res = lf_get(fs, dir, name, 0, nothing, 0);
    if (res == LFS_ERR_NOENT)
        return 0; /* the superblock, or one that has just moved away */
    if (res >= 0)
        res = lf_get_struct(fs, dir, id, data);
    if (res < 0 && res != LFS_ERR_NOENT)
        return res;
    const uint32_t type = res < 0 ? 0 : lf_type((uint32_t)res);
    res = 0;
    if (type == LF_T_DIR_STRUCT)
        wrong = look_at_dir(fs, a, data);
    else if (type == LF_T_CTZ_STRUCT)
        res = look_at_file(fs, a, data, &wrong);
    else if (type != LF_T_INLINE_STRUCT)
        wrong = "it has no content";
    if (res || !wrong)
        return res;
    find_path(fs, a, dir, id, head);
    find(a, "%s: %s", a->path, wrong);
    a->found = strcmp(wrong, HALF_ORPHAN) != 0;
    a->dir = *dir;
    a->id = id;
    return 0;
}

/* ---- the thread ---- */

struct place { /* on the way along the thread */
    struct lf_dir dir;
    uint32_t head[2]; /* the directory's first pair */
};

typedef int32_t look(struct lf *fs, struct lf_audit *a, const struct place *at);

static int32_t along_thread(struct lf *fs, struct lf_audit *a, look *at_pair)
{
    struct place at = { lf_thread_start(), { 0, 1 } };
    uint32_t steps = 0;
    int32_t more;
    while ((more = lf_thread_goes_on(fs, &at.dir, &steps)) > 0) {
        if (!at.dir.split) {
            at.head[0] = at.dir.tail[0];
            at.head[1] = at.dir.tail[1];
        }
        int32_t res = lf_fetch(fs, &at.dir, at.dir.tail);
        if (!res)
            res = at_pair(fs, a, &at);
        if (res || (a->stop && a->found))
            return res;
    }
    return more;
}

static int32_t mark_pair(struct lf *fs, struct lf_audit *a, const struct place *at)
{
    (void)fs;
    const bool head = lf_pair_in_sync(at->dir.pair, at->head);
    for (int i = 0; i < 2; i++) {
        const uint32_t block = at->dir.pair[i];
        if (a->marks[block])
            find(a, "pair {%u, %u}: block %u belongs to another pair, too", at->dir.pair[0], at->dir.pair[1], block);
        a->marks[block] |= LF_MARK_PAIR | (head ? LF_MARK_HEAD : 0);
        if (at->head[0] <= 1 && at->head[1] <= 1)
            a->marks[block] |= LF_MARK_NAMED; /* the root */
    }
    return 0;
}

static int32_t look_at_entries(struct lf *fs, struct lf_audit *a, const struct place *at)
{
    int32_t res = 0;
    for (uint16_t id = 0; !res && id < at->dir.count && !(a->stop && a->found); id++)
        res = look_at_entry(fs, a, &at->dir, id, at->head);
    return res;
}

static int32_t look_for_orphan(struct lf *fs, struct lf_audit *a, const struct place *at)
{
    (void)fs;
    const uint8_t marks = a->marks[at->dir.pair[0]];
    if (!(marks & LF_MARK_HEAD) || (marks | a->marks[at->dir.pair[1]]) & LF_MARK_NAMED)
        return 0;
    a->orphans++;
    find(a, "pair {%u, %u}: a directory without a name", at->dir.pair[0], at->dir.pair[1]);
    return 0;
}

int32_t lf_audit(struct lf *fs, struct lf_audit *a)
{
    a->marks = calloc(fs->block_count, 1);
    if (!a->marks)
        return LF_ERR_MEDIUM - THM_FS_EHOST;
    int32_t res = along_thread(fs, a, mark_pair);
    if (!res)
        res = along_thread(fs, a, look_at_entries);
    if (!res && !(a->stop && a->found))
        res = along_thread(fs, a, look_for_orphan);
    return res;
}
