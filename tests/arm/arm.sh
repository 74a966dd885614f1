#!/bin/sh
# The CPUs that the interpreter is built for: their compiler flags, and the machine of QEMU that runs the result, with the
# address of its largest memory (16 MB).
#   arm.sh cc CPU ARGUMENT...  arm-none-eabi-gcc
#   arm.sh run CPU IMAGE       qemu-system-arm
set -eu
what=$1 cpu=$2
shift 2
case $cpu in
    # QEMU has no Cortex-M0+ with enough memory, but the Cortex-M3 executes all of ARMv6-M. It does not show what an M0+
    # lacks: other instructions (-mcpu sees to that) and unaligned accesses (UBSan sees to that, on the PC).
    cortex-m0plus) machine=mps2-an385 psram=0x21000000 float=soft ;;
    cortex-m4) machine=mps2-an386 psram=0x21000000 float='hard -mfpu=fpv4-sp-d16' ;;
    cortex-m7) machine=mps2-an500 psram=0x60000000 float='hard -mfpu=fpv5-d16' ;;
    *) echo "arm.sh: unknown CPU '$cpu'" >&2; exit 2 ;;
esac
case $what in
    cc) # shellcheck disable=SC2086 # words of $float
        exec arm-none-eabi-gcc -mcpu="$cpu" -mthumb -mfloat-abi=$float -std=gnu11 -Os -ffreestanding \
            -ffunction-sections -fdata-sections -ffp-contract=off -Wl,--defsym=psram=$psram "$@" ;;
    run) exec qemu-system-arm -M $machine -display none -serial none -monitor none \
        -semihosting-config enable=on,target=native -kernel "$1" ;;
esac
