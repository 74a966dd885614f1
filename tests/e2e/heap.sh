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
expect "allocators__are_listed" 0 '^esp_multi_heap_tlsf ' '^esp_multi_heap_tlsf_light ' '^freertos_heap_4 ' '^newlib_nano ' \
    '^esp_multi_heap_tlsf_v5 ' '^esp_multi_heap_tlsf_v5_light ' '^esp_multi_heap_tlsf_v4 ' '^esp_multi_heap_tlsf_v4_light ' \
    '^esp_multi_heap_best_fit ' '^esp_multi_heap_best_fit_light ' '^newlib_nano_v2 ' '^newlib_dlmalloc ' '^newlib_dlmalloc_v2 ' '^newlib_dlmalloc_v2_mbed '

# The same calls on every allocator: where a 40-byte block goes once a 100-byte one is free, and the failing one.
printf '%s\n' 'm 1 100' 'm 2 50' 'f 1' 'm 3 40' 'm 4 8100' stat >"$T/calls.log"
while read -r allocator second third figures; do
    thimble heap replay --allocator "$allocator" --heap-size 8192 --print "$T/calls.log"
    expect "replay__on_$allocator" 0 "^m 2 50 -> $second\$" "^m 3 40 -> $third\$" '^m 4 8100 -> NULL$' "^stat $figures"
done <<'L'
esp_multi_heap_tlsf 492 384 free=
esp_multi_heap_tlsf_light 508 392 free=
esp_multi_heap_tlsf_v5 488 384 free=
esp_multi_heap_tlsf_v4 1732 1628 free=6468.largest=6400
esp_multi_heap_best_fit 132 28 free=8052.largest=
freertos_heap_4 120 8 free=8072.largest=
newlib_nano 112 8 brk=168.arena=168.used=108.free=60$
newlib_nano_v2 112 64 brk=168.arena=168.used=108.free=60$
newlib_dlmalloc 112 8 brk=4096.arena=4096.used=104.free=3992.top=
newlib_dlmalloc_v2 112 8 brk=4096.arena=4096.used=
newlib_dlmalloc_v2_mbed 128 16 brk=4096.arena=4096.used=
L
thimble heap replay --allocator newlib-nano-2.5 --heap-size 8192 --json "$T/calls.log"
[ "$STATUS" -eq 0 ] && [ "$(json '["heap"]["largest"]')" = $((8192 - 168 - 8)) ] && [ "$(json '["heap"]["free"]')" = $((8192 - 108)) ]
ok "replay__unreached_memory_below_the_break_limit_is_free" $?
printf 'r 1 10\n' | cat "$T/calls.log" - >"$T/heap_4.log"
thimble heap replay --allocator freertos_heap_4 --heap-size 8192 "$T/heap_4.log"
expect_error "replay__realloc_on_heap_4_is_refused" 2 'heap_4.log:7: '

# Several regions behind capabilities: the example of the manual page.
awk '/^```/ { n++; next } n == 1' "$THIMBLE_SOURCE/docs/thimble-heap.1.scd" >"$T/regions.log"
thimble heap replay "$T/regions.log"
expect "regions__the_manuals_example_replays" 0 '5 operations, 0 differ; 32368 bytes free, largest block 25088'
thimble heap replay --print "$T/regions.log"
expect "regions__print_gives_addresses" 0 '^m 2 35000 -> 0x3ffe49ac$' '^m 5 35000 -> NULL$' '^stat DEFAULT free=32368 largest=25088 min_free='
thimble heap replay --allocator esp_multi_heap_tlsf "$T/regions.log"
expect_error "regions__another_revision_of_the_allocator_differs" 1 'regions.log:7: .*expected free=32368, got free='
thimble heap replay --heap-size 65536 "$T/regions.log"
expect_error "regions__a_size_for_one_heap_is_refused" 2 'regions.log:4: expected a log of one heap'
finish
