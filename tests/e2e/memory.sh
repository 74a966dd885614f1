# tests/e2e/memory.sh -- every board runs a model that is part of its program, and fails as its platform does when memory,
# flash, stack or network are not there.
. "$(dirname "$0")/lib.sh"

sample=$DEMO/gesture-samples/wing_00.bin
model=(--model "$DEMO/gesture.tflite" --input "$sample" --labels "$DEMO/gesture.labels.txt")
boards=$("$THIMBLE" boards | sed -nE 's/^([a-z0-9-]+) +[a-z0-9+-]+ [0-9.]+ MHz.*/\1/p')
[ "$(wc -w <<<"$boards")" -ge 12 ]
ok "boards__all_are_listed" $?

for board in $boards; do
    thimble run --board "$board" "${model[@]}"
    expect "flash__model_of_the_program_runs_in_place_on_$board" 0 'flash .*used in place, 8736 bytes' '^output   wing'
done

thimble run --board pico "${model[@]}" --trace "$T/trace"
if grep -q '"what":"model' "$T/trace"; then copied=1; else copied=0; fi
ok "flash__model_is_not_copied_to_the_heap" $copied

truncate -s 400000 "$T/large"
thimble run --board feather-m4 --model "$T/large"
expect_error "flash__too_small_for_program_and_model_is_refused_as_by_a_linker" 11 \
    'flash: region FLASH overflowed by 23968 bytes: the program has 131860, the model 400000, there are 507904'
thimble run --board pico --model "$DEMO/README.md"
expect_error "flash__file_that_is_no_model_is_refused" 14 'model: '
thimble run --board pico --model "$T/nosuch"
expect_error "flash__missing_file_is_named" 2 'nosuch'

mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models"
serve "$T/models"
thimble run --board teensy40 --model "$URL/gesture.tflite" --cacert "$CA"
expect_error "network__of_a_board_without_one_says_what_helps" 13 'network: teensy40 has no network of its own; --coprocessor'
for board in feather-m4 mt3620 portenta-h7; do
    thimble run --board $board --model "$URL/gesture.tflite" --cacert "$CA" --input "$sample" --labels "$DEMO/gesture.labels.txt"
    expect "network__${board}_loads_a_model_from_its_own" 0 'received into RAM|copied to RAM|used in place' '^output   wing'
done
for board in pico teensy40 nucleo-h743zi nano-33-ble mt3620-m4 portenta-h7-m4; do
    thimble run --board $board --coprocessor --model "$URL/gesture.tflite" --cacert "$CA" --input "$sample" --labels "$DEMO/gesture.labels.txt"
    expect "network__${board}_loads_a_model_by_a_coprocessor" 0 'received into RAM|copied to RAM|used in place' '^output   wing'
done

thimble run --board pico "${model[@]}" --arena 260000
expect_error "panic__ends_the_pico" 10 'tensor arena: malloc\(260000\) failed' '\*\*\* PANIC \*\*\* Out of memory: the board halts'
thimble run --board pico "${model[@]}" --arena 260000 --polite-oom
expect_error "panic__becomes_null_when_asked" 10 'arena: tensor arena: malloc\(260000\) failed.*larger|more RAM helps$'
thimble run --board mt3620 "${model[@]}" --arena 250000
expect_error "kill__ends_the_application_on_azure_sphere" 10 'SIGKILL'
thimble run --board nano-33-ble "${model[@]}" --arena 214000
expect_error "null__is_what_mbeds_malloc_gives" 10 'arena: tensor arena: malloc\(214000\) failed'
thimble run --board nucleo-h743zi "${model[@]}" --arena 519200
expect_error "null__comes_before_the_heap_reaches_the_stacks_reserve" 10 'malloc\(519200\) failed'

if [ "$THIMBLE_SANITIZED" = none ]; then
    thimble run --board feather-m4 "${model[@]}" --arena 300000
    expect_error "overrun__block_past_the_rams_end_faults_there" 12 'memory at 0x2004[0-9a-f]+: the heap leaves the stack 0 bytes'
    thimble run --board feather-m4 "${model[@]}" --arena 189700
    expect_error "overrun__block_over_the_stack_ends_in_a_fault" 12 'the heap leaves the stack [0-9]+ bytes; malloc does not look'
    thimble run --board feather-m4 "${model[@]}" --arena 300000 --polite-oom
    expect_error "overrun__becomes_null_when_asked" 10 'arena: tensor arena: malloc\(300000\) failed'

    thimble run --board esp32 "${model[@]}" --stack 600
    expect_error "stack__canary_is_met_at_a_service_call" 12 'stack overflow in task loopTask: all 600 bytes .*canary'
    thimble run --board teensy40 "${model[@]}" --stack 600
    expect_error "stack__mpu_faults_at_the_access" 12 'stack overflow in task loop: all [0-9]+ bytes are used \('
    thimble run --board pico "${model[@]}" --stack 600
    expect "stack__silent_overflow_is_only_told_by_the_report" 0 'overflowed, unnoticed by the board: at least [0-9]+ of 600'
    thimble run --board portenta-h7 --stack 4096 --model "$URL/gesture.tflite" --cacert "$CA"
    expect "stack__silent_overflow_in_tls_goes_on" 0 'overflowed, unnoticed by the board: at least [5-9][0-9]+ of 4096'
    sed 's/overflow: silent/overflow: canary/' "$THIMBLE_SOURCE/profiles/boards/portenta-h7.yaml" >"$T/canary.yaml"
    thimble run --board "$T/canary.yaml" --stack 4096 --model "$URL/gesture.tflite" --cacert "$CA"
    expect_error "stack__overflow_in_tls_that_is_met_names_it" 12 'stack overflow in task main: the TLS handshake needs 5632'
fi
# An arena in another bank: behind what others have there, and nothing of the heap.
thimble run --board portenta-h7 --model "$DEMO/keyword.tflite" --static-arena 13216@dtcm
expect "arena__in_a_bank_lies_behind_what_others_have" 0 'arena +13216 bytes at 0x200002a0'
thimble run --board nucleo-h743zi --model "$DEMO/keyword.tflite" --static-arena 13216@sram1 --json
[ "$STATUS" -eq 0 ] && [ "$(json '["steps"][-1]["heap_free"]')" = "$(json '["boot"]["heap_bytes"]')" ]
ok "arena__in_a_bank_takes_nothing_of_the_heap" $?
thimble run --board nucleo-h743zi --model "$DEMO/keyword.tflite" --static-arena 131073@dtcm
expect_error "arena__larger_than_its_bank_is_refused_as_by_the_linker" 10 "131073 bytes of static data do not fit into bank 'dtcm' of 131072"
thimble run --board esp32 --model "$DEMO/keyword.tflite" --static-arena 13216@cache
expect_error "arena__in_a_bank_that_is_not_for_programs_is_refused" 2 "no memory bank 'cache' that a program may use"

finish
