/* netlink/message.h -- the sentence that goes with an error. Internal to netlink. */
#pragma once

/* Format one line. Result: a buffer of the calling thread, valid until its next call. Control characters that came from
 * outside are replaced by '?'. */
const char *thm_net_message(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
