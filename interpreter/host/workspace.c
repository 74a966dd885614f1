#include "interpreter/host/workspace.h"
#include <stdatomic.h>

static struct thm_workspace workspace;
static atomic_flag taken = ATOMIC_FLAG_INIT;

/* System V ABI for x86-64: arguments in rdi, rsi and rdx, rbx is kept by fn. Not inlined, so that the caller expects
 * every register to be lost that a call may change. */
__attribute__((noinline)) static void call_on_own_stack(thm_workspace_fn *fn, const struct thm_windows_i8 *w,
                                                        const void *packed)
{
    struct thm_workspace *space = &workspace;
    __asm__ volatile("mov %%rsp, %%rbx\n\t"
                     "mov %[top], %%rsp\n\t"
                     "call *%[fn]\n\t"
                     "mov %%rbx, %%rsp"
                     : "+D"(w), "+S"(packed), "+d"(space)
                     : [top] "r"(workspace.stack + sizeof workspace.stack), [fn] "r"(fn)
                     : "rax", "rbx", "rcx", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
                       "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory",
                       "cc");
}

bool thm_workspace_run(thm_workspace_fn *fn, const struct thm_windows_i8 *w, const void *packed)
{
    if (atomic_flag_test_and_set_explicit(&taken, memory_order_acquire))
        return false;
    call_on_own_stack(fn, w, packed);
    atomic_flag_clear_explicit(&taken, memory_order_release);
    return true;
}
