#include "netlink/http.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Digits at *s, which is moved behind them. false: none, or too large. */
static bool digits(const char **s, uint64_t *out)
{
    char *end;
    if (**s < '0' || **s > '9')
        return false;
    errno = 0;
    *out = strtoull(*s, &end, 10);
    *s = end;
    return errno == 0;
}

static enum thm_http_range suffix_range(const char *s, uint64_t size, uint64_t *first, uint64_t *last)
{
    uint64_t n;
    if (!digits(&s, &n) || *s)
        return THM_RANGE_WHOLE;
    if (n == 0 || size == 0)
        return THM_RANGE_UNSATISFIABLE;
    *first = n < size ? size - n : 0;
    *last = size - 1;
    return THM_RANGE_PART;
}

enum thm_http_range thm_http_range(const char *header, uint64_t size, uint64_t *first, uint64_t *last)
{
    if (!header || strncasecmp(header, "bytes=", 6) != 0)
        return THM_RANGE_WHOLE;
    const char *s = header + 6;
    if (*s == '-')
        return suffix_range(s + 1, size, first, last);
    if (!digits(&s, first) || *s++ != '-')
        return THM_RANGE_WHOLE;
    *last = UINT64_MAX;
    if (*s && (!digits(&s, last) || *s || *last < *first))
        return THM_RANGE_WHOLE;
    if (*first >= size)
        return THM_RANGE_UNSATISFIABLE;
    if (*last >= size)
        *last = size - 1;
    return THM_RANGE_PART;
}

bool thm_http_etag_listed(const char *header, const char *etag)
{
    size_t len = strlen(etag);
    if (!header)
        return false;
    for (const char *s = header; *s;) {
        s += strspn(s, " \t,");
        if (*s == '*')
            return true;
        if (strncmp(s, "W/", 2) == 0)
            s += 2;
        if (strncmp(s, etag, len) == 0 && strchr(" \t,", s[len])) /* strchr finds the final zero, too */
            return true;
        s += strcspn(s, ",");
    }
    return false;
}

void thm_http_etag(const struct stat *st, char etag[THM_ETAG_MAX])
{
    snprintf(etag, THM_ETAG_MAX, "\"%llx-%llx-%llx%09lx\"", (unsigned long long)st->st_ino,
             (unsigned long long)st->st_size, (unsigned long long)st->st_mtim.tv_sec,
             (unsigned long)st->st_mtim.tv_nsec);
}

const char *thm_http_content_type(const char *path)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {
        { "h", "text/plain" },   { "c", "text/plain" },          { "cc", "text/plain" },  { "cpp", "text/plain" },
        { "txt", "text/plain" }, { "json", "application/json" }, { "html", "text/html" }, { "csv", "text/csv" },
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (strcasecmp(dot + 1, types[i].suffix) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* "a/b.bin": no empty name, none that starts with a dot. */
static bool names_are_plain(const char *path)
{
    while (*path && *path != '.' && *path != '/') {
        path += strcspn(path, "/");
        if (!*path)
            return true;
        path++;
    }
    return false;
}

/* Where a descriptor really is, symbolic links followed: inside root, and by plain names only? */
static bool is_inside(int fd, const char *root)
{
    char link[40], real[PATH_MAX];
    size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, real, sizeof real - 1);
    if (n <= 0)
        return false;
    real[n] = '\0';
    return strncmp(real, root, len) == 0 && real[len] == '/' && names_are_plain(real + len + 1);
}

int thm_http_open(int dirfd, const char *root, const char *url_path, struct stat *st)
{
    if (*url_path != '/' || !names_are_plain(url_path + 1))
        return -1;
    int fd = openat(dirfd, url_path + 1, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -1;
    if (!is_inside(fd, root) || fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) {
        close(fd);
        return -1;
    }
    return fd;
}
