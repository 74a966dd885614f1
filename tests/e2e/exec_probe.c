/* exec_probe MODE [NUMBER]: a program for tests/e2e/exec.sh, one behaviour a mode. It knows nothing of thimble. Every
 * check that fails ends it with status 1; a request that gets NULL with status 3, as a careful program would. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "probe: %s\n", what);
        _exit(1);
    }
}

static void *need(void *p)
{
    if (p)
        return p;
    check(errno == ENOMEM, "errno is not ENOMEM");
    exit(3);
}

static void *early; /* asked for before main */

__attribute__((constructor)) static void before_main(void)
{
    early = malloc(5000);
}

static int idle(long n)
{
    (void)n;
    return 0;
}

static int take(long n)
{
    memset(need(malloc((size_t)n)), 1, (size_t)n);
    return 0;
}

static int leak(long n) /* n bytes a round, until there are none */
{
    for (long round = 0;; round++) {
        char *p = malloc((size_t)n);
        if (!p) {
            printf("NULL in round %ld\n", round);
            return 3;
        }
        p[0] = 1;
    }
}

/* Every call gives what it promises, and blocks keep what is in them. */
static int calls(long n)
{
    const volatile size_t half = SIZE_MAX / 2; /* of the address space */
    (void)n;
    void *p = NULL;
    check(posix_memalign(&p, 64, 100) == 0 && (uintptr_t)p % 64 == 0, "posix_memalign");
    check(posix_memalign(&p, 3, 100) == EINVAL, "posix_memalign with an alignment of 3");
    check((uintptr_t)aligned_alloc(4096, 4096) % 4096 == 0, "aligned_alloc");
    check((uintptr_t)memalign(256, 10) % 256 == 0, "memalign");
    check((uintptr_t)valloc(10) % 4096 == 0, "valloc");
    p = pvalloc(10);
    check((uintptr_t)p % 4096 == 0 && malloc_usable_size(p) >= 4096, "pvalloc");
    char *c = calloc(10, 10);
    for (int i = 0; i < 100; i++)
        check(c[i] == 0, "calloc");
    errno = 0;
    check(!reallocarray(NULL, half, 3) && errno == ENOMEM, "reallocarray that overflows");
    check(!calloc(half, 3), "calloc that overflows");
    check(!malloc(half), "malloc of half the address space");
    check((p = malloc(0)) && malloc(0) != p, "malloc(0)");
    p = realloc(early, 9000); /* from one heap to the other */
    check(p && malloc_usable_size(p) >= 9000, "realloc of an early block");
    free(p);
    free(NULL);
    check(realloc(malloc(10), 0) == NULL, "realloc to 0 bytes");
    return 0;
}

/* Random blocks: alignment and contents hold through everything. */
static int churn(long rounds)
{
    static struct {
        unsigned char *p;
        size_t n;
        unsigned char mark;
    } b[64];
    unsigned seed = 1;
    for (long i = 0; i < rounds; i++) {
        seed = seed * 1103515245 + 12345;
        const unsigned k = seed >> 8 & 63, n = (seed >> 14 & 1023) + 1;
        for (size_t j = 0; b[k].p && j < b[k].n; j++)
            check(b[k].p[j] == b[k].mark, "a block has changed");
        unsigned char *p = seed >> 30 ? realloc(b[k].p, n) : (free(b[k].p), malloc(n));
        check(p && (uintptr_t)p % (sizeof(void *) == 8 && n >= 16 ? 16 : 4) == 0, "alignment");
        for (size_t j = 0; seed >> 30 && b[k].p && j < b[k].n && j < n; j++)
            check(p[j] == b[k].mark, "realloc has lost contents");
        memset(p, (int)(i & 255), n);
        b[k].p = p, b[k].n = n, b[k].mark = (unsigned char)i;
    }
    return 0;
}

static int dive(long n) /* n frames of about 1 KB */
{
    volatile char frame[1000];
    memset((void *)frame, (int)n, sizeof frame);
    return n ? dive(n - 1) + frame[n % 1000] * 0 : 0;
}

static int overrun(long n) /* writes n bytes past a block's end, then frees */
{
    char *volatile p = malloc(100), *volatile q = malloc(100);
    memset(p + 100, 0x55, (size_t)n);
    free(q);
    free(p);
    return 0;
}

static int twice(long n)
{
    char *volatile p = malloc((size_t)n);
    free(p);
    free(p);
    return 0;
}

static int beyond(long n) /* walks off the end of the memory */
{
    volatile char *p = malloc(100);
    for (long i = 0; i < n; i++)
        p[i] = 0;
    return 0;
}

static pthread_barrier_t all_there;

static void *thread(void *arg)
{
    pthread_barrier_wait(&all_there);
    for (int i = 0; i < 2000; i++) {
        char *p = malloc((size_t)(i % 300) + 1);
        check(p != NULL, "a thread's malloc");
        p[0] = 1;
        free(p);
    }
    return arg;
}

static int threads(long n) /* n besides the main one */
{
    pthread_t t[64];
    pthread_barrier_init(&all_there, NULL, (unsigned)n);
    for (long i = 0; i < n; i++)
        check(pthread_create(&t[i], NULL, thread, NULL) == 0, "pthread_create");
    for (long i = 0; i < n; i++)
        pthread_join(t[i], NULL);
    return 0;
}

static volatile sig_atomic_t ticks;
static char *volatile handed_over; /* main's blocks, freed by the handler */

static void on_tick(int sig)
{
    (void)sig;
    free(malloc(100));
    char *p = handed_over;
    handed_over = NULL;
    free(p);
    ticks++;
}

static int signals(long n) /* a handler that allocates, n times, in the middle of allocations */
{
    const struct itimerval every = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
    signal(SIGALRM, on_tick);
    setitimer(ITIMER_REAL, &every, NULL);
    while (ticks < n) {
        free(malloc(200));
        if (!handed_over)
            handed_over = malloc(50);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    free(handed_over);
    return 0;
}

static int forks(long n) /* the child takes n bytes, which is none of our business */
{
    int status = 0;
    char *p = need(malloc(1000));
    strcpy(p, "parent");
    const pid_t pid = fork();
    if (pid == 0) {
        strcpy(p, "child");
        free(p);
        exit(malloc((size_t)n) ? 0 : 3);
    }
    waitpid(pid, &status, 0);
    check(strcmp(p, "parent") == 0, "the child wrote into our memory");
    return WEXITSTATUS(status);
}

static int spawns(long n) /* another program, which must be free of limits */
{
    (void)n;
    return WEXITSTATUS(system("head -c 3000000 /dev/zero | sort -z -S 100M >/dev/null"));
}

static char **arguments;

static int execs(long n) /* becomes another program: itself, in another mode */
{
    char number[24], mode[] = "take";
    char *const argv[] = { arguments[0], mode, number, NULL };
    snprintf(number, sizeof number, "%ld", n);
    take(30000);
    execv(arguments[0], argv);
    return 1;
}

static void *at_end;

static void after_main(void)
{
    free(at_end);
    check(malloc(10) != NULL, "malloc in an exit handler");
}

static int leaves(long n)
{
    at_end = malloc(100);
    atexit(after_main);
    exit((int)n);
}

static int crash(long n)
{
    raise((int)n);
    return 0;
}

static void on_segv(int sig)
{
    (void)sig;
    _exit(42);
}

static int segv(long n) /* n is 0: its own handler answers; else n frames too deep */
{
    signal(SIGSEGV, on_segv);
    check(signal(SIGSEGV, on_segv) == on_segv, "signal() does not know its own handler");
    return n ? dive(n) : *(volatile int *)(uintptr_t)n;
}

static int maps(long n) /* n bytes past malloc */
{
    check(mmap(NULL, (size_t)n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED, "mmap");
    return 0;
}

static int quick(long n)
{
    take(1000);
    _exit((int)n);
}

static const struct {
    const char *name;
    int (*run)(long n);
} modes[] = {
    { "beyond", beyond }, { "calls", calls }, { "churn", churn },     { "crash", crash },     { "dive", dive },
    { "execs", execs },   { "forks", forks }, { "idle", idle },       { "leak", leak },       { "leaves", leaves },
    { "maps", maps },     { "segv", segv },   { "quick", quick },     { "overrun", overrun }, { "signals", signals },
    { "spawns", spawns }, { "take", take },   { "threads", threads }, { "twice", twice },
};

int main(int argc, char **argv)
{
    arguments = argv;
    for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof modes[0]; i++)
        if (strcmp(modes[i].name, argv[1]) == 0)
            return modes[i].run(argc > 2 ? strtol(argv[2], NULL, 0) : 0);
    return 2;
}
