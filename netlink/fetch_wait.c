/* netlink/fetch_wait.c -- what transfers wait for: all their sockets in one epoll, and curl's timer, so that a round
 * costs as much as there is to do, however many transfers there are (libcurl-multi(3), "multi_socket"). */
#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "netlink/fetch_internal.h"

enum { EVENTS_MAX = 64 }; /* in one round; the others are still ready in the next */

static uint32_t events_of(int what)
{
    return (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *unused)
{
    const struct thm_fetch_waits *w = ctx;
    struct epoll_event ev = { .events = events_of(what), .data.fd = fd };
    (void)easy;
    (void)unused;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, fd, NULL); /* fine if it is closed already */
        return 0;
    }
    return epoll_ctl(w->epoll, EPOLL_CTL_MOD, fd, &ev) == 0 ? 0 : epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &ev);
}

static int on_timer(CURLM *multi, long ms, void *ctx)
{
    struct thm_fetch_waits *w = ctx;
    (void)multi;
    w->due_ms = ms < 0 ? INT64_MAX : thm_fetch_now_ms() + ms;
    return 0;
}

bool thm_fetch_waits_open(struct thm_fetch_waits *w, CURLM *multi)
{
    *w = (struct thm_fetch_waits){ epoll_create1(EPOLL_CLOEXEC), INT64_MAX };
    return w->epoll >= 0 && curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, w) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, w) == CURLM_OK;
}

void thm_fetch_waits_close(struct thm_fetch_waits *w)
{
    if (w->epoll >= 0)
        close(w->epoll);
    w->epoll = -1;
}

/* curl looks itself at what a socket is ready for, as it does without epoll: errors are told in the same way. */
bool thm_fetch_waits_act(struct thm_fetch_waits *w, CURLM *multi)
{
    struct epoll_event ev[EVENTS_MAX];
    int running;
    CURLMcode code = CURLM_OK;
    const int n = epoll_wait(w->epoll, ev, EVENTS_MAX, 0);
    for (int i = 0; i < n && code == CURLM_OK; i++)
        code = curl_multi_socket_action(multi, ev[i].data.fd, 0, &running);
    if (code == CURLM_OK && thm_fetch_now_ms() >= w->due_ms) {
        w->due_ms = INT64_MAX; /* curl sets the next one */
        code = curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    return code == CURLM_OK;
}
