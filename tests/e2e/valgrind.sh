# tests/e2e/valgrind.sh -- stray accesses to the board's heap under valgrind's memcheck.
. "$(dirname "$0")/lib.sh"

if [ "$THIMBLE_SANITIZED" != none ] || ! command -v valgrind >/dev/null; then
    skip "valgrind__knows_the_boards_heap" "needs valgrind and a build without sanitizers"
    finish
    exit
fi

stray() { # stray NAME KIND STATUS PATTERN...: the firmware with that fault, under valgrind
    local name=$1 kind=$2
    shift 2
    valgrind --quiet --error-exitcode=99 "$THIMBLE_TOOLS/stray_access" "$kind" >"$T/out" 2>"$T/err" </dev/null
    STATUS=$?
    expect "$name" "$@"
}

stray "valgrind__read_after_free_is_told_with_who_freed" read-after-free 99 'Invalid read of size 1' \
    "10 bytes inside a block of size 100 free'd" 'thm_hal_free' "Block was alloc'd at"
stray "valgrind__read_past_the_end_is_told" read-past-end 99 'Invalid read of size 1' '0 bytes after a block of size 100'
stray "valgrind__write_past_the_end_is_told" write-past-end 99 'Invalid write of size 1' '3 bytes after a block of size 100'
stray "valgrind__use_of_a_new_blocks_content_is_told" use-uninitialised 99 'depends on uninitialised'
stray "valgrind__double_free_is_told" free-twice 99 'Invalid free' "0 bytes inside a block of size 100 free'd"
stray "valgrind__a_sound_firmware_has_no_errors" none 0

mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/"
serve "$T/models"
valgrind --quiet --error-exitcode=99 "$THIMBLE" run --model "$URL/gesture.tflite" --cacert "$CA" --check-heap \
    >"$T/out" 2>"$T/err" </dev/null
STATUS=$?
expect "valgrind__the_built_in_firmware_has_no_errors" 0 '1 inference'
! grep -q '==.*Invalid' "$T/err"
ok "valgrind__the_allocator_itself_is_not_complained_about" $?
finish
