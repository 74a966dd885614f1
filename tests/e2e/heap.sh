# tests/e2e/heap.sh -- `thimble heap replay`: the log of one's own program on a board's allocator.
. "$(dirname "$0")/lib.sh"

# Offsets of an 8 KiB region: the allocator's rules give 384 for the first block (its record and control structure lie below).
cat >"$T/own.log" <<'L'
# heap_size: 8192
m 1 100
m 2 50
f 1
m 3 40
r 3 200
m 4 100000
L
thimble heap replay --allocator esp_multi_heap_tlsf --print "$T/own.log"
expect "print__fills_in_what_the_board_would_do" 0 '^m 1 100 -> 384$' '^m 3 40 -> 384$' '^r 3 200 -> 548$' '^m 4 100000 -> NULL$'
cp "$T/out" "$T/filled.log"
thimble heap replay "$T/filled.log"
expect "replay__of_its_own_output_agrees" 0 '6 operations, 0 differ'
sed -i 's/^m 3 40 -> 384/m 3 40 -> 388/' "$T/filled.log"
thimble heap replay "$T/filled.log"
expect_error "replay__stops_at_the_first_line_that_differs" 1 "filled.log:[0-9]+: .*expected 388, got 384"
thimble heap replay --allocator esp_multi_heap_tlsf_light "$T/own.log" --json
[ "$STATUS" -eq 0 ] && [ "$(json '["operations"]')" = 6 ] && [ "$(json '["heap"]["blocks_alloc"]')" = 2 ]
ok "replay__json_has_the_heaps_figures" $?
echo 'm 1' >>"$T/own.log"
thimble heap replay --allocator esp_multi_heap_tlsf "$T/own.log"
expect_error "replay__malformed_line_is_named" 2 'own.log:8: '
thimble heap replay --allocator nope "$T/own.log"
expect_error "replay__unknown_allocator_is_named" 2 "unknown allocator 'nope'"
thimble heap allocators
expect "allocators__are_listed" 0 '^esp_multi_heap_tlsf ' '^esp_multi_heap_tlsf_light '
finish
