/* emu/cli/image_tree.c -- tree: all that is in an image, drawn. Names of a flat file system are taken apart at their
 * slashes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emu/cli/cli.h"
#include "emu/cli/image_path.h"
#include "emu/cli/image_text.h"
#include "emu/cli/image_verbs.h"

struct node {
    char *name;
    uint32_t size;
    bool directory;
    struct node *first, *last, *next;
};

static void free_node(struct node *n)
{
    while (n) { /* as deep as image_walk() goes, or as a name has slashes */
        struct node *next = n->next;
        free_node(n->first);
        free(n->name);
        free(n);
        n = next;
    }
}

static struct node *add(struct node *to, const char *name, size_t len)
{
    struct node *n = calloc(1, sizeof *n);
    if (!n || !(n->name = strndup(name, len))) {
        free(n);
        return NULL;
    }
    *(to->last ? &to->last->next : &to->first) = n;
    return to->last = n;
}

/* The directory of that name: names come sorted, so that it is the last one if it is there at all. */
static struct node *descend(struct node *to, const char *name, size_t len)
{
    for (struct node *n = to->first; n; n = n->next)
        if (n->directory && strncmp(n->name, name, len) == 0 && n->name[len] == '\0')
            return n;
    struct node *n = add(to, name, len);
    if (n)
        n->directory = true;
    return n;
}

static int visit(void *ctx, const struct image_entry *e)
{
    struct node *at = ctx;
    const char *name = e->path + strspn(e->path, "/"), *slash;
    if (e->leaving)
        return 0;
    while (at && (slash = strchr(name, '/'))) {
        at = descend(at, name, (size_t)(slash - name));
        name = slash + 1;
    }
    struct node *n = at ? e->st->directory ? descend(at, name, strlen(name)) : add(at, name, strlen(name)) : NULL;
    if (!n)
        return thm_fail(THM_EXIT_HOST, "out of memory");
    n->size = e->st->size;
    return 0;
}

struct totals {
    unsigned directories, files;
    uint64_t bytes;
};

static void count(const struct node *n, struct totals *t)
{
    *(n->directory ? &t->directories : &t->files) += 1;
    t->bytes += n->size;
}

/* prefix: what stands before each line of these; grown and cut back in place. */
static void draw(const struct node *n, char prefix[4 * IMAGE_PATH_MAX], struct totals *t)
{
    size_t len = strlen(prefix);
    for (; n; n = n->next) {
        count(n, t);
        printf("%s%s ", prefix, n->next ? "├──" : "└──");
        image_print_name(stdout, n->name);
        if (n->directory)
            puts("/");
        else
            printf("  %u\n", (unsigned)n->size);
        snprintf(prefix + len, 4 * IMAGE_PATH_MAX - len, "%s", n->next ? "│   " : "    ");
        draw(n->first, prefix, t);
        prefix[len] = '\0';
    }
}

static void draw_all(const struct node *root)
{
    char prefix[4 * IMAGE_PATH_MAX] = "";
    struct totals t = { 0 };
    puts("/");
    draw(root->first, prefix, &t);
    printf("%u directories, %u files, %llu bytes\n", t.directories, t.files, (unsigned long long)t.bytes);
}

static json_t *as_json(const struct node *n)
{
    json_t *all = json_array();
    for (; n; n = n->next) {
        json_t *o = json_pack("{s:o}", "name", image_json_name(n->name));
        if (n->directory)
            json_object_set_new(o, "entries", as_json(n->first));
        else
            json_object_set_new(o, "size", json_integer(n->size));
        json_array_append_new(all, o);
    }
    return all;
}

int image_tree(const struct image_options *o, int argc, char **argv)
{
    struct image im;
    struct node root = { 0 };
    (void)argc;
    int status = image_open(&im, argv[0], o);
    if (!status)
        status = image_walk(&im, "", visit, &root);
    if (!status && o->json)
        status = image_print_json(json_pack("{s:o}", "entries", as_json(root.first)));
    else if (!status)
        draw_all(&root);
    free_node(root.first);
    image_close(&im);
    return status;
}
