/* leaker.c -- a loop() that never frees one of its blocks. */
#include <stdlib.h>
#include <thimble/firmware.h>

void setup(void)
{
}

void loop(void)
{
    void *work = malloc(100), *kept = malloc(3000);
    if (!work || !kept)
        exit(thm_failed("loop"));
    free(work);
}
