/* fsimages/mount/texts.c -- the folder .thimble: what is known of the image, as text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "fsimages/mount/core.h"

bool mt_is_text(const char *path)
{
    size_t len = strlen(MT_TEXTS);
    return strncmp(path, MT_TEXTS, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Written again when the image has changed since, so that its size is known before it is read. */
static int update(struct mt *m, size_t i)
{
    struct mt_text *t = &m->texts[i];
    if (t->bytes && t->change == m->change)
        return 0;
    for (struct mt_file *f = m->files; f; f = f->next)
        (void)mt_file_sync(m, f, false); /* what the driver still holds back */
    free(t->bytes);
    *t = (struct mt_text){ .change = m->change };
    FILE *to = open_memstream(&t->bytes, &t->len);
    if (!to)
        return -ENOMEM;
    m->source->texts[i].write(m->source->ctx, to);
    return fclose(to) == 0 ? 0 : -ENOMEM;
}

int mt_text_find(struct mt *m, const char *path, const struct mt_text **out)
{
    const char *name = path + strlen(MT_TEXTS);
    *out = NULL;
    if (!*name)
        return 0;
    for (size_t i = 0; i < MT_TEXTS_MAX && m->source->texts[i].name; i++) {
        if (strcmp(m->source->texts[i].name, name + 1) != 0)
            continue;
        *out = &m->texts[i];
        return update(m, i);
    }
    return -ENOENT;
}

void mt_texts_free(struct mt *m)
{
    for (size_t i = 0; i < MT_TEXTS_MAX; i++)
        free(m->texts[i].bytes);
}
