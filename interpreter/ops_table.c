/* interpreter/ops_table.c -- the table with all operators. It is alone in its file so that a program which defines
 * thm_op_table itself does not get this one from the library, and the linker drops the operators that are not in it. */
#include "interpreter/ops/ops.h"

THM_DEFINE_OP_TABLE(THM_BUILTIN_OPS, THM_CUSTOM_OPS);
