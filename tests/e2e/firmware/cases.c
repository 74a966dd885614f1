/* tests/e2e/firmware/cases.c -- a firmware with many ways to end: --set case=NAME chooses one. */
#define _GNU_SOURCE
#include <assert.h>
#include <malloc.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <thimble/firmware.h>

volatile int zero; /* keeps the compiler from seeing what is to come */

static int prints(void)
{
    char line[16];
    printf("printf %d %s %.3f %llx\n", -5, "text", 0.125, 0x123456789abcull);
    fprintf(stderr, "fprintf %c\n", 'x');
    puts("puts");
    putchar('p');
    fputs("utchar\n", stdout);
    fwrite("fwrite\n", 1, 7, stdout);
    printf("in ");
    printf("pieces\n\nafter an empty line\n");
    snprintf(line, sizeof line, "%d", 123456);
    thm_log("tag", "logged %s", line);
    printf("not ended");
    return 0;
}

static int own_addresses(const void *p)
{
    return (uintptr_t)p >> 32 != 0; /* the board's memory lies below 4 GiB, the PC's does not */
}

static int allocates(void)
{
    char *p = malloc(100), *q = calloc(10, 10), *r = strdup("text"), *s = NULL;
    void *aligned = aligned_alloc(64, 256), *posix = NULL;
    assert(asprintf(&s, "%s-%d", r, 7) == 6 && strcmp(s, "text-7") == 0);
    assert(posix_memalign(&posix, 32, 100) == 0);
    const size_t odd = 3 + !!zero;
    assert(aligned_alloc(odd, 100) == NULL);
    assert(!own_addresses(p) && !own_addresses(q) && !own_addresses(r) && !own_addresses(s));
    assert(!own_addresses(aligned) && !own_addresses(posix));
    assert((uintptr_t)aligned % 64 == 0 && (uintptr_t)posix % 32 == 0);
    for (int i = 0; i < 100; i++)
        assert(q[i] == 0);
    memset(p, 'a', 100);
    p = realloc(p, 5000);
    assert(p && p[99] == 'a');
    struct thm_heap_info before, after;
    thm_heap_info(0, &before);
    free(p);
    thm_heap_info(0, &after);
    assert(after.free >= before.free + 5000);
    free(q), free(r), free(s), free(aligned), free(posix), free(NULL);
    void *(*indirect)(size_t) = malloc;
    p = indirect(10);
    assert(p && !own_addresses(p));
    return 0;
}

static int too_large(void)
{
    assert(malloc(1 << 20) == NULL && calloc((size_t)-1 >> !zero, 4) == NULL && malloc((size_t)5 << 30) == NULL);
    char *p = malloc(10);
    assert(p && realloc(p, 1 << 20) == NULL);
    p[9] = 1;
    puts("all NULL");
    return 0;
}

static int keeps_time(void)
{
    const uint32_t start = thm_millis();
    thm_delay(250);
    assert(thm_millis() - start == 250);
    while (thm_millis() - start < 1000)
        ; /* waiting for the clock ends */
    usleep(5000);
    assert(thm_millis() - start >= 1005 && time(NULL) == (time_t)(thm_millis() / 1000));
    thm_work(240000000);
    assert(thm_millis() - start >= 2005);
    return 0;
}

static int uses_files(void)
{
    char buf[8] = "";
    uint32_t total, used;
    assert(thm_file_open("/a", THM_FILE_READ) < 0);
    assert(thm_storage_mount(NULL) == 1 && thm_storage_mount(NULL) == 0 && thm_storage_mount("nosuch") < 0);
    int32_t f = thm_file_open("/a", THM_FILE_WRITE | THM_FILE_CREATE);
    assert(f >= 0 && thm_file_write(f, "0123456789", 10) == 10 && thm_file_close(f) >= 0);
    assert(thm_file_rename("/a", "/b") >= 0 && thm_file_size("/b") == 10 && thm_file_size("/a") < 0);
    f = thm_file_open("/b", THM_FILE_READ);
    assert(thm_file_seek(f, 4, THM_SEEK_SET) == 4 && thm_file_read(f, buf, 3) == 3 && strcmp(buf, "456") == 0);
    assert(thm_file_close(f) >= 0 && thm_storage_df(&total, &used) >= 0 && total > used && used > 0);
    assert(thm_file_remove("/b") >= 0 && thm_file_size("/b") == -10002);
    return thm_failed("files");
}

static int loses_the_network(void)
{
    struct thm_https_response r;
    assert(!thm_https_get("https://localhost:1/x", &r) && r.status == 0 && thm_https_read(&r, 1) == -1);
    assert(thm_network_up());
    thm_https_get("https://localhost:1/x", &r);
    return thm_failed("connect");
}

static int no_network(void)
{
    return thm_network_up() ? 1 : thm_failed("network");
}

static int flash_model(void)
{
    uint32_t bytes;
    const void *model = thm_flash_model(&bytes);
    if (model)
        printf("model at %p, %u bytes\n", model, (unsigned)bytes);
    else if (*thm_error())
        return thm_failed("flash");
    else
        puts("no model");
    return 0;
}

static int reallocates(void)
{
    void *p = malloc(100);
    p = realloc(p, 0); /* NULL, or a block of no bytes */
    free(p);
    char *q = memalign(64, 100); /* where the board has no memalign: a part of a larger block */
    memset(q, 'q', 100);
    q = realloc(q, 2000);
    assert(q && q[0] == 'q' && q[99] == 'q');
    free(q);
    puts("no failure");
    return 0;
}

int recursion(int depth)
{
    volatile char frame[256];
    frame[0] = (char)depth;
    return zero == 1 ? depth : recursion(depth + 1) + frame[0];
}

static int overflows(void)
{
    return recursion(zero);
}

void writes_null(void)
{
    *(volatile int *)(uintptr_t)zero = 1;
}

static int null_pointer(void)
{
    writes_null();
    return 0;
}

static int null_in_libc(void)
{
    memset((void *)(uintptr_t)zero, 1, (size_t)(100 + zero));
    return 0;
}

static int overruns_heap(void)
{
    char *volatile p = malloc(24), *volatile q = malloc(24);
    for (volatile int i = 0; i < 64; i++)
        ((volatile char *)p)[i] = (char)0xFF;
    free(q);
    free(p);
    return 0;
}

static int frees_static(void)
{
    static char buf[16];
    char *volatile p = buf;
    free(p);
    return 0;
}

static int divides(void)
{
    return 100 / zero;
}

static int asserts(void)
{
    assert(zero == 1 && "an expectation");
    return 0;
}

static int aborts(void)
{
    abort();
}

static int exits(void)
{
    exit(3);
}

static int system_call(void)
{
    printf("%d\n", (int)getppid());
    return 0;
}

static int opens_stream(void)
{
    fprintf(stdin, "where to?");
    return 0;
}

static int ends_well(void)
{
    return (int)lrint(sqrt(0.0));
}

static const struct {
    const char *name;
    int (*run)(void);
} cases[] = {
    { "prints", prints },
    { "allocates", allocates },
    { "too_large", too_large },
    { "keeps_time", keeps_time },
    { "uses_files", uses_files },
    { "loses_the_network", loses_the_network },
    { "no_network", no_network },
    { "flash_model", flash_model },
    { "reallocates", reallocates },
    { "overflows", overflows },
    { "null_pointer", null_pointer },
    { "null_in_libc", null_in_libc },
    { "overruns_heap", overruns_heap },
    { "frees_static", frees_static },
    { "divides", divides },
    { "asserts", asserts },
    { "aborts", aborts },
    { "exits", exits },
    { "system_call", system_call },
    { "opens_stream", opens_stream },
    { "ends_well", ends_well },
};

int main(void)
{
    const char *name = thm_setting("case");
    for (size_t i = 0; name && i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(cases[i].name, name) == 0)
            return cases[i].run();
    puts("no such case");
    return 1;
}
