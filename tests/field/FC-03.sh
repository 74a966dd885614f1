# FC-03: the more arena, the less is available
# Source: tensorflow/tflite-micro issue 1249 (2022), person detection: with 140 to 144 KiB of arena 456, 1480, 2504, 3528 and 616 bytes are available
# Cause: with more arena setting up comes further, and another request fails; "available" is about that one
# Remedy: an arena of what the message asks for, in one step
# Expected: up to 29 KiB an operator's data do not fit, at ever later operators and with no more bytes left than before; from 30 KiB it is the tensors,
#   55296 bytes, with 3856 left and 1024 more for each KiB, until 81 KiB do
. "$(dirname "$0")/../e2e/lib.sh"
MODEL=${THIMBLE_SHARED:-/nonexistent}/models/person_detect.tflite
if [ ! -f "$MODEL" ]; then
    skip "FC-03__more_arena_less_available" "no models/person_detect.tflite in the shared folder"
    finish
    exit
fi

sweep() { # FROM TO: "left operator" of each arena in KiB
    local kib
    for kib in $(seq "$1" "$2"); do
        thimble infer "$MODEL" --layout i386 --arena $((kib * 1024))
        [ "$STATUS" -eq 10 ] || echo "exit status $STATUS at $kib KiB"
        sed -nE 's/.* needed, ([0-9]+) left \((operator ([0-9]+)|tensor).*/\1 \3/p' "$T/err"
    done
}
sweep 24 29 >"$T/small"
[ "$(cut -d' ' -f1 "$T/small" | sort -u | wc -l)" -eq 1 ] && [ "$(cut -d' ' -f2 "$T/small" | sort -un | wc -l)" -ge 3 ] &&
    cut -d' ' -f2 "$T/small" | sort -nc && [ "$(wc -l <"$T/small")" -eq 6 ]
ok "FC-03__more_arena_fails_later_with_no_more_left" $?
sweep 30 80 >"$T/large"
[ "$(cut -d' ' -f1 "$T/large" | tr -d ' ' | tr '\n' ' ')" = "$(seq -s' ' 3856 1024 55056) " ]
ok "FC-03__then_a_kib_more_is_a_kib_more_left" $?
thimble infer "$MODEL" --layout i386 --arena $((81 * 1024))
expect "FC-03__81_kib_do" 0 'arena +82300 of 82944'
thimble infer "$MODEL" --layout i386 --arena $((24 * 1024))
expect_error "FC-03__the_first_message_has_the_size_that_does" 10 'an arena of 82304 bytes would do'
finish
