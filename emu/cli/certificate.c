#include "emu/cli/certificate.h"
#include <stdlib.h>
#include "emu/cli/cli.h"
#include "netlink/tls_cost.h"

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
    *bytes = thm_pem_bytes((const char *)pem, len, "CERTIFICATE");
    free(pem);
    return *bytes ? 0 : thm_fail(THM_EXIT_USAGE, "%s: no PEM certificate in it", path);
}
