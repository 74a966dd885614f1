#include "interpreter/host/workspace.h"
#include <stdatomic.h>

struct thm_workspace thm_pc_workspace;
static atomic_flag taken = ATOMIC_FLAG_INIT;

/* Not inlined, so that the caller expects every register to be lost that a call may change. */
#if defined __x86_64__
/* System V ABI: arguments in rdi, rsi and rdx, rbx is kept by fn. */
__attribute__((noinline)) static void call_on_own_stack(thm_workspace_fn *fn, const struct thm_windows_i8 *w,
                                                        const void *packed)
{
    struct thm_workspace *space = &thm_pc_workspace;
    __asm__ volatile("mov %%rsp, %%rbx\n\t"
                     "mov %[top], %%rsp\n\t"
                     "call *%[fn]\n\t"
                     "mov %%rbx, %%rsp"
                     : "+D"(w), "+S"(packed), "+d"(space)
                     : [top] "r"(thm_pc_workspace.stack + sizeof thm_pc_workspace.stack), [fn] "r"(fn)
                     : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory",
                       "cc");
}
#else
/* AAPCS64: arguments in x0, x1 and x2, x19 is kept by fn, and of v8 to v15 the lower halves. */
__attribute__((noinline)) static void call_on_own_stack(thm_workspace_fn *fn, const struct thm_windows_i8 *w,
                                                        const void *packed)
{
    register const struct thm_windows_i8 *first __asm__("x0") = w;
    register const void *second __asm__("x1") = packed;
    register struct thm_workspace *third __asm__("x2") = &thm_pc_workspace;
    __asm__ volatile("mov x19, sp\n\t"
                     "mov sp, %[top]\n\t"
                     "blr %[fn]\n\t"
                     "mov sp, x19"
                     : "+r"(first), "+r"(second), "+r"(third)
                     : [top] "r"(thm_pc_workspace.stack + sizeof thm_pc_workspace.stack), [fn] "r"(fn)
                     : "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
                       "x18", "x19", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19",
                       "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory",
                       "cc");
}
#endif

bool thm_workspace_run(thm_workspace_fn *fn, const struct thm_windows_i8 *w, const void *packed)
{
    if (atomic_flag_test_and_set_explicit(&taken, memory_order_acquire))
        return false;
    call_on_own_stack(fn, w, packed);
    atomic_flag_clear_explicit(&taken, memory_order_release);
    return true;
}
