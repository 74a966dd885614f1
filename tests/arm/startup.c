/* tests/arm/startup.c -- from reset to main() and back to QEMU, on any Cortex-M. */
#include <stdint.h>
#include <string.h>
#include "tests/arm/io.h"
#include "tests/arm/semihosting.h"

#define CPACR     (*(volatile uint32_t *)0xe000ed88)
#define CPACR_FPU (UINT32_C(0xf) << 20)
#define EXITED    0x20026 /* ADP_Stopped_ApplicationExit */

extern uint8_t bss_start[], bss_end[];
extern void stack_top(void); /* an address; the type is that of the vectors */
int main(void);

static void leave(uint32_t status)
{
    uint32_t arguments[] = { EXITED, status };
    semihosting(SYS_EXIT_EXTENDED, arguments);
    for (;;)
        ;
}

static void fault(void)
{
    io_print("the CPU took an exception\n");
    leave(99);
}

void reset(void);
void reset(void)
{
    memset(bss_start, 0, (size_t)(bss_end - bss_start));
#ifdef __ARM_FP
    CPACR |= CPACR_FPU;
    __asm__ volatile("dsb\n isb");
#endif
    leave((uint32_t)main());
}

/* Stack, reset, then 14 exceptions of which none is expected. */
__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    stack_top, reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault,
};
