#!/bin/sh
# The interpreter needs nothing but memory functions and math: no other symbol is missing in its library, which was
# compiled with -ffreestanding. Arguments: nm, library.
set -eu
nm=$1 library=$2
allowed='memcpy memmove memset memcmp exp expf logf round roundf floor frexp ldexp tanhf fabs fabsf floorf ceilf sinf cosf sqrt sqrtf fmodf expm1f cos sin'
compilers='_GLOBAL_OFFSET_TABLE_$|__aeabi_|__gnu_thumb1_case_|__[a-z]+[sd]i2$' # what gcc's own library has
echo 1..1
wanted=$("$nm" -g "$library" | awk -v allowed="$allowed" -v compilers="^($compilers)" '
    BEGIN { split(allowed, names, " "); for (i in names) have[names[i]] = 1 }
    $1 == "U" { want[$2] = 1 }
    NF == 3 { have[$3] = 1 }
    END { for (s in want) if (!(s in have) && s !~ compilers) print "# also needed: " s }')
[ -z "$wanted" ] || printf 'not '
echo "ok 1 - no symbol but memory functions and math is needed"
[ -z "$wanted" ] || { echo "$wanted"; exit 1; }
