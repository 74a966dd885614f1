/* Two arrays of 1000 ints, as in FC-27.sh, printed while they are there. usage: two_arrays stack|static */
#include <stdio.h>
#include <string.h>

static __attribute__((noinline)) void print_last(int *a, int *b)
{
    for (int i = 0; i < 1000; i++)
        a[i] = b[i] = i;
    printf("%d\n", a[999] + b[999]);
}

static __attribute__((noinline)) int on_the_stack(void)
{
    int a[1000], b[1000];
    print_last(a, b);
    return a[0] + b[0];
}

static int in_static_data(void)
{
    static int a[1000], b[1000];
    print_last(a, b);
    return a[0] + b[0];
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    return strcmp(argv[1], "stack") == 0 ? on_the_stack() : in_static_data();
}
