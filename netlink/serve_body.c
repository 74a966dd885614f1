/* netlink/serve_body.c -- a file as the body of an answer, and what goes wrong with it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "netlink/gzip.h"
#include "netlink/serve_internal.h"

enum { DRIP_MS = 100, GZIP_FILE_MAX = 256 << 20 };

bool thm_serve_wait(const struct thm_request *r, int ms)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct pollfd fds[2] = { { .fd = r->server->stopping, .events = POLLIN },
                             { .fd = info ? info->connect_fd : -1, .events = POLLRDHUP } };
    return poll(fds, 2, ms) == 0;
}

/* Below TLS: the client gets no close_notify. What was sent before still arrives. */
static void cut_connection(const struct thm_request *r)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info)
        shutdown(info->connect_fd, SHUT_WR);
}

static size_t allowed(const struct thm_request *r, uint64_t limit, size_t want)
{
    uint64_t left = limit > r->sent ? limit - r->sent : 0;
    return left < want ? (size_t)left : want;
}

/* How much may go out now. 0: nothing more, ever. */
static size_t allowed_now(struct thm_request *r, size_t max)
{
    const struct thm_server_faults *f = &r->server->faults;
    size_t want = max < thm_serve_record_max(r) ? max : thm_serve_record_max(r);
    want = allowed(r, f->stall, allowed(r, f->cut, want));
    if (f->drip_bps == THM_NO_FAULT || want == 0)
        return want;
    const uint64_t part = f->drip_bps * DRIP_MS / 8000;
    if (!thm_serve_wait(r, part ? DRIP_MS : (int)(8000 / f->drip_bps)))
        return 0;
    return part >= want ? want : part ? (size_t)part : 1;
}

/* One bit of a byte, and of every period-th after it. at: of the file. */
static void corrupt(const struct thm_server_faults *f, uint8_t *data, size_t len, uint64_t at)
{
    const uint64_t first = f->corrupt[0], period = f->corrupt[1];
    if (first == THM_NO_FAULT || first >= at + len)
        return;
    uint64_t hit = first;
    if (hit < at && !period)
        return;
    if (hit < at)
        hit += (at - hit + period - 1) / period * period;
    for (; hit < at + len; hit += period) {
        data[hit - at] ^= 1;
        if (!period)
            return;
    }
}

static ssize_t read_run(const struct thm_request *r, uint64_t at, void *buf, size_t len)
{
    uint64_t run;
    const uint64_t place = thm_repeats_place(&r->part, at, &run);
    ssize_t n;
    do
        n = pread(r->fd, buf, len < run ? len : (size_t)run, (off_t)place);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        corrupt(&r->server->faults, buf, (size_t)n, place);
    return n;
}

/* As many bytes as there are, up to len, from the at-th that is sent on. */
static ssize_t read_file(const struct thm_request *r, uint64_t at, uint8_t *buf, size_t len)
{
    size_t got = 0;
    ssize_t n = 1;
    while (got < len && (n = read_run(r, at + got, buf + got, len - got)) > 0)
        got += (size_t)n;
    return n < 0 ? n : (ssize_t)got;
}

static ssize_t read_body(void *ctx, uint64_t pos, char *buf, size_t max)
{
    struct thm_request *r = ctx;
    const struct thm_server_faults *f = &r->server->faults;
    const size_t want = allowed_now(r, max);
    if (want == 0) {
        if (r->sent >= f->stall)
            thm_serve_wait(r, -1);
        else if (r->sent >= f->cut)
            cut_connection(r);
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    ssize_t n = read_file(r, pos, (uint8_t *)buf, want);
    if (n == 0 && (f->no_length || f->chunked))
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (n <= 0) /* the file has become shorter, cannot be read, or Content-Length has lied */
        return MHD_CONTENT_READER_END_WITH_ERROR;
    r->sent += (uint64_t)n;
    return n;
}

/* ---- gzip, though nobody asked for it ---- */

static size_t gzip_bytes(uint64_t size)
{
    const uint64_t blocks = (size + THM_GZIP_BLOCK_MAX - 1) / THM_GZIP_BLOCK_MAX;
    return (size_t)(THM_GZIP_HEAD + size + blocks * THM_GZIP_BLOCK_HEAD + THM_GZIP_TAIL);
}

/* The whole file in one buffer. false: it cannot be read. */
static bool compress_file(const struct thm_request *r, uint64_t size, uint8_t *out)
{
    uint32_t crc = 0;
    thm_gzip_head(out);
    out += THM_GZIP_HEAD;
    for (uint64_t at = 0; at < size;) {
        const uint16_t len = (uint16_t)(size - at < THM_GZIP_BLOCK_MAX ? size - at : THM_GZIP_BLOCK_MAX);
        if (read_file(r, at, out + THM_GZIP_BLOCK_HEAD, len) != len)
            return false;
        thm_gzip_block_head(out, len);
        crc = thm_gzip_crc(crc, out + THM_GZIP_BLOCK_HEAD, len);
        out += THM_GZIP_BLOCK_HEAD + len;
        at += len;
    }
    thm_gzip_tail(out, crc, (uint32_t)size);
    return true;
}

static struct MHD_Response *gzip_response(struct thm_request *r, uint64_t size)
{
    const size_t bytes = size <= GZIP_FILE_MAX ? gzip_bytes(size) : 0;
    uint8_t *data = bytes ? malloc(bytes) : NULL;
    if (!data || !compress_file(r, size, data)) {
        free(data);
        return NULL;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(bytes, data, MHD_RESPMEM_MUST_FREE);
    if (response) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
        r->sent = bytes;
    }
    return response;
}

struct MHD_Response *thm_serve_file(struct thm_request *r, uint64_t from, uint64_t to)
{
    const struct thm_server_faults *f = &r->server->faults;
    r->part = thm_repeats_of(from, to, &f->duplicate, &f->drop);
    uint64_t size = thm_repeats_bytes(&r->part);
    if (f->gzip)
        return gzip_response(r, size);
    if (f->length != THM_NO_FAULT)
        size = f->length;
    if (f->no_length || f->chunked)
        size = MHD_SIZE_UNKNOWN;
    struct MHD_Response *response = MHD_create_response_from_callback(size, THM_SERVE_BLOCK, read_body, r, NULL);
    if (response && f->no_length)
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_SERVER, MHD_RO_END);
    return response;
}
