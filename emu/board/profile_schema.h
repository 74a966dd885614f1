/* emu/board/profile_schema.h -- the keys of profile files, as one table.
 *
 * libcyaml loads by it, profile_yaml.c checks by it, `thimble boards --keys` and thimble-profile(5) list it. */
#pragma once
#include <cyaml/cyaml.h>

extern const cyaml_schema_value_t thm_profile_board_schema;     /* struct thm_profile */
extern const cyaml_schema_value_t thm_profile_link_schema;      /* struct thm_profile_link */
extern const cyaml_schema_value_t thm_profile_core_schema;      /* struct thm_cost_core */
extern const cyaml_schema_value_t thm_profile_operators_schema; /* struct thm_profile_operators */

/* What a value has to be, in words: "a number from 0 to 4294967295". Static string. */
const char *thm_profile_expected(const cyaml_schema_value_t *v);
/* One line on key `field`, which is fields[i] of a mapping of these schemas. Static string, never NULL. */
const char *thm_profile_key_help(const cyaml_schema_field_t *field);
