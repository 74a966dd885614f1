#include "emu/cli/labels.h"
#include <stdlib.h>
#include <string.h>
#include "emu/cli/cli.h"

enum { LABELS_MAX = 10000 };

static int add_label(struct thm_labels *l, const char *line, size_t len)
{
    char **more = realloc(l->name, (l->n + 1) * sizeof *more);
    if (!more)
        return -1;
    l->name = more;
    l->name[l->n] = strndup(line, len);
    return l->name[l->n++] ? 0 : -1;
}

int thm_labels_load(struct thm_labels *l, const char *path)
{
    uint8_t *data;
    size_t len;
    *l = (struct thm_labels){ 0 };
    int status = thm_read_file(path, 1 << 20, &data, &len);
    if (status)
        return status;
    while (len && strchr(" \r\n", data[len - 1]))
        len--;
    for (size_t at = 0; at < len && !status;) {
        const uint8_t *end = memchr(data + at, '\n', len - at);
        size_t n = end ? (size_t)(end - data) - at : len - at;
        size_t text = n && data[at + n - 1] == '\r' ? n - 1 : n;
        if (l->n == LABELS_MAX)
            status = thm_fail(THM_EXIT_USAGE, "%s: more than %d labels", path, LABELS_MAX);
        else if (add_label(l, (const char *)data + at, text) < 0)
            status = thm_fail(THM_EXIT_HOST, "%s: out of memory", path);
        at += n + 1;
    }
    free(data);
    if (status)
        thm_labels_free(l);
    return status;
}

void thm_labels_free(struct thm_labels *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->name[i]);
    free(l->name);
    *l = (struct thm_labels){ 0 };
}
