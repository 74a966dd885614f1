/* emu/cli/boards_map.c -- a board drawn: its RAM banks with the heaps in them, its flash with the partitions. */
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/out_of_memory.h"
#include "emu/board/storage_place.h"
#include "emu/cli/boards.h"
#include "emu/cli/cli.h"
#include "netlink/tls_cost.h"

#define BAR_WIDTH   48         /* characters of the longest bar */
#define FLASH_WIDTH 32         /* characters for the whole flash */
#define LIST_MAX    64         /* entries of a list, as the schema allows */
#define DRAWN_MAX   (1u << 20) /* banks above it (PSRAM) get a bar cut short, or the others would vanish */

struct glyphs {
    const char *heap, *fixed, *other, *edge, *dot, *cut;
};
static const struct glyphs utf8 = { "\u2588", "\u2592", "\u2591", "\u2502", "\u00b7", "\u00bb" };
static const struct glyphs ascii = { "#", "=", "-", "|", ".", ">" };

static const struct glyphs *glyphs(void)
{
    setlocale(LC_CTYPE, "");
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? &utf8 : &ascii;
}

/* 1536 -> "1536", 204800 -> "200K", 8388608 -> "8M" */
static const char *size_text(char buf[24], uint64_t bytes)
{
    if (bytes >= 1u << 20 && bytes % (1u << 20) == 0)
        snprintf(buf, 24, "%" PRIu64 "M", bytes >> 20);
    else if (bytes >= 1024 && bytes % 1024 == 0)
        snprintf(buf, 24, "%" PRIu64 "K", bytes >> 10);
    else
        snprintf(buf, 24, "%" PRIu64, bytes);
    return buf;
}

/* Order of addresses: index[0..n) of entries whose address is get(p, i). */
static void sort_by_address(const struct thm_profile *p, uint32_t (*get)(const struct thm_profile *, unsigned),
                            unsigned *index, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned k = i;
        for (; k > 0 && get(p, index[k - 1]) > get(p, i); k--)
            index[k] = index[k - 1];
        index[k] = i;
    }
}

static uint32_t bank_base(const struct thm_profile *p, unsigned i)
{
    return p->memory[i].base;
}
/* Heaps and statics are drawn together: entries [0, heaps_count) are the heaps. */
static uint32_t range_base(const struct thm_profile *p, unsigned i)
{
    return i < p->heaps_count ? p->heaps[i].base : p->statics[i - p->heaps_count].base;
}
static uint32_t range_size(const struct thm_profile *p, unsigned i)
{
    return i < p->heaps_count ? p->heaps[i].size : p->statics[i - p->heaps_count].size;
}
static uint32_t partition_base(const struct thm_profile *p, unsigned i)
{
    return p->flash.partitions[i].offset;
}

/* -- memory ----------------------------------------------------------------------------------------------------- */

/* Bytes of one bar character, whole kilobytes: the largest bank that is drawn in full just fits. */
static uint32_t bar_unit(const struct thm_profile *p)
{
    uint32_t largest = 0;
    for (unsigned i = 0; i < p->memory_count; i++)
        if (p->memory[i].size <= DRAWN_MAX && p->memory[i].size > largest)
            largest = p->memory[i].size;
    uint32_t unit = (largest + BAR_WIDTH - 1) / BAR_WIDTH;
    return unit ? (unit + 1023) / 1024 * 1024 : 1024;
}

/* Bytes of the ranges [first, end) within [from, from + len). */
static uint64_t bytes_of(const struct thm_profile *p, unsigned first, unsigned end, uint64_t from, uint64_t len)
{
    uint64_t sum = 0;
    for (unsigned i = first; i < end; i++) {
        uint64_t a = range_base(p, i), b = a + range_size(p, i);
        a = a < from ? from : a;
        b = b > from + len ? from + len : b;
        sum += b > a ? b - a : 0;
    }
    return sum;
}

/* What most of [from, from + len) is. */
static const char *glyph_of(const struct thm_profile *p, uint64_t from, uint64_t len, const struct glyphs *g)
{
    if (bytes_of(p, 0, p->heaps_count, from, len) * 2 >= len)
        return g->heap;
    return bytes_of(p, p->heaps_count, p->heaps_count + p->statics_count, from, len) * 2 >= len ? g->fixed : g->other;
}

static void draw_bar(const struct thm_profile *p, const struct thm_profile_memory *m, uint32_t unit,
                     const struct glyphs *g)
{
    uint32_t chars = (m->size + unit - 1) / unit;
    bool cut = chars > BAR_WIDTH;
    for (uint32_t i = 0; i < (cut ? BAR_WIDTH - 1 : chars); i++) {
        uint64_t from = (uint64_t)i * unit, len = m->size - from < unit ? m->size - from : unit;
        fputs(glyph_of(p, m->base + from, len, g), stdout);
    }
    puts(cut ? g->cut : "");
}

static void draw_heap(const struct thm_profile_heap *h, const struct glyphs *g)
{
    printf("    %08" PRIX32 "  %s %-10.10s %8" PRIu32 "  %s%s\n", h->base, g->heap, h->name, h->size, h->type,
           strcmp(h->type, "IRAM") == 0 ? ", 32-bit access only: not for malloc"
           : h->at_startup              ? ", from the application's start"
                                        : "");
}

static void draw_static(const struct thm_profile_static *s, const struct glyphs *g)
{
    printf("    %08" PRIX32 "  %s %-10s %8" PRIu32 "  %.42s\n", s->base, g->fixed, "", s->size, s->name);
}

static void draw_bank(const struct thm_profile *p, const struct thm_profile_memory *m, uint32_t unit,
                      const struct glyphs *g)
{
    char buf[24];
    unsigned order[2 * LIST_MAX];
    const unsigned ranges = p->heaps_count + p->statics_count;
    printf("  %08" PRIX32 "  %-9.9s %8s  ", m->base, m->name, size_text(buf, m->size));
    draw_bar(p, m, unit, g);
    if (m->use)
        printf("  %8s  %.67s\n", "", m->use);
    sort_by_address(p, range_base, order, ranges);
    for (unsigned k = 0; k < ranges; k++) {
        const unsigned i = order[k];
        if (range_base(p, i) - m->base >= m->size)
            continue;
        if (i < p->heaps_count)
            draw_heap(&p->heaps[i], g);
        else
            draw_static(&p->statics[i - p->heaps_count], g);
    }
}

static void draw_memory(const struct thm_profile *p, const struct glyphs *g)
{
    char buf[24];
    unsigned order[LIST_MAX];
    uint32_t unit = bar_unit(p);
    struct thm_board_figures f;
    thm_board_figures(p, &f);
    printf("MEMORY    %s heap  %s given away  %s other use   one character is %s\n", g->heap, g->fixed, g->other,
           size_text(buf, unit));
    sort_by_address(p, bank_base, order, p->memory_count);
    for (unsigned i = 0; i < p->memory_count; i++)
        draw_bank(p, &p->memory[order[i]], unit, g);
    printf("  %8s  %-9s %8s  %" PRIu64 " bytes, %" PRIu64 " of them heap\n\n", "", "total", size_text(buf, f.ram),
           f.ram, f.heap);
}

/* -- flash ------------------------------------------------------------------------------------------------------ */

static void draw_place(uint32_t offset, uint32_t size, uint32_t flash, const struct glyphs *g)
{
    uint64_t from = (uint64_t)offset * FLASH_WIDTH / flash, last = ((uint64_t)offset + size - 1) * FLASH_WIDTH / flash;
    fputs(g->edge, stdout);
    for (uint64_t i = 0; i < FLASH_WIDTH; i++)
        fputs(i >= from && i <= last ? g->heap : g->dot, stdout);
    puts(g->edge);
}

static void draw_range(uint32_t offset, uint32_t size, const char *name, const char *use, uint32_t flash,
                       const struct glyphs *g)
{
    char buf[24];
    printf("  %08" PRIX32 "  %-10.10s %-14.14s %6s  ", offset, name, use, size_text(buf, size));
    draw_place(offset, size, flash, g);
}

/* Without a partition table: what lies before the program, and the program. */
static void draw_program(const struct thm_profile_flash *f, uint32_t *next, const struct glyphs *g)
{
    if (f->program_offset > 0)
        draw_range(0, f->program_offset, "(boot)", "loader, other", f->size, g);
    draw_range(f->program_offset, f->program_size, "program", "and its models", f->size, g);
    *next = f->program_offset + f->program_size;
}

/* Storage that has no partition: it takes from the program's place what it needs. */
static void draw_storage(const struct thm_profile *p, const struct glyphs *g)
{
    for (unsigned i = 0; i < p->storage_count; i++) {
        const struct thm_storage_place at = thm_storage_place(p, &p->storage[i]);
        if (at.medium == 0 && !p->storage[i].partition)
            draw_range((uint32_t)at.offset, (uint32_t)at.size, p->storage[i].name, p->storage[i].fs, p->flash.size, g);
    }
}

static void draw_flash(const struct thm_profile *p, const struct glyphs *g)
{
    char buf[24], use[64];
    unsigned order[LIST_MAX];
    const struct thm_profile_flash *f = &p->flash;
    uint32_t next = 0;
    printf("FLASH     %s, %s", f->part, size_text(buf, f->size));
    if (f->window)
        printf(", data mapped at %08" PRIX32, f->window);
    putchar('\n');
    if (f->partitions_count == 0 && f->program_size)
        draw_program(f, &next, g);
    sort_by_address(p, partition_base, order, f->partitions_count);
    for (unsigned i = 0; i < f->partitions_count; i++) {
        const struct thm_profile_partition *t = &f->partitions[order[i]];
        if (t->offset > next)
            draw_range(next, t->offset - next, next ? "(free)" : "(boot)", next ? "" : "loader, table", f->size, g);
        snprintf(use, sizeof use, "%s %s", t->type, t->subtype);
        draw_range(t->offset, t->size, t->name, use, f->size, g);
        next = t->offset + t->size;
    }
    draw_storage(p, g);
    if (next < f->size)
        draw_range(next, f->size - next, "(free)", "", f->size, g);
    printf("  %8s  %-25s %6s  %" PRIu32 " bytes\n\n", "", "total", size_text(buf, f->size), f->size);
}

/* -- figures ---------------------------------------------------------------------------------------------------- */

static void print_cores(const struct thm_profile *p)
{
    for (unsigned i = 0; i < p->cores_count; i++) {
        const struct thm_profile_core *c = &p->cores[i];
        printf("  core %-11.11s %s, %g MHz; %s kernels\n", c->name, c->isa, (double)c->clock_hz / 1e6,
               c->kernels ? c->kernels : "reference");
    }
}

static const char *plural(unsigned n)
{
    return n == 1 ? "" : "s";
}

static void print_allocator(const struct thm_profile_allocator *a)
{
    printf("  %-16s %s\n", "allocator", a->name);
    printf("  %-16s malloc %s\n", "", thm_oom_policy_find(a->on_failure)->text);
    if (a->on_new_failure)
        printf("  %-16s operator new %s\n", "", thm_oom_policy_find(a->on_new_failure)->text);
    if (a->internal_limit)
        printf("  %-16s up to %" PRIu32 " bytes from internal RAM first\n", "", a->internal_limit);
}

static void print_budget(const struct thm_profile *p, const struct thm_budget *got)
{
    const struct thm_profile_flash *f = &p->flash;
    printf("  %-16s %" PRIu32 " bytes free when it starts, largest block %" PRIu32 "\n", "application", got->boot_free,
           got->boot_largest);
    if (p->network.link)
        printf("  %-16s %" PRIu32 " bytes free with the network up, largest block %" PRIu32 "\n", "", got->network_free,
               got->network_largest);
    if (f->program_size)
        printf("  %-16s %" PRIu32 " of %" PRIu32 " bytes without a model: %" PRIu32 " for models\n", "program",
               f->program_image, f->program_size, f->program_size - f->program_image);
}

static const char *overflow_text(const char *how)
{
    return strcmp(how, "canary") == 0 ? "a canary is checked when the task is switched"
           : strcmp(how, "mpu") == 0  ? "the access faults (MPU)"
                                      : "silent, overwrites what lies below";
}

static void print_task(const struct thm_profile_task *t)
{
    printf("  %-16s %s, %" PRIu32 " bytes of stack", "task", t->name, t->stack);
    if (t->stack_top)
        printf(" down from %08" PRIX32, t->stack_top);
    printf("%s\n  %-16s overflow: %s\n", t->stack_from_heap ? " from the heap" : "", "", overflow_text(t->overflow));
}

static void print_heap(const struct thm_profile *p)
{
    struct thm_board_figures f;
    thm_board_figures(p, &f);
    printf("  %-16s %" PRIu64 " bytes in %u region%s", "heap", f.heap, p->heaps_count, plural(p->heaps_count));
    if (f.heaps_malloc < p->heaps_count)
        printf("; malloc: %" PRIu64 " in %u", f.heap_malloc, f.heaps_malloc);
    putchar('\n');
    if (p->taken_count) {
        printf("  %-16s %" PRIu64 " bytes in %u block%s at boot\n", "taken", f.boot, f.boot_blocks,
               plural(f.boot_blocks));
        printf("  %-16s %" PRIu64 " bytes in %u block%s more with the network\n", "", f.network, f.network_blocks,
               plural(f.network_blocks));
    }
    print_allocator(&p->allocator);
    print_task(&p->task);
}

static void print_taken(const struct thm_profile *p)
{
    puts("TAKEN     by the runtime, before the application (boot) and for the network");
    for (unsigned i = 0; i < p->taken_count; i++)
        printf("  %-8s %5" PRIu32 " x %6" PRIu32 "  %.53s\n", p->taken[i].when, p->taken[i].count, p->taken[i].bytes,
               p->taken[i].name);
    putchar('\n');
}

static void print_rate(uint64_t bps)
{
    if (bps >= 1000000)
        printf("%g Mbit/s", (double)bps / 1e6);
    else
        printf("%g kbit/s", (double)bps / 1e3);
}

static uint32_t tls_block(const struct thm_tls_stack *s, const char *what)
{
    struct thm_tls_block blocks[THM_TLS_BLOCKS_MAX];
    const size_t n = thm_tls_blocks(s, NULL, blocks);
    for (size_t i = 0; i < n; i++)
        if (strcmp(blocks[i].what, what) == 0)
            return blocks[i].bytes;
    return 0;
}

static void print_network(const struct thm_profile *p)
{
    const struct thm_profile_network *n = &p->network;
    struct thm_profile_link *l;
    char *error;
    if (!n->link) {
        printf("  %-16s none of its own\n", "network");
        return;
    }
    printf("  %-16s %s", "link", n->link);
    if (thm_profile_link_load(n->link, &l, &error) == 0) {
        printf(": down ");
        print_rate(l->down_bps);
        printf(", up ");
        print_rate(l->up_bps);
        printf(", RTT %g ms", l->rtt_us / 1e3);
        thm_profile_link_free(l);
    }
    free(error);
    if (strcmp(n->tls, "none") == 0) {
        printf("\n  %-16s none on this core\n", "TLS");
        return;
    }
    const struct thm_tls_stack s = { .name = n->tls,
                                     .in_content = n->tls_in_content,
                                     .out_content = n->tls_out_content };
    printf("\n  %-16s %s: record buffers of %" PRIu32 " and %" PRIu32 " bytes,\n", "TLS", n->tls,
           tls_block(&s, "input record buffer"), tls_block(&s, "output record buffer"));
    printf("  %-16s each in one piece; a handshake needs %" PRIu32 " bytes of %s\n", "", n->tls_stack,
           thm_tls_own_stack(&s) ? "the heap" : "stack");
}

static void print_companions(const struct thm_profile *p)
{
    const struct thm_profile_mailbox *m = &p->mailbox;
    for (unsigned i = 0; i < p->companions_count; i++)
        printf("  %-16s %s: see 'thimble boards %s'\n", i ? "" : "further cores", p->companions[i].name,
               p->companions[i].profile);
    if (p->companions_count)
        printf("  %-16s messages up to %" PRIu32 " bytes in rings of %" PRIu32 "; latency %g us\n", "mailbox",
               m->message_max, m->ring_bytes, m->latency_ns / 1e3);
}

static void print_storage(const struct thm_profile *p, unsigned i)
{
    const struct thm_profile_storage *s = &p->storage[i];
    const struct thm_storage_place at = thm_storage_place(p, s);
    char buf[24];
    printf("  %-16s %s: %s on %s", i ? "" : "storage", s->name, s->fs, s->partition ? "partition " : "");
    if (s->partition || at.medium == 0)
        printf("%s", s->partition ? at.name : "the flash");
    else
        printf("%s (%s)", at.name, thm_medium_part(p, at.medium));
    if (!s->mbr)
        printf(", %s", size_text(buf, at.size));
    putchar('\n');
}

int thm_boards_draw(const struct thm_profile *p)
{
    const struct glyphs *g = glyphs();
    struct thm_budget got;
    int status = thm_board_budget(p, &got);
    if (status)
        return status;
    printf("%s - %s\n\n", p->name, p->title);
    draw_memory(p, g);
    draw_flash(p, g);
    if (p->taken_count)
        print_taken(p);
    puts("FIGURES");
    print_cores(p);
    print_companions(p);
    print_heap(p);
    for (unsigned i = 0; i < p->storage_count; i++)
        print_storage(p, i);
    print_network(p);
    print_budget(p, &got);
    return THM_EXIT_OK;
}
