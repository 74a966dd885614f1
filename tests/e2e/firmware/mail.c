/* tests/e2e/firmware/mail.c -- what can happen between two cores: --set case=NAME; both cores run this file. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <thimble/firmware.h>

static uint8_t data[2000];

static int is_main(void)
{
    return strcmp(thm_core_name(), "a7") == 0;
}

static int limits(void)
{
    const char *from;
    if (!is_main()) {
        assert(thm_mailbox_receive(&from, data, 10, THM_FOR_EVER) == THM_MAILBOX_NO_ROOM);
        assert(thm_mailbox_receive(&from, data, sizeof data, 0) == 1040 && data[1039] == 7 && strcmp(from, "a7") == 0);
        return 0;
    }
    data[1039] = 7;
    assert(thm_mailbox_send("m4-0", data, 1041) == THM_MAILBOX_TOO_LARGE);
    assert(thm_mailbox_send("nosuch", data, 1) == THM_MAILBOX_NO_CORE);
    assert(thm_mailbox_send("m4-1", data, 1) == THM_MAILBOX_NO_CORE);
    assert(thm_mailbox_receive(&from, data, 10, 0) == THM_MAILBOX_EMPTY);
    const uint32_t start = thm_millis();
    assert(thm_mailbox_receive(&from, data, 10, 50) == THM_MAILBOX_EMPTY && thm_millis() - start == 50);
    assert(thm_mailbox_send("m4-0", data, 1040) == 0);
    thm_delay(1000);
    return 0;
}

/* How many messages of 100 bytes go in while the other core sleeps, and again when it has taken some. */
static int fills(void)
{
    unsigned n = 0;
    if (!is_main()) {
        thm_delay(100);
        for (int i = 0; i < 5; i++)
            assert(thm_mailbox_receive(NULL, data, sizeof data, 0) == 100);
        thm_delay(1000);
        return 0;
    }
    while (thm_mailbox_send("m4-0", data, 100) == 0)
        n++;
    printf("%u messages\n", n);
    assert(thm_mailbox_send("m4-0", data, 100) == THM_MAILBOX_FULL);
    thm_delay(200);
    for (n = 0; thm_mailbox_send("m4-0", data, 100) == 0; n++)
        ;
    printf("%u more\n", n);
    return 0;
}

static int both_wait(void)
{
    return thm_mailbox_receive(NULL, data, sizeof data, THM_FOR_EVER);
}

static int companion_faults(void)
{
    if (!is_main()) {
        thm_delay(20);
        abort();
    }
    thm_delay(50);
    puts("main goes on");
    return 0;
}

static int companion_late(void) /* what it does after the main core's end has not happened */
{
    if (is_main())
        return 0;
    thm_delay(20);
    puts("too late");
    abort();
}

static int polls(void) /* each looks again and again; who sees what when is the device's time alone */
{
    unsigned seen = 0;
    for (int i = 0; i < 300; i++) {
        int32_t n = thm_mailbox_receive(NULL, data, sizeof data, 0);
        if (n > 0)
            printf("%u: %d bytes at %u\n", ++seen, (int)n, (unsigned)thm_micros());
        if (i % (is_main() ? 7 : 5) == 0)
            thm_mailbox_send(is_main() ? "m4-0" : "a7", data, (uint32_t)(1 + i));
        thm_delay_us(is_main() ? 13 : 17);
    }
    return 0;
}

static const struct {
    const char *name;
    int (*run)(void);
} cases[] = {
    { "limits", limits },
    { "fills", fills },
    { "both_wait", both_wait },
    { "companion_faults", companion_faults },
    { "companion_late", companion_late },
    { "polls", polls },
};

int main(void)
{
    const char *name = thm_setting("case");
    for (size_t i = 0; name && i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(cases[i].name, name) == 0)
            return cases[i].run();
    return 1;
}
