#include "emu/board/modem.h"
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

int thm_modem_send(int fd, uint32_t type, const void *head, size_t head_len, const void *data, size_t len)
{
    struct thm_msg m = { type, (uint32_t)(head_len + len) };
    struct iovec iov[3] = { { &m, sizeof m }, { (void *)(uintptr_t)head, head_len }, { (void *)(uintptr_t)data, len } };
    struct msghdr h = { .msg_iov = iov, .msg_iovlen = 3 };
    ssize_t n;
    do
        n = sendmsg(fd, &h, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -1 : 0;
}

long thm_modem_receive(int fd, void *buf, size_t size, const struct thm_msg **m)
{
    ssize_t n;
    do
        n = recv(fd, buf, size, 0);
    while (n < 0 &&
           (errno == EINTR || errno == ECONNRESET)); /* a peer that ended with mail unread: what it sent comes next */
    *m = buf;
    if (n < (ssize_t)sizeof **m || (size_t)n - sizeof **m != (*m)->len)
        return -1;
    return (long)(*m)->len;
}
