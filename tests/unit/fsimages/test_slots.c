/* tests/unit/fsimages/test_slots.c -- two halves of raw flash: one payload is current, whatever happens. */
#include "fsimages/crc32.h"
#include "fsimages/fs_replay.h"
#include "fsimages/media/chip.h"
#include "fsimages/slots.h"
#include "tests/unit/fsimages/strict_flash.h"

#define FS thm_fs_slots

enum { NEW = THM_FS_WRITE | THM_FS_CREATE | THM_FS_TRUNC };
enum { PARTS = sizeof strict_parts / sizeof strict_parts[0] };

struct content {
    uint32_t size, seed;
};

static const struct content first = { 1000, 1 }, second = { 2301, 2 }, third = { 1583, 3 }, none = { 0, 0 };

static bool is_content(const uint8_t *data, uint32_t len, const struct content *c)
{
    uint8_t want[4096];
    thm_replay_content(c->seed, want, c->size);
    return len == c->size && memcmp(data, want, len) == 0;
}

/* ---- plain functions ---- */

static enum thm_fs_err append_chunks(struct thm_slots_writer *w, const struct content *c, uint32_t chunk)
{
    uint8_t data[4096];
    enum thm_fs_err e = THM_FS_OK;
    thm_replay_content(c->seed, data, c->size);
    for (uint32_t at = 0; !e && at < c->size; at += chunk)
        e = thm_slots_append(w, data + at, c->size - at < chunk ? c->size - at : chunk);
    return e;
}

static enum thm_fs_err put_on(struct thm_medium *m, const struct content *c, uint32_t chunk)
{
    struct thm_slots s;
    struct thm_slots_writer w;
    struct thm_slot current, older;
    uint8_t unit[64];
    enum thm_fs_err e = thm_slots_init(&s, m);
    if (!e)
        e = thm_slots_find(&s, &current, &older);
    if (!e)
        e = thm_slots_open(&s, &current, &w, unit);
    if (!e)
        e = append_chunks(&w, c, chunk);
    return e ? e : thm_slots_commit(&w, "signature", 9);
}

static enum thm_fs_err put(struct strict_flash *f, const struct content *c, uint32_t chunk)
{
    return put_on(&f->base, c, chunk);
}

static void find(struct strict_flash *f, struct thm_slot *current, struct thm_slot *older)
{
    struct thm_slots s;
    assert_int_equal(thm_slots_init(&s, &f->base), THM_FS_OK);
    assert_int_equal(thm_slots_find(&s, current, older), THM_FS_OK);
}

/* What is in use, at a place where it can be used. */
static bool current_on(struct thm_medium *m, const struct content *c)
{
    uint8_t data[4096];
    struct thm_slots s;
    struct thm_slot current, older;
    assert_int_equal(thm_slots_init(&s, m), THM_FS_OK);
    assert_int_equal(thm_slots_find(&s, &current, &older), THM_FS_OK);
    if (current.index == THM_SLOTS_NONE)
        return c->size == 0;
    assert_int_equal(current.off % 16, 0);
    assert_int_equal(thm_medium_read(m, current.off, data, current.len), THM_FS_OK);
    return is_content(data, current.len, c);
}

static bool current_is(struct strict_flash *f, const struct content *c)
{
    return current_on(&f->base, c);
}

static void write__streams_in_any_chunks_on_every_part(void **state)
{
    static const uint32_t chunks[] = { 1, 3, 31, 33, 500, 1024, 4096 };
    (void)state;
    for (size_t p = 0; p < PARTS; p++)
        for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
            struct strict_flash f;
            struct thm_slot current, older;
            strict_init(&f, &strict_parts[p]);
            assert_int_equal(put(&f, &first, chunks[i]), THM_FS_OK);
            assert_true(current_is(&f, &first));
            assert_int_equal(put(&f, &second, chunks[i]), THM_FS_OK);
            assert_int_equal(put(&f, &third, chunks[i]), THM_FS_OK);
            assert_true(current_is(&f, &third));
            find(&f, &current, &older);
            assert_true(is_content(f.bytes + older.off, older.len, &second));
            assert_int_equal(current.sequence, 2);
            assert_int_equal(current.meta_len, 9);
            assert_memory_equal(current.meta, "signature\xFF\xFF", 11);
            strict_finish(&f);
        }
}

/* On the parts as their data sheets have them, nothing is refused and no bit is lost. */
static void write__keeps_every_part_s_rules(void **state)
{
    (void)state;
    for (size_t i = 0; thm_part_at(i); i++) {
        const struct thm_part *part = thm_part_at(i);
        struct thm_cells cells;
        struct thm_medium *m;
        struct thm_medium_counters c;
        if (part->kind == THM_PART_SD)
            continue;
        assert_int_equal(thm_cells_create(&cells, part, 0), THM_FS_OK);
        assert_int_equal(thm_chip_create(&m, part, 0, &cells, NULL), THM_FS_OK);
        for (uint32_t seed = 1; seed < 5; seed++) {
            assert_int_equal(put_on(m, &(struct content){ 3001, seed }, 123), THM_FS_OK);
            assert_true(current_on(m, &(struct content){ 3001, seed }));
        }
        thm_medium_counters(m, &c);
        assert_int_equal(c.refused, 0);
        assert_int_equal(c.blind_programs, 0);
        thm_medium_destroy(m);
        thm_cells_destroy(&cells);
    }
}

static void header__is_the_documented_bytes(void **state)
{
    struct strict_flash f;
    uint8_t want[96];
    (void)state;
    strict_init(&f, &strict_parts[2]);
    assert_int_equal(put(&f, &first, 100), THM_FS_OK);
    memset(want, 0xFF, sizeof want);
    memcpy(want, "THMS\1\0\0\0\0\0\0\0\xE8\3\0\0", 16);
    uint32_t crc = thm_crc32(0, f.bytes + 96, 1000);
    for (int i = 0; i < 4; i++)
        want[16 + i] = (uint8_t)(crc >> 8 * i);
    memcpy(want + 20, "\x09\0\0\0signature", 13);
    crc = thm_crc32(0, want, 88);
    for (int i = 0; i < 4; i++)
        want[88 + i] = (uint8_t)(crc >> 8 * i);
    assert_memory_equal(f.bytes, want, sizeof want);
    assert_int_equal(thm_crc32(0, "123456789", 9), 0xCBF43926);
    strict_finish(&f);
}

static void sequence__wraps(void **state)
{
    struct strict_flash f;
    struct thm_slots s;
    struct thm_slots_writer w;
    struct thm_slot at = { .index = 1, .sequence = UINT32_MAX - 1 }, older;
    uint8_t unit[1];
    (void)state;
    strict_init(&f, &strict_parts[0]);
    assert_int_equal(thm_slots_init(&s, &f.base), THM_FS_OK);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(thm_slots_open(&s, &at, &w, unit), THM_FS_OK);
        assert_int_equal(thm_slots_append(&w, "x", 1), THM_FS_OK);
        assert_int_equal(thm_slots_commit(&w, NULL, 0), THM_FS_OK);
        assert_int_equal(thm_slots_find(&s, &at, &older), THM_FS_OK);
        assert_int_equal(at.sequence, UINT32_MAX + i);
        assert_int_equal(at.index, i % 2);
    }
    strict_finish(&f);
}

static void append__past_the_capacity_is_refused(void **state)
{
    struct strict_flash f;
    struct thm_slots s;
    struct thm_slots_writer w;
    uint8_t unit[32], byte = 0;
    (void)state;
    strict_init(&f, &strict_parts[2]);
    assert_int_equal(thm_slots_init(&s, &f.base), THM_FS_OK);
    assert_int_equal(s.capacity, 4096 - 96);
    assert_int_equal(thm_slots_open(&s, &(struct thm_slot){ .index = THM_SLOTS_NONE }, &w, unit), THM_FS_OK);
    assert_int_equal(append_chunks(&w, &(struct content){ s.capacity, 4 }, 1000), THM_FS_OK);
    assert_int_equal(thm_slots_append(&w, &byte, 1), THM_FS_ENOSPC);
    assert_int_equal(thm_slots_commit(&w, unit, THM_SLOTS_META_MAX + 1), THM_FS_EINVAL);
    assert_int_equal(thm_slots_commit(&w, NULL, 0), THM_FS_OK);
    assert_true(current_is(&f, &(struct content){ s.capacity, 4 }));
    strict_finish(&f);
}

static void init__refuses_media_without_two_halves(void **state)
{
    struct strict_flash f;
    struct thm_slots s;
    (void)state;
    strict_init(&f, &strict_parts[0]);
    f.base.erase_count = 1;
    assert_int_equal(thm_slots_init(&s, &f.base), THM_FS_EINVAL);
    f.base.erase_count = 3;
    assert_int_equal(thm_slots_init(&s, &f.base), THM_FS_OK);
    assert_int_equal(s.half, 1024);
    strict_finish(&f);
}

static void payload__that_lost_a_bit_falls_back_to_the_older(void **state)
{
    struct strict_flash f;
    struct thm_slot current, older;
    (void)state;
    strict_init(&f, &strict_parts[0]);
    put(&f, &first, 100);
    put(&f, &second, 100);
    find(&f, &current, &older);
    f.bytes[current.off + 77] ^= 4;
    assert_true(current_is(&f, &first));
    assert_int_equal(put(&f, &third, 100), THM_FS_OK); /* over the damaged one */
    assert_true(current_is(&f, &third));
    strict_finish(&f);
}

/* ---- power ---- */

/* Something that changes what is current from old to new. */
struct change {
    const char *name;
    enum thm_fs_err (*run)(struct strict_flash *f);
    const struct content *old, *new;
};

static enum thm_fs_err put_third(struct strict_flash *f)
{
    return put(f, &third, 700);
}

static enum thm_fs_err go_back(struct strict_flash *f)
{
    struct thm_fs *fs;
    int32_t res = FS.mount(&fs, &f->base, &(struct thm_fs_config){ 0 }, NULL);
    if (res)
        return thm_fs_code_kind(FS.codes, res);
    res = FS.rename(fs, "model.old", "model");
    FS.unmount(fs);
    return thm_fs_code_kind(FS.codes, res);
}

static enum thm_fs_err remove_model(struct strict_flash *f)
{
    struct thm_fs *fs;
    int32_t res = FS.mount(&fs, &f->base, &(struct thm_fs_config){ 0 }, NULL);
    if (res)
        return thm_fs_code_kind(FS.codes, res);
    res = FS.remove(fs, "model");
    FS.unmount(fs);
    return thm_fs_code_kind(FS.codes, res);
}

static const struct change changes[] = {
    { "a third payload", put_third, &second, &third },
    { "back to the first", go_back, &second, &first },
    { "no payload", remove_model, &second, &none },
};

/* true: the change was done before the cut. */
static bool cut_change(const struct strict_part *part, const struct change *c, uint32_t n, enum cut cut)
{
    struct strict_flash f;
    strict_init(&f, part);
    assert_int_equal(put(&f, &first, 700), THM_FS_OK);
    assert_int_equal(put(&f, &second, 700), THM_FS_OK);
    strict_arm(&f, n, cut);
    enum thm_fs_err e = c->run(&f);
    assert_true(e == THM_FS_OK || e == THM_FS_EPOWER);
    strict_power_on(&f);
    if (!current_is(&f, c->new) && (e == THM_FS_OK || !current_is(&f, c->old)))
        fail_msg("%s, %s: cut %d at %u loses the payload", part->name, c->name, (int)cut, (unsigned)n);
    assert_int_equal(put(&f, &first, 300), THM_FS_OK);
    assert_true(current_is(&f, &first));
    strict_finish(&f);
    return e == THM_FS_OK;
}

static void power__cut_anywhere_leaves_the_old_or_the_new(void **state)
{
    (void)state;
    for (size_t p = 0; p < PARTS; p++)
        for (size_t c = 0; c < sizeof changes / sizeof changes[0]; c++)
            for (int cut = 0; cut < CUTS; cut++) {
                uint32_t n = 0;
                while (!cut_change(&strict_parts[p], &changes[c], n, (enum cut)cut))
                    n++;
                assert_true(n >= 1);
            }
}

/* The first payload ever: none or it. */
static void power__cut_in_the_first_write_leaves_nothing_or_all(void **state)
{
    (void)state;
    for (size_t p = 0; p < PARTS; p++)
        for (int cut = 0; cut < CUTS; cut++) {
            enum thm_fs_err e = THM_FS_EPOWER;
            for (uint32_t n = 0; e; n++) {
                struct strict_flash f;
                strict_init(&f, &strict_parts[p]);
                strict_arm(&f, n, (enum cut)cut);
                e = put(&f, &first, 700);
                strict_power_on(&f);
                assert_true(current_is(&f, &first) || (e && current_is(&f, &none)));
                strict_finish(&f);
            }
        }
}

/* ---- as a file system ---- */

struct volume {
    struct strict_flash flash;
    struct thm_fs *fs;
};

static int setup(void **state)
{
    struct volume *v = *state = malloc(sizeof *v);
    strict_init(&v->flash, &strict_parts[1]);
    assert_int_equal(FS.format(&v->flash.base, &(struct thm_fs_config){ 0 }, NULL), 0);
    assert_int_equal(FS.mount(&v->fs, &v->flash.base, &(struct thm_fs_config){ 0 }, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    struct volume *v = *state;
    FS.unmount(v->fs);
    strict_finish(&v->flash);
    free(v);
    return 0;
}

static int32_t store(struct volume *v, const struct content *c)
{
    uint8_t data[4096];
    thm_replay_content(c->seed, data, c->size);
    int32_t fd = FS.open(v->fs, "model", NEW);
    if (fd < 0)
        return fd;
    int32_t n = FS.write(v->fs, fd, data, c->size), closed = FS.close(v->fs, fd);
    return n < 0 ? n : closed;
}

static bool holds(struct volume *v, const char *name, const struct content *c)
{
    uint8_t data[4096];
    int32_t fd = FS.open(v->fs, name, THM_FS_READ);
    if (fd < 0)
        return false;
    int32_t n = FS.read(v->fs, fd, data, sizeof data);
    FS.close(v->fs, fd);
    return n >= 0 && is_content(data, (uint32_t)n, c);
}

static int32_t join_name(void *ctx, const struct thm_fs_stat *st)
{
    strcat(strcat(ctx, st->name), st->read_only ? "! " : " ");
    return 0;
}

static void files__are_the_model_and_the_one_before(void **state)
{
    struct volume *v = *state;
    struct thm_fs_usage u;
    char listed[100] = "";
    uint64_t off;
    uint32_t len;
    assert_int_equal(thm_fs_probe(&v->flash.base, &(struct thm_fs_config){ 0 }) == &FS, 1);
    assert_int_equal(FS.list(v->fs, "", join_name, listed), 0);
    assert_string_equal(listed, "");
    assert_int_equal(store(v, &first), 0);
    assert_int_equal(store(v, &second), 0);
    assert_int_equal(FS.list(v->fs, "", join_name, listed), 0);
    assert_string_equal(listed, "model model.old! ");
    assert_true(holds(v, "model", &second));
    assert_true(holds(v, "model.old", &first));
    assert_int_equal(FS.usage(v->fs, &u), 0);
    assert_int_equal(u.total, 4096 - 96);
    assert_int_equal(u.used, second.size);
    assert_int_equal(FS.extent(v->fs, "model", &off, &len), 0);
    assert_true(is_content(v->flash.bytes + off, len, &second));
    assert_int_equal(FS.rename(v->fs, "model.old", "model"), 0);
    assert_true(holds(v, "model", &first));
    assert_int_equal(FS.remove(v->fs, "model"), 0);
    assert_false(holds(v, "model", &first));
    assert_true(holds(v, "model.old", &first));
    assert_int_equal(FS.remove(v->fs, "model.old"), 0);
    assert_int_equal(FS.remove(v->fs, "model.old"), -THM_FS_ENOENT);
    assert_int_equal(FS.check(v->fs, false, NULL, NULL), 0);
}

static void write__that_fails_keeps_the_model(void **state)
{
    struct volume *v = *state;
    uint8_t data[2500] = { 0 };
    store(v, &first);
    int32_t fd = FS.open(v->fs, "model", NEW);
    assert_int_equal(FS.write(v->fs, fd, data, 2500), 2500);
    assert_int_equal(FS.write(v->fs, fd, data, 2500), -THM_FS_ENOSPC);
    assert_string_equal(thm_fs_code_name(FS.codes, -THM_FS_ENOSPC), "ENOSPC");
    assert_int_equal(FS.write(v->fs, fd, data, 1), -THM_FS_ENOSPC);
    assert_int_equal(FS.close(v->fs, fd), -THM_FS_ENOSPC);
    assert_true(holds(v, "model", &first));
}

static void open__refuses_what_slots_cannot_do(void **state)
{
    struct volume *v = *state;
    store(v, &first);
    store(v, &second);
    static const struct {
        const char *name;
        int flags, res;
    } table[] = {
        { "other", NEW, -THM_FS_EINVAL },
        { "other", THM_FS_READ, -THM_FS_ENOENT },
        { "model.old", NEW, -THM_FS_EINVAL },
        { "model", THM_FS_WRITE, -THM_FS_EINVAL },
        { "model", NEW | THM_FS_APPEND, -THM_FS_EINVAL },
        { "model", NEW | THM_FS_EXCL, -THM_FS_EEXIST },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_int_equal(FS.open(v->fs, table[i].name, table[i].flags), table[i].res);
    int32_t old = FS.open(v->fs, "model.old", THM_FS_READ);
    assert_int_equal(FS.open(v->fs, "model", NEW), -THM_FS_EINVAL); /* it would go under the reader */
    FS.close(v->fs, old);
    int32_t fd = FS.open(v->fs, "model", NEW);
    assert_true(fd >= 0);
    assert_int_equal(FS.open(v->fs, "model", NEW), -THM_FS_EINVAL);
    assert_int_equal(FS.seek(v->fs, fd, 5, THM_FS_SET), -THM_FS_EINVAL);
    assert_int_equal(FS.sync(v->fs, fd), -THM_FS_EINVAL);
    assert_int_equal(FS.truncate(v->fs, "model", 3), -THM_FS_EINVAL);
    assert_true(holds(v, "model", &second)); /* while the next one is being written */
}

static void check__tells_damage_and_clears_it(void **state)
{
    struct volume *v = *state;
    struct thm_fs_map map;
    store(v, &first);
    store(v, &second);
    v->flash.bytes[200] ^= 1; /* the older one: after format, payloads go to the halves 1, 0 */
    assert_int_equal(FS.check(v->fs, false, NULL, NULL), 1);
    assert_int_equal(FS.map(v->fs, &map), 0);
    assert_memory_equal(map.states, "b#", 2);
    free(map.states);
    assert_int_equal(FS.check(v->fs, true, NULL, NULL), 1);
    assert_int_equal(FS.check(v->fs, true, NULL, NULL), 0);
    assert_true(holds(v, "model", &first));
}

static void mount__takes_erased_flash_but_nothing_foreign(void **state)
{
    struct volume *v = *state;
    struct thm_fs_config c = { 0 };
    struct thm_fs *fs;
    memset(v->flash.bytes, 0xFF, 8192);
    assert_int_equal(FS.mount(&fs, &v->flash.base, &c, NULL), 0);
    FS.unmount(fs);
    memset(v->flash.bytes, 0x20, 8192);
    assert_int_equal(FS.mount(&fs, &v->flash.base, &c, NULL), -THM_FS_EFORMAT);
    assert_null(fs);
    memset(v->flash.bytes + 4096, 0xFF, 96); /* as after a first write that was cut */
    assert_int_equal(FS.mount(&fs, &v->flash.base, &c, NULL), 0);
    FS.unmount(fs);
}

static void *no_memory(void *ctx, uint32_t bytes, const char *what)
{
    assert_non_null(what);
    *(uint32_t *)ctx = bytes;
    return NULL;
}

static void memory__is_one_program_unit(void **state)
{
    struct volume *v = *state;
    struct thm_fs *fs;
    uint32_t asked = 0;
    const struct thm_fs_memory mem = { &asked, no_memory, NULL };
    assert_int_equal(FS.mount(&fs, &v->flash.base, &(struct thm_fs_config){ 0 }, &mem), -THM_FS_ENOMEM);
    assert_null(fs);
    assert_int_equal(asked, 4);
    assert_int_equal(FS.format(&v->flash.base, &(struct thm_fs_config){ 0 }, &mem), -THM_FS_ENOMEM);
}

/* ---- notes ---- */

static int32_t add_note(struct volume *v, const char *text)
{
    int32_t fd = FS.open(v->fs, "model", THM_FS_WRITE | THM_FS_APPEND);
    int32_t n = fd < 0 ? fd : FS.write(v->fs, fd, text, (uint32_t)strlen(text));
    if (fd >= 0)
        assert_int_equal(FS.close(v->fs, fd), 0);
    return n;
}

static bool notes_are(struct volume *v, const char *name, uint32_t behind, const char *text)
{
    char data[THM_SLOTS_NOTES_BYTES + 1] = "";
    int32_t fd = FS.open(v->fs, name, THM_FS_READ);
    assert_int_equal(FS.seek(v->fs, fd, behind, THM_FS_SET), behind);
    const int32_t n = FS.read(v->fs, fd, data, sizeof data);
    FS.close(v->fs, fd);
    return n == (int32_t)strlen(text) && memcmp(data, text, strlen(text)) == 0;
}

static void notes__are_behind_their_payload_and_go_with_it(void **state)
{
    struct volume *v = *state;
    assert_int_equal(add_note(v, "x"), -THM_FS_EINVAL); /* there is no model */
    store(v, &first);
    assert_int_equal(add_note(v, "started "), 8);
    assert_int_equal(add_note(v, "confirmed"), 9);
    assert_int_equal(add_note(v, "longer than a note"), -THM_FS_EINVAL);
    assert_true(notes_are(v, "model", first.size, "started confirmed"));
    store(v, &second);
    assert_true(notes_are(v, "model", second.size, ""));
    assert_true(notes_are(v, "model.old", first.size, "started confirmed"));
    assert_int_equal(add_note(v, "on trial"), 8);
    assert_int_equal(FS.rename(v->fs, "model.old", "model"), 0);
    assert_true(notes_are(v, "model", first.size, "started confirmed"));
    store(v, &second); /* in the same half, with the same sequence number as before */
    assert_true(notes_are(v, "model", second.size, ""));
    assert_true(holds(v, "model", &second));
}

static void notes__have_an_end(void **state)
{
    struct volume *v = *state;
    store(v, &first);
    for (int i = 0; i < THM_SLOTS_NOTES; i++)
        assert_int_equal(add_note(v, "n"), 1);
    assert_int_equal(add_note(v, "n"), -THM_FS_ENOSPC);
    assert_true(notes_are(v, "model", first.size, "nnnnnnnn"));
}

static void note__cut_anywhere_is_there_or_not(void **state)
{
    (void)state;
    for (size_t p = 0; p < PARTS; p++)
        for (int cut = 0; cut < CUTS; cut++) {
            struct strict_flash f;
            struct thm_slots s;
            struct thm_slot current, older;
            uint8_t unit[64], notes[THM_SLOTS_NOTES_BYTES];
            uint32_t len;
            strict_init(&f, &strict_parts[p]);
            assert_int_equal(put(&f, &first, 700), THM_FS_OK);
            assert_int_equal(thm_slots_init(&s, &f.base), THM_FS_OK);
            find(&f, &current, &older);
            strict_arm(&f, 0, (enum cut)cut);
            (void)thm_slots_add_note(&s, &current, "one", 3, unit);
            strict_power_on(&f);
            assert_int_equal(thm_slots_notes(&s, &current, notes, &len), THM_FS_OK);
            assert_true(len == 0 || (len == 3 && memcmp(notes, "one", 3) == 0));
            assert_true(current_is(&f, &first));
            assert_int_equal(thm_slots_add_note(&s, &current, "two", 3, unit), THM_FS_OK);
            assert_int_equal(thm_slots_notes(&s, &current, notes, &len), THM_FS_OK);
            assert_true(len >= 3 && memcmp(notes + len - 3, "two", 3) == 0);
            strict_finish(&f);
        }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write__streams_in_any_chunks_on_every_part),
        cmocka_unit_test(write__keeps_every_part_s_rules),
        cmocka_unit_test(header__is_the_documented_bytes),
        cmocka_unit_test(sequence__wraps),
        cmocka_unit_test(append__past_the_capacity_is_refused),
        cmocka_unit_test(init__refuses_media_without_two_halves),
        cmocka_unit_test(payload__that_lost_a_bit_falls_back_to_the_older),
        cmocka_unit_test(power__cut_anywhere_leaves_the_old_or_the_new),
        cmocka_unit_test(power__cut_in_the_first_write_leaves_nothing_or_all),
        T(files__are_the_model_and_the_one_before),
        T(write__that_fails_keeps_the_model),
        T(open__refuses_what_slots_cannot_do),
        T(check__tells_damage_and_clears_it),
        T(mount__takes_erased_flash_but_nothing_foreign),
        T(memory__is_one_program_unit),
        T(notes__are_behind_their_payload_and_go_with_it),
        T(notes__have_an_end),
        cmocka_unit_test(note__cut_anywhere_is_there_or_not),
    };
    return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
