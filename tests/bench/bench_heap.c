/* Time of a malloc/free pair: an emulated heap against the PC's own malloc, on the same operations.
 * usage: bench_heap [TRACE]...    default: a generated mix of 1 to 600 bytes with random frees */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "memmodels/heap.h"

#define OPS_MAX   200000u
#define IDS       4096u
#define SECONDS   0.4
#define HEAP_SIZE (512u << 10)

static struct {
    uint32_t id, size;
} ops[OPS_MAX]; /* size 0: free */
static uint32_t n_ops, n_pairs;
static uint8_t memory[HEAP_SIZE];

static void add(uint32_t id, uint32_t size)
{
    if (n_ops == OPS_MAX)
        return;
    ops[n_ops].id = id % IDS;
    ops[n_ops++].size = size;
    n_pairs += size == 0;
}

static void generate(void)
{
    static uint32_t live[IDS];
    uint32_t seed = 1, n_live = 0;
    for (uint32_t i = 0; n_ops < 20000; i++) {
        seed = seed * 1664525 + 1013904223;
        const uint32_t r = seed >> 8;
        if (n_live > 200 || (n_live && r % 3 == 0)) {
            const uint32_t k = r / 3 % n_live;
            add(live[k], 0);
            live[k] = live[--n_live];
        } else {
            add(i, 1 + r / 3 % 600);
            live[n_live++] = i % IDS;
        }
    }
    while (n_live)
        add(live[--n_live], 0);
}

/* The m and f lines of a trace; whatever is live at its end is freed. */
static void load(const char *path)
{
    static unsigned char is_live[IDS];
    char line[256];
    unsigned id, size;
    FILE *f = fopen(path, "r");
    if (!f) {
        perror(path);
        exit(2);
    }
    while (fgets(line, sizeof line, f)) {
        const int m = sscanf(line, "m %u %u", &id, &size) == 2 && size && !strstr(line, "NULL");
        if (m && !is_live[id % IDS]) {
            add(id, size);
            is_live[id % IDS] = 1;
        } else if (!m && sscanf(line, "f %u", &id) == 1 && is_live[id % IDS]) {
            add(id, 0);
            is_live[id % IDS] = 0;
        }
    }
    fclose(f);
    for (uint32_t i = 0; i < IDS; i++)
        if (is_live[i]) {
            add(i, 0);
            is_live[i] = 0;
        }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run_host(void)
{
    static void *p[IDS];
    for (uint32_t i = 0; i < n_ops; i++) {
        if (ops[i].size)
            p[ops[i].id] = malloc(ops[i].size);
        else
            free(p[ops[i].id]);
        __asm__ volatile("" ::: "memory");
    }
}

static struct thm_heap heap;

static void run_heap(void)
{
    static uint32_t p[IDS];
    for (uint32_t i = 0; i < n_ops; i++) {
        if (ops[i].size)
            p[ops[i].id] = heap.ops->malloc(&heap, ops[i].size);
        else
            heap.ops->free(&heap, p[ops[i].id]);
    }
}

/* Nanoseconds for a pair, the best of several rounds. */
static double measure(void (*run)(void))
{
    double best = 1e9;
    const double end = now() + SECONDS;
    run();
    while (now() < end) {
        const double start = now();
        run();
        const double t = now() - start;
        best = t < best ? t : best;
    }
    return best * 1e9 / n_pairs;
}

#define ROWS_MAX 16

static double total[ROWS_MAX + 1]; /* nanoseconds of one pass over all traces; the last: the PC's */

static int bench(const char *name)
{
    const struct thm_heap_ops *row;
    const double host = measure(run_host);
    total[ROWS_MAX] += host * n_pairs;
    printf("%s: %u pairs; PC's malloc %.1f ns a pair\n", name, n_pairs, host);
    for (size_t i = 0; (row = thm_heap_at(i)) && i < ROWS_MAX; i++) {
        if (thm_heap_init(&heap, row, memory, 0x20000000, HEAP_SIZE))
            return 1;
        const double t = measure(run_heap);
        total[i] += t * n_pairs;
        printf("  %-28s %6.1f ns a pair, %.2f times the PC's\n", row->name, t, t / host);
    }
    n_ops = n_pairs = 0;
    return 0;
}

int main(int argc, char **argv)
{
    const struct thm_heap_ops *row;
    int status = 0;
    if (argc < 2) {
        generate();
        return bench("generated");
    }
    for (int i = 1; i < argc && !status; i++) {
        load(argv[i]);
        status = bench(argv[i]);
    }
    for (size_t i = 0; (row = thm_heap_at(i)) && i < ROWS_MAX; i++)
        printf("all: %s %.2f times the PC's\n", row->name, total[i] / total[ROWS_MAX]);
    return status;
}
