/* tests/e2e/firmware/looper.c -- Arduino's shape, and names that the PC's C library has too. */
#include <stdio.h>
#include <thimble/firmware.h>

static unsigned rounds;

void error(const char *text) /* not the C library's error(3) */
{
    thm_log("error", "%s", text);
}

void setup(void)
{
    error("mine");
}

void loop(void)
{
    printf("round %u\n", ++rounds);
    thm_delay(100);
}
