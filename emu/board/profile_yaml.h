/* emu/board/profile_yaml.h -- a YAML text checked against a schema, with the place of every value.
 *
 * libcyaml takes "1k" for 1, any word for true, and says nothing of where; so the text is checked here first, by the
 * same schema, and libcyaml then only fills the structures. Aliases, tags, control characters, second documents and
 * repeated keys are refused. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <cyaml/cyaml.h>
#include <yaml.h>

struct thm_yaml {
    const char *file; /* for messages; lent */
    char **error;     /* where the one line goes; malloc'ed */
    yaml_document_t doc;
};

/* Parse data[0..len). file, error: lent until thm_yaml_close(), which must only follow a result of 0.
 * Result: 0, 2 (not YAML; *error says where) or 20 (out of memory). */
int thm_yaml_open(struct thm_yaml *y, const char *file, const uint8_t *data, size_t len, char **error);
void thm_yaml_close(struct thm_yaml *y);

/* Every value is what the schema says, no key is unknown, missing or repeated. Result as above. */
int thm_yaml_check(struct thm_yaml *y, const cyaml_schema_value_t *schema);

/* The line (from 1) of the value at a path such as "heaps[2].base"; of the last part of it that exists. */
unsigned thm_yaml_line(struct thm_yaml *y, const char *path);

/* *error = "FILE:LINE: PATH: MESSAGE"; result 2, or 20 when out of memory. */
int thm_yaml_fail(struct thm_yaml *y, unsigned line, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* All of it: parse, check by the schema, fill the structure, check it as a whole. Out: *out, to be released with
 * thm_yaml_free(); NULL on error, then *error is one malloc'ed line or NULL (out of memory). Result as above. */
int thm_yaml_load(const char *file, const uint8_t *data, size_t len, const cyaml_schema_value_t *schema,
                  int (*check)(const void *data, struct thm_yaml *y), void **out, char **error);
void thm_yaml_free(const cyaml_schema_value_t *schema, void *data); /* NULL is fine */
