/* netlink/serve_post.c -- what clients post: kept, a line each. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "netlink/message.h"
#include "netlink/serve_internal.h"

enum { POST_MAX = 65536 };

enum thm_net_err thm_serve_open_posts(struct thm_server *s, const char *path, const char **message)
{
    s->posts = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    if (!path || s->posts >= 0)
        return THM_NET_OK;
    *message = thm_net_message("%s: %s", path, strerror(errno));
    return THM_NET_EHOST;
}

void thm_serve_take(struct thm_request *r, const char *data, size_t len)
{
    if (r->server->posts < 0 || r->posted_too_much)
        return;
    r->posted_too_much = len > POST_MAX - r->posted_bytes;
    char *more = r->posted_too_much ? NULL : realloc(r->posted, r->posted_bytes + len + 1);
    r->posted_too_much = !more;
    if (!more)
        return;
    memcpy(more + r->posted_bytes, data, len);
    r->posted = more;
    r->posted_bytes += len;
}

/* One write, so that posts of several clients do not mix. */
static bool keep(struct thm_request *r)
{
    char *line = r->posted ? r->posted : malloc(1);
    bool ok = line != NULL;
    r->posted = line;
    if (!ok)
        return false;
    for (size_t i = 0; i < r->posted_bytes; i++)
        if (line[i] == '\n' || line[i] == '\r')
            line[i] = ' ';
    line[r->posted_bytes] = '\n';
    return write(r->server->posts, line, r->posted_bytes + 1) == (ssize_t)r->posted_bytes + 1;
}

unsigned thm_serve_post_status(struct thm_request *r)
{
    if (r->posted_too_much)
        return MHD_HTTP_CONTENT_TOO_LARGE;
    return keep(r) ? MHD_HTTP_NO_CONTENT : MHD_HTTP_INSUFFICIENT_STORAGE;
}
