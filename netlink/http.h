/* netlink/http.h -- the parts of HTTP that the model server decides itself. Internal to netlink. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

enum thm_http_range { THM_RANGE_WHOLE, THM_RANGE_PART, THM_RANGE_UNSATISFIABLE };

/* A Range header (RFC 9110, 14.1.2) against a representation of `size` bytes: *first and *last (inclusive) for
 * THM_RANGE_PART. What is malformed, in other units or asks for several ranges gives the whole, as the RFC allows. */
enum thm_http_range thm_http_range(const char *header, uint64_t size, uint64_t *first, uint64_t *last);

/* Does an If-None-Match header (a list or "*") name this entity tag? Weak comparison (RFC 9110, 8.8.3.2). */
bool thm_http_etag_listed(const char *header, const char *etag);

#define THM_ETAG_MAX 80
void thm_http_etag(const struct stat *st, char etag[THM_ETAG_MAX]); /* from inode, size and time of change */
const char *thm_http_content_type(const char *path);                /* by suffix; static string */

/* Open the regular file that an URL path names, below the folder `dirfd` whose real path is `root`. Not found are also:
 * dot files, paths with "..", and what a symbolic link takes out of the folder. Result: a descriptor, or -1. */
int thm_http_open(int dirfd, const char *root, const char *url_path, struct stat *st);
