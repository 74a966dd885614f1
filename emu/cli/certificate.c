#include "emu/cli/certificate.h"
#include <stdlib.h>
#include <string.h>
#include "emu/cli/cli.h"

/* Three bytes for every four characters of base64 (RFC 7468). */
static uint32_t der_bytes(const char *pem)
{
    const char *at = strstr(pem, "-----BEGIN CERTIFICATE-----");
    size_t n = 0;
    for (at = at ? strchr(at, '\n') : NULL; at && *at && *at != '-'; at++)
        n += *at != '\n' && *at != '\r' && *at != '=';
    return (uint32_t)(n * 3 / 4);
}

int thm_certificate_bytes(const char *path, uint32_t *bytes)
{
    uint8_t *pem;
    size_t len;
    *bytes = 0;
    if (!path)
        return 0;
    int status = thm_read_file(path, 1 << 20, &pem, &len);
    if (status)
        return status;
    pem[len] = '\0';
    *bytes = der_bytes((const char *)pem);
    free(pem);
    return *bytes ? 0 : thm_fail(THM_EXIT_USAGE, "%s: no PEM certificate in it", path);
}
