/* A node whose heap has so many bytes free, in holes of so many: "free" and "hole" are settings. Then it connects. */
#include <stdlib.h>
#include <thimble/firmware.h>

enum { HOLES = 64, FILLERS = 16384 };

static void *holes[HOLES], *fillers[FILLERS];

static uint32_t setting(const char *key)
{
    const char *text = thm_setting(key);
    return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static uint32_t free_bytes(void)
{
    struct thm_heap_info h;
    thm_heap_info(0, &h);
    return h.free;
}

/* All that is left, in pieces that become smaller; a small one between the holes keeps them apart. */
static void fill_heap(uint32_t hole)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < HOLES && (holes[i] = malloc(hole)); i++)
        fillers[n++] = malloc(16);
    for (uint32_t bytes = 4096; bytes >= 16; bytes /= 2)
        while (n < FILLERS && (fillers[n] = malloc(bytes)))
            n++;
}

int main(void)
{
    const uint32_t wanted = setting("free");
    struct thm_https_response response;
    struct thm_heap_info h;
    if (!thm_network_up())
        return thm_failed("network");
    fill_heap(setting("hole"));
    for (uint32_t i = 0; i < HOLES && holes[i] && free_bytes() < wanted; i++)
        free(holes[i]);
    thm_heap_info(0, &h);
    thm_log("heap", "%u free, %u in one piece", (unsigned)h.free, (unsigned)h.largest);
    if (!thm_https_get(thm_setting("server"), &response))
        return thm_failed("connect");
    uint8_t *piece = fillers[0];
    uint32_t bytes = 0;
    int32_t n;
    while ((n = thm_https_read(piece, 16)) > 0)
        bytes += (uint32_t)n;
    if (n < 0)
        return thm_failed("receive");
    thm_https_close();
    thm_step("receive", "%u bytes", (unsigned)bytes);
    return 0;
}
