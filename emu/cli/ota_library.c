/* emu/cli/ota_library.c -- an Edge Impulse Arduino library: the zip file's compiled model. */
#include <fnmatch.h>
#include <minizip/unzip.h>
#include <stdlib.h>
#include <string.h>
#include "emu/board/event.h"
#include "emu/cli/cli.h"
#include "emu/cli/ota_verbs.h"

#define SOURCE         "*tflite-model/tflite_learn_*.cpp"
#define SOURCE_MAX     (UINT64_C(64) << 20)
#define NAME_BYTES_MAX 512

/* Step through the entries to the only one of that name. */
static int find(unzFile zip, const char *path, unz_file_info64 *info)
{
    char name[NAME_BYTES_MAX], found[NAME_BYTES_MAX] = "";
    unz64_file_pos at = { 0 };
    for (int e = unzGoToFirstFile(zip); e == UNZ_OK; e = unzGoToNextFile(zip)) {
        if (unzGetCurrentFileInfo64(zip, info, name, sizeof name, NULL, 0, NULL, 0) != UNZ_OK)
            break;
        name[sizeof name - 1] = '\0';
        if (fnmatch(SOURCE, name, 0) != 0)
            continue;
        thm_make_printable(name, sizeof name);
        if (found[0])
            return thm_fail(THM_EXIT_USAGE, "%s: two compiled models, %s and %s", path, found, name);
        strcpy(found, name);
        unzGetFilePos64(zip, &at);
    }
    if (!found[0])
        return thm_fail(THM_EXIT_USAGE,
                        "%s: no tflite-model/tflite_learn_*.cpp in it: is it an Edge Impulse Arduino "
                        "library with the EON compiler?",
                        path);
    unzGoToFilePos64(zip, &at);
    return unzGetCurrentFileInfo64(zip, info, NULL, 0, NULL, 0, NULL, 0) == UNZ_OK
               ? 0
               : thm_fail(THM_EXIT_USAGE, "%s: %s: the entry is damaged", path, found);
}

static int unpack(unzFile zip, const char *path, uint64_t bytes, uint8_t **text, size_t *len)
{
    size_t got = 0;
    int n = 0;
    if (bytes > SOURCE_MAX)
        return thm_fail(THM_EXIT_USAGE, "%s: the source in it has %llu bytes; at most %llu are read", path,
                        (unsigned long long)bytes, (unsigned long long)SOURCE_MAX);
    *text = malloc(bytes + 1);
    if (!*text)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    if (unzOpenCurrentFile(zip) == UNZ_OK)
        while (got < bytes && (n = unzReadCurrentFile(zip, *text + got, (unsigned)(bytes - got))) > 0)
            got += (size_t)n;
    /* closing tells whether the CRC is right */
    if (got == bytes && unzCloseCurrentFile(zip) == UNZ_OK) {
        (*text)[ *len = got] = '\0';
        return 0;
    }
    free(*text);
    *text = NULL;
    return thm_fail(THM_EXIT_USAGE, "%s: the source in it is damaged (%zu of %llu bytes)", path, got,
                    (unsigned long long)bytes);
}

int ota_read_library(const char *path, uint8_t **text, size_t *len)
{
    unz_file_info64 info;
    unzFile zip = unzOpen64(path);
    if (!zip)
        return thm_fail(THM_EXIT_USAGE, "%s: not a zip file that can be read", path);
    int status = find(zip, path, &info);
    if (!status)
        status = unpack(zip, path, info.uncompressed_size, text, len);
    unzClose(zip);
    return status;
}
