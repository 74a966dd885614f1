/* thm_call_on_stack: change the stack pointer, call, change back. The frame pointer keeps the way home, and the CFI
 * says so, so that debuggers unwind across the change. */
#include "memmodels/stack.h"

#if defined __x86_64__
__asm__(".text\n"
        ".globl thm_call_on_stack\n"
        ".type thm_call_on_stack, @function\n"
        "thm_call_on_stack:\n"
        "    .cfi_startproc\n"
        "    pushq %rbp\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset %rbp, -16\n"
        "    movq %rsp, %rbp\n"
        "    .cfi_def_cfa_register %rbp\n"
        "    andq $-16, %rdx\n"
        "    movq %rdx, %rsp\n"
        "    movq %rdi, %rax\n"
        "    movq %rsi, %rdi\n"
        "    callq *%rax\n"
        "    movq %rbp, %rsp\n"
        "    popq %rbp\n"
        "    .cfi_def_cfa %rsp, 8\n"
        "    retq\n"
        "    .cfi_endproc\n"
        ".size thm_call_on_stack, .-thm_call_on_stack\n");
#elif defined __i386__
__asm__(".text\n"
        ".globl thm_call_on_stack\n"
        ".type thm_call_on_stack, @function\n"
        "thm_call_on_stack:\n"
        "    .cfi_startproc\n"
        "    pushl %ebp\n"
        "    .cfi_def_cfa_offset 8\n"
        "    .cfi_offset %ebp, -8\n"
        "    movl %esp, %ebp\n"
        "    .cfi_def_cfa_register %ebp\n"
        "    movl 8(%ebp), %eax\n"
        "    movl 12(%ebp), %ecx\n"
        "    movl 16(%ebp), %edx\n"
        "    andl $-16, %edx\n"
        "    leal -16(%edx), %esp\n"
        "    movl %ecx, (%esp)\n"
        "    calll *%eax\n"
        "    movl %ebp, %esp\n"
        "    popl %ebp\n"
        "    .cfi_def_cfa %esp, 4\n"
        "    retl\n"
        "    .cfi_endproc\n"
        ".size thm_call_on_stack, .-thm_call_on_stack\n");
#elif defined __aarch64__
__asm__(".text\n"
        ".globl thm_call_on_stack\n"
        ".type thm_call_on_stack, %function\n"
        "thm_call_on_stack:\n"
        "    .cfi_startproc\n"
        "    stp x29, x30, [sp, #-16]!\n"
        "    .cfi_def_cfa_offset 16\n"
        "    .cfi_offset 29, -16\n"
        "    .cfi_offset 30, -8\n"
        "    mov x29, sp\n"
        "    .cfi_def_cfa_register 29\n"
        "    and x2, x2, #-16\n"
        "    mov sp, x2\n"
        "    mov x9, x0\n"
        "    mov x0, x1\n"
        "    blr x9\n"
        "    mov sp, x29\n"
        "    ldp x29, x30, [sp], #16\n"
        "    .cfi_def_cfa 31, 0\n"
        "    .cfi_restore 29\n"
        "    .cfi_restore 30\n"
        "    ret\n"
        "    .cfi_endproc\n"
        ".size thm_call_on_stack, .-thm_call_on_stack\n");
#else
#include <stdlib.h>
#include <ucontext.h>

static _Thread_local struct {
    void (*fn)(void *arg);
    void *arg;
} call;

static void trampoline(void)
{
    void (*fn)(void *arg) = call.fn;
    fn(call.arg);
}

void thm_call_on_stack(void (*fn)(void *arg), void *arg, void *top)
{
    ucontext_t there, here;
    const size_t reach = 1 << 20; /* makecontext wants a size; the guard page is what limits the stack */
    if (getcontext(&there) < 0)
        abort();
    call.fn = fn;
    call.arg = arg;
    there.uc_stack.ss_sp = (char *)top - reach;
    there.uc_stack.ss_size = reach;
    there.uc_link = &here;
    makecontext(&there, trampoline, 0);
    if (swapcontext(&here, &there) < 0)
        abort();
}
#endif
