#include "emu/fleet/scenario.h"
#include <string.h>
#include "emu/fleet/scenario_check.h"

#define TEXT_MAX 200
#define LIST_MAX THM_FLEET_LIST_MAX

#define TEXT(s, m, p)      CYAML_FIELD_STRING_PTR(#m, CYAML_FLAG_POINTER | (p), struct s, m, 1, TEXT_MAX)
#define UINT(s, m, p)      CYAML_FIELD_UINT(#m, p, struct s, m)
#define REAL(s, m, p)      CYAML_FIELD_FLOAT(#m, p, struct s, m)
#define FLAG(s, m, p)      CYAML_FIELD_BOOL(#m, p, struct s, m)
#define LIST(s, m, p, min) CYAML_FIELD_SEQUENCE(#m, CYAML_FLAG_POINTER | (p), struct s, m, &m##_entry, min, LIST_MAX)
#define TEXTS(s, m, p)     CYAML_FIELD_SEQUENCE(#m, CYAML_FLAG_POINTER | (p), struct s, m, &text_entry, 0, LIST_MAX)
#define MAP(s, m, p)       CYAML_FIELD_MAPPING(#m, p, struct s, m, m##_keys)
#define ENTRY(list, s) \
    static const cyaml_schema_value_t list##_entry = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct s, list##_keys) };
#define REQUIRED CYAML_FLAG_DEFAULT
#define OPTIONAL CYAML_FLAG_OPTIONAL

static const cyaml_schema_value_t text_entry = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, TEXT_MAX) };
static const cyaml_schema_field_t client_keys[] = { TEXT(thm_fleet_client, cert, REQUIRED),
                                                    TEXT(thm_fleet_client, key, REQUIRED), CYAML_FIELD_END };
static const cyaml_schema_field_t groups_keys[] = {
    TEXT(thm_fleet_group, name, REQUIRED),           TEXT(thm_fleet_group, board, REQUIRED),
    UINT(thm_fleet_group, count, REQUIRED),          TEXT(thm_fleet_group, model, OPTIONAL),
    TEXT(thm_fleet_group, link, OPTIONAL),           TEXT(thm_fleet_group, storage, OPTIONAL),
    TEXT(thm_fleet_group, store, OPTIONAL),          TEXT(thm_fleet_group, input, OPTIONAL),
    UINT(thm_fleet_group, inferences, OPTIONAL),     TEXT(thm_fleet_group, firmware, OPTIONAL),
    UINT(thm_fleet_group, duration_s, OPTIONAL),     UINT(thm_fleet_group, arena, OPTIONAL),
    UINT(thm_fleet_group, skew_s, OPTIONAL),         TEXT(thm_fleet_group, clock, OPTIONAL),
    UINT(thm_fleet_group, retries, OPTIONAL),        UINT(thm_fleet_group, backoff_ms, OPTIONAL),
    UINT(thm_fleet_group, backoff_factor, OPTIONAL), FLAG(thm_fleet_group, resume, OPTIONAL),
    MAP(thm_fleet_group, client, OPTIONAL),          UINT(thm_fleet_group, switch_on_s, OPTIONAL),
    UINT(thm_fleet_group, timeout_ms, OPTIONAL),     CYAML_FIELD_END
};
static const cyaml_schema_field_t server_keys[] = {
    TEXT(thm_fleet_server, folder, OPTIONAL),   FLAG(thm_fleet_server, offline, OPTIONAL),
    TEXT(thm_fleet_server, url, OPTIONAL),      TEXT(thm_fleet_server, cacert, OPTIONAL),
    TEXTS(thm_fleet_server, headers, OPTIONAL), CYAML_FIELD_END
};
static const cyaml_schema_field_t waves_keys[] = { TEXT(thm_fleet_wave, name, REQUIRED),
                                                   REAL(thm_fleet_wave, percent, REQUIRED),
                                                   UINT(thm_fleet_wave, at_s, OPTIONAL), CYAML_FIELD_END };
ENTRY(waves, thm_fleet_wave)
static const cyaml_schema_field_t rollout_keys[] = { TEXT(thm_fleet_rollout, version, OPTIONAL),
                                                     UINT(thm_fleet_rollout, poll_s, OPTIONAL),
                                                     TEXT(thm_fleet_rollout, poll_url, OPTIONAL),
                                                     UINT(thm_fleet_rollout, tries, OPTIONAL),
                                                     REAL(thm_fleet_rollout, stop_percent, OPTIONAL),
                                                     LIST(thm_fleet_rollout, waves, OPTIONAL, 0),
                                                     CYAML_FIELD_END };
static const cyaml_schema_field_t faults_keys[] = {
    TEXT(thm_fleet_fault, kind, REQUIRED),  REAL(thm_fleet_fault, percent, REQUIRED),
    UINT(thm_fleet_fault, value, OPTIONAL), TEXT(thm_fleet_fault, fault, OPTIONAL),
    TEXT(thm_fleet_fault, group, OPTIONAL), UINT(thm_fleet_fault, from_s, OPTIONAL),
    UINT(thm_fleet_fault, to_s, OPTIONAL),  CYAML_FIELD_END
};
static const cyaml_schema_field_t outages_keys[] = { UINT(thm_fleet_outage, from_s, REQUIRED),
                                                     UINT(thm_fleet_outage, to_s, REQUIRED),
                                                     REAL(thm_fleet_outage, percent, OPTIONAL),
                                                     TEXT(thm_fleet_outage, group, OPTIONAL), CYAML_FIELD_END };
static const cyaml_schema_field_t telemetry_keys[] = { TEXT(thm_fleet_telemetry, url, REQUIRED),
                                                       UINT(thm_fleet_telemetry, every_s, OPTIONAL),
                                                       UINT(thm_fleet_telemetry, count, OPTIONAL), CYAML_FIELD_END };
ENTRY(outages, thm_fleet_outage)
ENTRY(groups, thm_fleet_group)
ENTRY(faults, thm_fleet_fault)
static const cyaml_schema_field_t fleet_keys[] = {
    TEXT(thm_fleet, name, REQUIRED),      UINT(thm_fleet, seed, OPTIONAL),
    UINT(thm_fleet, cpu_s, OPTIONAL),     LIST(thm_fleet, groups, REQUIRED, 1),
    MAP(thm_fleet, server, REQUIRED),     MAP(thm_fleet, rollout, OPTIONAL),
    MAP(thm_fleet, telemetry, OPTIONAL),  LIST(thm_fleet, outages, OPTIONAL, 0),
    LIST(thm_fleet, faults, OPTIONAL, 0), CYAML_FIELD_END
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct thm_fleet, fleet_keys) };

/* ---- the whole ---- */

int thm_fleet_parse(const char *name, const uint8_t *text, size_t len, struct thm_fleet **out, char **error)
{
    void *data = NULL;
    int status = thm_yaml_load(name, text, len, &schema, thm_fleet_check, &data, error);
    *out = data;
    if (!status && (*out)->cpu_s == 0)
        (*out)->cpu_s = 20;
    return status;
}

const struct thm_fleet_group *thm_fleet_group_named(const struct thm_fleet *f, const char *name)
{
    for (unsigned i = 0; i < f->groups_count; i++)
        if (strcmp(f->groups[i].name, name) == 0)
            return &f->groups[i];
    return NULL;
}

void thm_fleet_free(struct thm_fleet *f)
{
    thm_yaml_free(&schema, f);
}

uint32_t thm_fleet_boards(const struct thm_fleet *f)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < f->groups_count; i++)
        sum += f->groups[i].count;
    return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

/* The bounds between groups are rounded, so that the sum is right. */
void thm_fleet_resize(struct thm_fleet *f, uint32_t boards)
{
    const uint64_t total = thm_fleet_boards(f);
    uint64_t before = 0, end, done = 0;
    for (unsigned i = 0; i < f->groups_count; i++) {
        before += f->groups[i].count;
        end = (before * boards + total / 2) / total;
        f->groups[i].count = (uint32_t)(end - done);
        done = end;
    }
}

const struct thm_fleet_group *thm_fleet_group_of(const struct thm_fleet *f, uint32_t id)
{
    const struct thm_fleet_group *g = f->groups;
    for (; id >= g->count; g++)
        id -= g->count;
    return g;
}
