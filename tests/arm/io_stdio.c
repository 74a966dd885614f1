#include <stdio.h>
#include "tests/arm/io.h"

bool io_read(const char *path, void *data, uint32_t room, uint32_t *bytes)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    *bytes = (uint32_t)fread(data, 1, room, f);
    bool ok = fgetc(f) == EOF && !ferror(f);
    fclose(f);
    return ok;
}

bool io_append(const char *path, const void *data, uint32_t bytes)
{
    FILE *f = fopen(path, "ab");
    if (!f)
        return false;
    bool written = fwrite(data, 1, bytes, f) == bytes;
    return fclose(f) == 0 && written;
}

void io_print(const char *text)
{
    fputs(text, stdout);
}
