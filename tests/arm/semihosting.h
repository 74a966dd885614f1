/* tests/arm/semihosting.h -- calls to the debugger, here QEMU. Numbers: Arm, "Semihosting for AArch32 and AArch64". */
#pragma once
#include <stdint.h>

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_SEEK = 0x0a,
    SYS_FLEN = 0x0c,
    SYS_EXIT_EXTENDED = 0x20
};

static inline uintptr_t semihosting(uintptr_t call, const volatile void *arguments)
{
    register uintptr_t r0 __asm__("r0") = call;
    register const volatile void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
