#!/bin/sh
# The interpreter needs nothing but memory functions and math: its sources compile with -ffreestanding, and the objects
# ask for no other symbol. Arguments: compiler, source folder.
set -eu
cc=$1 source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
allowed='memcpy memmove memset memcmp exp expf logf round roundf floor frexp ldexp tanhf fabs fabsf floorf ceilf sinf cosf sqrt sqrtf fmodf expm1f cos sin'
echo 1..2
for file in "$source"/interpreter/*.c "$source"/interpreter/ops/*.c "$source"/interpreter/kernel_libs/*.c; do
    object=$work/$(echo "${file#"$source"/}" | tr / _).o
    if ! "$cc" -std=gnu11 -O2 -ffreestanding -fno-stack-protector -ffp-contract=off -Wall -Werror -I"$source" -c "$file" -o "$object"; then
        echo "not ok 1 - every source compiles with -ffreestanding"
        exit 1
    fi
done
echo "ok 1 - every source compiles with -ffreestanding"
# What the objects want from outside themselves.
nm -g "$work"/*.o | awk '$1 == "U" { want[$2] = 1 } NF == 3 { have[$3] = 1 } END { for (s in want) if (!(s in have)) print s }' |
    sort >"$work/wanted"
for name in $allowed; do
    sed -i "/^$name\$/d; /^_GLOBAL_OFFSET_TABLE_\$/d" "$work/wanted"
done
if [ -s "$work/wanted" ]; then
    echo "not ok 2 - no symbol but memory functions and math is needed"
    sed 's/^/# also needed: /' "$work/wanted"
    exit 1
fi
echo "ok 2 - no symbol but memory functions and math is needed"
