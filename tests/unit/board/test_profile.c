/* Profiles: what ships loads and fits together; every kind of wrong file gives one line that names its place. */
#include "tests/testing.h"
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include "emu/board/profile.h"

static char dir[] = "/tmp/thimble-profile-XXXXXX";
static char path[64];

static const char base_text[] = "name: tiny\n"
                                "title: A board for tests\n"
                                "cores:\n"
                                "  - name: app\n"
                                "    isa: cortex-m4\n"
                                "    layout: cortex_m\n"
                                "    clock_hz: 64000000\n"
                                "    kernels: cmsis-nn\n"
                                "memory:\n"
                                "  - {name: low, base: 0x10000000, size: 65536}\n"
                                "  - {name: high, base: 0x20000000, size: 0x8000, use: everything else}\n"
                                "allocator:\n"
                                "  name: esp_multi_heap_tlsf\n"
                                "  on_failure: \"null\"\n"
                                "heaps:\n"
                                "  - {name: h0, type: RAM, base: 0x10001000, size: 4096}\n"
                                "  - {name: h1, type: RAM, base: 0x20000000, size: 8192, at_startup: true}\n"
                                "taken:\n"
                                "  - {name: radio, bytes: 1600, count: 8, caps: dma, when: network}\n"
                                "flash:\n"
                                "  part: W25Q16JV\n"
                                "  size: 0x200000\n"
                                "  window: 0x08000000\n"
                                "  partitions:\n"
                                "    - {name: app, type: app, subtype: factory, offset: 0x10000, size: 0x100000}\n"
                                "    - {name: files, type: data, subtype: spiffs, offset: 0x110000, size: 0xF0000}\n"
                                "storage:\n"
                                "  - {name: spiffs, fs: spiffs, partition: files, page_size: 256, block_size: 4096}\n"
                                "network:\n"
                                "  link: wifi-esp32-air\n"
                                "  tls: mbedtls\n"
                                "  tls_in_content: 16384\n"
                                "  tls_out_content: 4096\n"
                                "  chunk: 1024\n"
                                "task:\n"
                                "  name: main\n"
                                "  stack: 4096\n"
                                "  overflow: silent\n";

static void write_profile(const void *data, size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* base_text with the first `find` replaced; malloc'ed. */
static char *changed(const char *find, const char *replace)
{
    const char *at = strstr(base_text, find);
    char *text = NULL;
    if (!at)
        fail_msg("the base text has no '%s'", find);
    assert_true(asprintf(&text, "%.*s%s%s", (int)(at - base_text), base_text, replace, at + strlen(find)) > 0);
    return text;
}

static unsigned line_of(const char *text, const char *marker)
{
    const char *at = strstr(text, marker);
    unsigned line = 1;
    if (!at)
        fail_msg("the changed text has no '%s'", marker);
    for (const char *p = text; p < at; p++)
        line += *p == '\n';
    return line;
}

/* The profile is refused with one line that starts "path:line: key: ". The rest is returned; *error is to be freed. */
static const char *refused(unsigned line, const char *key, char **error)
{
    struct thm_profile *p = (struct thm_profile *)1;
    char start[160];
    assert_int_equal(thm_profile_load(path, &p, error), 2);
    assert_null(p);
    assert_non_null(*error);
    assert_null(strchr(*error, '\n'));
    snprintf(start, sizeof start, "%s:%u: %s%s", path, line, key, *key ? ": " : "");
    if (strncmp(*error, start, strlen(start)) != 0)
        fail_msg("expected '%s...', got '%s'", start, *error);
    return *error + strlen(start);
}

/* -- what ships --------------------------------------------------------------------------------------------------- */

static void shipped_board__each_loads_and_has_its_files_name(void **state)
{
    (void)state;
    char **names = thm_profile_names("boards");
    size_t n = 0;
    assert_non_null(names);
    for (; names[n]; n++) {
        struct thm_profile *p;
        char *error;
        if (thm_profile_load(names[n], &p, &error) != 0)
            fail_msg("%s", error);
        assert_string_equal(p->name, names[n]);
        thm_profile_free(p);
    }
    assert_true(n >= 3);
    thm_profile_names_free(names);
}

static void shipped_link__each_loads_and_has_its_files_name(void **state)
{
    (void)state;
    char **names = thm_profile_names("links");
    size_t n = 0;
    assert_non_null(names);
    for (; names[n]; n++) {
        struct thm_profile_link *l;
        char *error;
        if (thm_profile_link_load(names[n], &l, &error) != 0)
            fail_msg("%s", error);
        assert_string_equal(l->name, names[n]);
        thm_profile_link_free(l);
    }
    assert_true(n >= 10);
    thm_profile_names_free(names);
}

static void names__are_sorted_and_unique(void **state)
{
    (void)state;
    char **names = thm_profile_names("links");
    assert_non_null(names);
    for (size_t i = 1; names[i]; i++)
        assert_true(strcmp(names[i - 1], names[i]) < 0);
    thm_profile_names_free(names);
}

static void esp32_s3__internal_heap_is_what_the_board_reports(void **state)
{
    (void)state;
    struct thm_profile *p;
    char *error;
    uint64_t sum = 0;
    assert_int_equal(thm_profile_load("esp32-s3", &p, &error), 0);
    for (unsigned i = 0; i < p->heaps_count; i++)
        sum += p->heaps[i].size;
    assert_int_equal(sum, 397676); /* arduino-esp32 pull request 8282: internal memory, total size */
    thm_profile_free(p);
}

/* -- a good profile ----------------------------------------------------------------------------------------------- */

static void load__fills_every_kind_of_value(void **state)
{
    (void)state;
    struct thm_profile *p;
    char *error;
    write_profile(base_text, strlen(base_text));
    if (thm_profile_load(path, &p, &error) != 0)
        fail_msg("%s", error);
    assert_string_equal(p->title, "A board for tests");
    assert_int_equal(p->cores[0].clock_hz, 64000000);
    assert_string_equal(p->cores[0].kernels, "cmsis-nn");
    assert_string_equal(p->core->name, "cortex-m4");
    assert_int_equal(p->memory_count, 2);
    assert_int_equal(p->memory[1].base, 0x20000000);
    assert_int_equal(p->memory[1].size, 0x8000);
    assert_null(p->memory[0].use);
    assert_string_equal(p->memory[1].use, "everything else");
    assert_string_equal(p->allocator.on_failure, "null");
    assert_int_equal(p->allocator.internal_limit, 0);
    assert_false(p->heaps[0].at_startup);
    assert_true(p->heaps[1].at_startup);
    assert_int_equal(p->taken[0].count, 8);
    assert_string_equal(p->flash.partitions[1].name, "files");
    assert_int_equal(p->flash.partitions[1].size, 0xF0000);
    assert_int_equal(p->storage[0].block_size, 4096);
    assert_int_equal(p->network.tls_out_content, 4096);
    assert_false(p->network.tls_keep_peer_certificate);
    thm_profile_free(p);
}

static void load__optional_lists_may_be_absent(void **state)
{
    (void)state;
    struct thm_profile *p;
    char *error, *text = changed("taken:\n  - {name: radio, bytes: 1600, count: 8, caps: dma, when: network}\n", "");
    write_profile(text, strlen(text));
    assert_int_equal(thm_profile_load(path, &p, &error), 0);
    assert_int_equal(p->taken_count, 0);
    thm_profile_free(p);
    free(text);
}

/* -- wrong ones --------------------------------------------------------------------------------------------------- */

struct wrong {
    const char *find, *replace; /* what is done to base_text */
    const char *marker;         /* stands on the line that the message has to name, first there */
    const char *key, *expectation;
};

static const struct wrong wrongs[] = {
    /* keys */
    { "title: A board", "titel: A board", "titel:", "titel", "unknown key, expected one of name, title, cores" },
    { "size: 65536}", "size: 65536, speed: 3}", "name: low", "memory[0].speed", "unknown key" },
    { "title: A board", "{a: 1}: A board", "{a: 1}", "?", "unknown key" },
    { "title: A board for tests\n", "", "name: tiny", "title", "missing key 'title', expected a text" },
    { "    isa: cortex-m4\n", "", "- name: app", "cores[0].isa", "missing key 'isa'" },
    { "  stack: 4096\n", "", "name: main", "task.stack", "missing key 'stack', expected a number" },
    { "title: A board", "name: twice\ntitle: A board", "name: twice", "name", "repeated key" },
    /* types */
    { "size: 65536}", "size: -1}", "size: -1", "memory[0].size", "expected a number from 0 to 4294967295, found '-1'" },
    { "size: 65536}", "size: 64K}", "size: 64K", "memory[0].size", "found '64K'" },
    { "size: 65536}", "size: 4294967296}", "size: 429", "memory[0].size", "found '4294967296'" },
    { "size: 65536}", "size: 0200000}", "size: 02", "memory[0].size", "expected a number" },
    { "size: 65536}", "size: 0x}", "size: 0x}", "memory[0].size", "expected a number" },
    { "size: 65536}", "size: \"65536\\0\"}", "size: \"6", "memory[0].size", "expected a number" },
    { "size: 65536}", "size: 1.5}", "size: 1.5", "memory[0].size", "expected a number" },
    { "size: 65536}", "size: }", "size: }", "memory[0].size", "found nothing" },
    { "size: 65536}", "size: [1]}", "size: [1]", "memory[0].size",
      "expected a number from 0 to 4294967295, found a list" },
    { "clock_hz: 64000000", "clock_hz: 18446744073709551616", "clock_hz", "cores[0].clock_hz", "expected a number" },
    { "at_startup: true", "at_startup: maybe", "maybe", "heaps[1].at_startup",
      "expected true or false, found 'maybe'" },
    { "A board for tests", "''", "title:", "title", "expected a text" },
    { "A board for tests", "\"a\\x1b[31m\"", "title:", "title", "expected a text" },
    { "A board for tests", "\"a\\Nb\"", "title:", "title", "expected a text" },
    { "A board for tests", "\"a\\0b\"", "title:", "title", "expected a text" },
    { "A board for tests", "!!int 5", "title:", "title", "without a tag" },
    { "task:\n  name: main\n  stack: 4096\n  overflow: silent\n", "task: main\n", "task:", "task",
      "expected keys with values, found a single value" },
    { "cores:\n  - name: app\n", "cores:\n    name: app\n", "name: app", "cores",
      "expected a list of 1 to 64 entries, found keys" },
    { "  - {name: low, base: 0x10000000, size: 65536}\n  - {name: high, base: 0x20000000, size: 0x8000, use: "
      "everything else}\n",
      "  []\n", "[]", "memory", "expected a list of 1 to 64 entries, found 0" },
    /* YAML */
    { "name: low, base: 0x10000000", "name: &n low, base: *n", "&n low", "memory[0].base", "alias" },
    { "title: A board for tests", "title: [A board", "cores:", "", "not YAML" },
    { "title: A board for tests", "title: a\n\tb: c", "\tb: c", "", "not YAML" },
    { "title: A board for tests", "title: *nowhere", "*nowhere", "", "not YAML" },
    { "chunk: 1024\n", "chunk: 1024\n---\nname: other\n", "name: other", "", "a second document" },
    /* the whole */
    { "clock_hz: 64000000", "clock_hz: 0", "clock_hz", "cores[0].clock_hz", "expected 1 to 10000000000, found 0" },
    { "isa: cortex-m4", "isa: z80", "isa: z80", "cores[0].isa", "unknown core 'z80'" },
    { "kernels: cmsis-nn", "kernels: esp-nn", "esp-nn", "cores[0].kernels", "found 'esp-nn'" },
    { "base: 0x20000000, size: 0x8000", "base: 0x1000FFFF, size: 0x8000", "name: high", "memory[1].base",
      "0x1000ffff + 32768 overlaps memory[0] 'low' at 0x10000000 + 65536" },
    { "base: 0x20000000, size: 0x8000", "base: 0xFFFFFFFF, size: 0x8000", "name: high", "memory[1].size",
      "32-bit address" },
    { "size: 65536}", "size: 0}", "name: low", "memory[0].size", "expected at least 1 byte" },
    { "name: high", "name: low", "0x8000", "memory[1].name", "expected a name of its own" },
    { "base: 0x10001000, size: 4096", "base: 0x1000F001, size: 4096", "name: h0", "heaps[0].base",
      "0x1000f001 + 4096 is outside every memory bank" },
    { "base: 0x10001000, size: 4096", "base: 0x10001000, size: 0xFFFFFFFF", "name: h0", "heaps[0].base",
      "outside every" },
    { "base: 0x20000000, size: 8192", "base: 0x10001FFF, size: 8192", "name: h1", "heaps[1].base",
      "overlaps heaps[0] 'h0'" },
    { "on_failure: \"null\"", "on_failure: shrug", "shrug", "allocator.on_failure",
      "expected one of null, panic, mbed_fatal, abort, overrun, kill, found 'shrug'" },
    { "on_failure: \"null\"", "on_failure: \"null\"\n  on_new_failure: shrug", "shrug", "allocator.on_new_failure",
      "expected one of null" },
    { "allocator:\n", "statics:\n  - {name: bss, base: 0x10000FFC, size: 8}\nallocator:\n", "name: h0", "heaps[0].base",
      "overlaps statics[0] 'bss'" },
    { "allocator:\n", "statics:\n  - {name: bss, base: 0x30000000, size: 8}\nallocator:\n", "name: bss",
      "statics[0].base", "outside every memory bank" },
    { "allocator:\n", "statics:\n  - {name: bss, base: 0x10000000, size: 0}\nallocator:\n", "name: bss",
      "statics[0].size", "expected at least 1 byte" },
    { "overflow: silent", "overflow: silent\n  stack_top: 0x20009000", "stack_top", "task.stack_top",
      "0x20008000 + 4096 is outside every memory bank" },
    { "overflow: silent", "overflow: silent\n  stack_top: 0x100", "stack_top", "task.stack_top",
      "expected at least the stack's 4096 bytes" },
    { "overflow: silent", "overflow: silent\n  stack_top: 0x20002000", "stack_top", "task.stack_top",
      "shares memory with heaps[1] 'h1'" },
    { "overflow: silent", "overflow: mpu\n  stack_top: 0x20003800", "stack_top", "task.stack_top",
      "heaps[1] 'h1' ends less than 4096 bytes below" },
    { "window: 0x08000000", "program_offset: 4096\n  program_size: 0x200000", "program_size", "flash.program_size",
      "ends past the flash's 0x200000 bytes" },
    { "window: 0x08000000", "program_size: 4096\n  program_image: 4097", "program_image", "flash.program_image",
      "expected at most the 4096 bytes" },
    { "window: 0x08000000", "program_size: 4096\n  program_base: 0x0FFFF001", "program_base", "flash.program_base",
      "overlaps memory[0] 'low'" },
    { "when: network", "when: never", "never", "taken[0].when", "expected one of boot, network, found 'never'" },
    { "caps: dma", "caps: fast", "caps: fast", "taken[0].caps", "expected one of default, internal, dma, spiram" },
    { "count: 8", "count: 0", "count: 0", "taken[0].count", "expected 1 to 10000, found 0" },
    { "bytes: 1600", "bytes: 0", "bytes: 0", "taken[0].bytes", "expected 1 to" },
    { "stack: 4096", "stack: 8", "stack: 8", "task.stack", "expected 256 to" },
    { "overflow: silent", "overflow: loud", "loud", "task.overflow", "expected one of canary, mpu, silent" },
    { "size: 0x200000", "size: 0x200001", "0x200001", "flash.size", "expected a multiple of 4096" },
    { "size: 0xF0000}", "size: 0xF1000}", "name: files", "flash.partitions[1].size",
      "ends past the flash's 0x200000 bytes" },
    { "offset: 0x110000, size: 0xF0000", "offset: 0xFFFFF000, size: 0x1000", "name: files", "flash.partitions[1].size",
      "ends past the flash" },
    { "offset: 0x110000, size: 0xF0000", "offset: 0x10F000, size: 0xF0000", "name: files", "flash.partitions[1].offset",
      "overlaps flash.partitions[0] 'app'" },
    { "offset: 0x110000", "offset: 0x110800", "0x110800", "flash.partitions[1].offset",
      "expected a multiple of 4096, found 0x110800" },
    { "size: 0xF0000}", "size: 0xF0001}", "0xF0001", "flash.partitions[1].size", "expected a multiple of 4096" },
    { "type: app, subtype", "type: code, subtype", "type: code", "flash.partitions[0].type",
      "expected one of app, data" },
    { "window: 0x08000000", "window: 0x0FF00000", "window", "flash.window", "overlaps memory[0] 'low'" },
    { "window: 0x08000000", "window: 0xFFF00000", "window", "flash.window", "32-bit address" },
    { "partition: files", "partition: nowhere", "nowhere", "storage[0].partition",
      "expected the name of a partition, found 'nowhere'" },
    { "block_size: 4096", "block_size: 4097", "4097", "storage[0].block_size",
      "expected a multiple of the page size 256" },
    { "tls: mbedtls", "tls: homemade", "homemade", "network.tls", "expected one of mbedtls, bearssl, none" },
    { "tls_in_content: 16384", "tls_in_content: 16385", "16385", "network.tls_in_content", "expected 512 to 16384" },
    { "tls_out_content: 4096\n", "tls_keep_peer_certificate: false\n", "link: wifi", "network.tls_out_content",
      "found 0" },
    { "chunk: 1024", "chunk: 0", "chunk: 0", "network.chunk", "expected 1 to" },
    { "link: wifi-esp32-air", "link: pigeon", "pigeon", "network.link", "unknown link 'pigeon'" },
};

static void wrong_profile__is_refused_with_one_line_naming_place_key_and_expectation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const struct wrong *w = &wrongs[i];
        char *error, *text = changed(w->find, w->replace);
        write_profile(text, strlen(text));
        const char *rest = refused(line_of(text, w->marker), w->key, &error);
        if (!strstr(rest, w->expectation))
            fail_msg("case %zu: expected '%s' in '%s'", i, w->expectation, error);
        free(error);
        free(text);
    }
}

static void every_prefix__of_a_profile_is_refused_with_one_line(void **state)
{
    (void)state;
    size_t complete = strlen(base_text) - strlen("t\n"); /* what follows may be a whole profile */
    for (size_t len = 0; len < complete; len += 7) {
        struct thm_profile *p;
        char *error;
        write_profile(base_text, len);
        assert_int_equal(thm_profile_load(path, &p, &error), 2);
        assert_null(p);
        assert_null(strchr(error, '\n'));
        assert_memory_equal(error, path, strlen(path));
        free(error);
    }
}

static void damaged_bytes__never_crash_and_give_one_line(void **state)
{
    (void)state;
    uint32_t x = 12345;
    size_t len = strlen(base_text);
    char *text = malloc(len);
    for (unsigned round = 0; round < 300; round++) {
        memcpy(text, base_text, len);
        for (unsigned k = 0; k < 3; k++) {
            x = x * 1664525u + 1013904223u;
            text[(x >> 8) % len] = (char)(x >> 24);
        }
        struct thm_profile *p;
        char *error;
        write_profile(text, len);
        int status = thm_profile_load(path, &p, &error);
        assert_true(status == 0 || status == 2);
        assert_true((status == 0) == (p != NULL) && (status == 0) == (error == NULL));
        if (error)
            assert_null(strchr(error, '\n'));
        thm_profile_free(p);
        free(error);
    }
    free(text);
}

static void list__of_65_entries_is_refused(void **state)
{
    (void)state;
    char *entries = calloc(66, 80), *error;
    for (unsigned i = 0; i < 65; i++)
        sprintf(entries + strlen(entries), "  - {name: t%u, bytes: 16, count: 1, when: boot}\n", i);
    char *text = changed("  - {name: radio, bytes: 1600, count: 8, caps: dma, when: network}\n", entries);
    write_profile(text, strlen(text));
    assert_non_null(strstr(refused(line_of(text, "- {name: t0"), "taken", &error), "up to 64 entries, found 65"));
    free(error);
    free(text);
    free(entries);
}

static void text__of_201_bytes_is_refused(void **state)
{
    (void)state;
    char title[256] = "title: ", *error;
    memset(title + 7, 'x', 201);
    char *text = changed("title: A board for tests", title);
    write_profile(text, strlen(text));
    assert_non_null(strstr(refused(2, "title", &error), "expected a text of 1 to 200"));
    free(error);
    free(text);
}

static void depth__of_a_million_is_refused_at_once(void **state)
{
    (void)state;
    size_t len = 1 << 20;
    char *text = malloc(len), *error;
    memcpy(text, "name: ", 6);
    memset(text + 6, '[', len - 6);
    write_profile(text, len);
    assert_non_null(strstr(refused(1, "", &error), "nested too deeply"));
    free(error);
    free(text);
}

static void file__above_a_megabyte_is_refused(void **state)
{
    (void)state;
    struct thm_profile *p;
    char *error, *text = malloc((1 << 20) + 1);
    memset(text, '#', (1 << 20) + 1);
    write_profile(text, (1 << 20) + 1);
    assert_int_equal(thm_profile_load(path, &p, &error), 2);
    assert_non_null(strstr(error, path));
    assert_non_null(strstr(error, "more than 1048576 bytes"));
    free(error);
    free(text);
}

static void file__that_is_none_is_refused(void **state)
{
    (void)state;
    struct thm_profile *p;
    char *error, fifo[80];
    assert_int_equal(thm_profile_load(dir, &p, &error), 2);
    free(error);
    snprintf(fifo, sizeof fifo, "%s/fifo.yaml", dir);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(thm_profile_load(fifo, &p, &error), 2);
    assert_non_null(strstr(error, "not a regular file"));
    free(error);
    unlink(fifo);
}

static void empty_file__is_refused(void **state)
{
    (void)state;
    static const char *const empty[] = { "", "# only a remark\n", "---\n...\n", "~\n", "- a\n", "word\n" };
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        struct thm_profile *p;
        char *error;
        write_profile(empty[i], strlen(empty[i]));
        assert_int_equal(thm_profile_load(path, &p, &error), 2);
        assert_null(p);
        assert_non_null(strstr(error, "expected keys with values"));
        free(error);
    }
}

/* -- names -------------------------------------------------------------------------------------------------------- */

static void unknown_board__lists_the_known_ones(void **state)
{
    (void)state;
    struct thm_profile *p;
    char *error;
    assert_int_equal(thm_profile_load("esp33", &p, &error), 2);
    assert_non_null(strstr(error, "unknown board 'esp33'"));
    assert_non_null(strstr(error, "esp32-s3"));
    free(error);
    assert_int_equal(thm_profile_load("", &p, &error), 2);
    free(error);
}

static void profile_dir__comes_before_the_others_and_adds_to_the_names(void **state)
{
    (void)state;
    char folder[64], file[96], *error;
    struct thm_profile *p;
    snprintf(folder, sizeof folder, "%s/boards", dir);
    snprintf(file, sizeof file, "%s/esp32.yaml", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(base_text, f);
    fclose(f);
    thm_profile_set_dir(dir);
    assert_int_equal(thm_profile_load("esp32", &p, &error), 0);
    assert_string_equal(p->name, "tiny");
    thm_profile_free(p);
    char **names = thm_profile_names("boards");
    assert_string_equal(names[0], "esp32");
    assert_string_equal(names[1], "esp32-s3");
    thm_profile_names_free(names);
    thm_profile_set_dir(NULL);
    unlink(file);
    rmdir(folder);
}

static void link__with_no_rate_is_refused(void **state)
{
    (void)state;
    static const char text[] = "name: l\ntitle: L\ndown_bps: 0\nup_bps: 1\nrtt_us: 0\nmtu: 1500\n";
    struct thm_profile_link *l;
    char *error;
    write_profile(text, strlen(text));
    assert_int_equal(thm_profile_link_load(path, &l, &error), 2);
    assert_null(l);
    assert_non_null(strstr(error, ":3: down_bps: expected 1 to"));
    free(error);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/p.yaml", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_board__each_loads_and_has_its_files_name),
        cmocka_unit_test(shipped_link__each_loads_and_has_its_files_name),
        cmocka_unit_test(names__are_sorted_and_unique),
        cmocka_unit_test(esp32_s3__internal_heap_is_what_the_board_reports),
        cmocka_unit_test(load__fills_every_kind_of_value),
        cmocka_unit_test(load__optional_lists_may_be_absent),
        cmocka_unit_test(wrong_profile__is_refused_with_one_line_naming_place_key_and_expectation),
        cmocka_unit_test(every_prefix__of_a_profile_is_refused_with_one_line),
        cmocka_unit_test(damaged_bytes__never_crash_and_give_one_line),
        cmocka_unit_test(list__of_65_entries_is_refused),
        cmocka_unit_test(text__of_201_bytes_is_refused),
        cmocka_unit_test(depth__of_a_million_is_refused_at_once),
        cmocka_unit_test(file__above_a_megabyte_is_refused),
        cmocka_unit_test(file__that_is_none_is_refused),
        cmocka_unit_test(empty_file__is_refused),
        cmocka_unit_test(unknown_board__lists_the_known_ones),
        cmocka_unit_test(profile_dir__comes_before_the_others_and_adds_to_the_names),
        cmocka_unit_test(link__with_no_rate_is_refused),
    };
    return cmocka_run_group_tests_name("profile", tests, setup, teardown);
}
