# tests/e2e/weights.sh -- new weights on a board: what each format survives (docs/ota-formats.md).
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
bad=$DEMO/spotter-bad.tflite smart=$DEMO/spotter-smart.tflite
sample=$DEMO/spotter-samples/penguin_00.bin

# run_with NAME [OPTION]...: a run whose output is $T/NAME/output0.bin, to be compared with those of the two models.
run_with() {
    local name=$1
    shift
    thimble run --board esp32 --input "$sample" --output-dir "$T/$name" --json "$@"
}
same() { cmp -s "$1/output0.bin" "$2/output0.bin"; }
# told NAME STATUS NEW ALL PATTERN: how the last run ended, and what it said of the weights
told() {
    [ "$STATUS" -eq "$2" ] && [ "$(json '["weights"]["new_records"]')" = "$3" ] && [ "$(json '["weights"]["records"]')" = "$4" ] &&
        grep -qE -- "$5" "$T/out"
    ok "$1" $?
}
flip() { # FILE BYTE
    python3 -c "import sys; d = bytearray(open(sys.argv[1], 'rb').read()); d[int(sys.argv[2])] ^= 0x40; sys.stdout.buffer.write(d)" "$1" "$2"
}

run_with of-bad --model "$bad"
run_with of-smart --model "$smart"
! same of-bad of-smart
ok "models__give_different_outputs" $?
mkdir served
thimble ota diff "$bad" "$smart" -o ei.bin
thimble ota diff "$bad" "$smart" --marker -o served/marked.bin
thimble ota diff --format safe "$bad" "$smart" -o safe.bin
cp ei.bin safe.bin served/
head -c 4000 ei.bin >ei.cut
head -c 4000 safe.bin >safe.cut
cp safe.cut served/
flip ei.bin 100 >ei.flipped
flip safe.bin 200 >safe.flipped
serve served

for payload in marked ei safe; do
    run_with by-$payload --model "$bad" --weights "$URL/$payload.bin" --cacert "$CA"
    [ "$STATUS" -eq 0 ] && same by-$payload of-smart
    ok "weights__${payload}_over_https_make_the_new_model" $?
done
[ "$(json '["weights"]["sram_bytes"]')" = "$(stat -c %s "$bad")" ]
ok "weights__of_a_model_in_the_flash_move_it_to_sram" $?
run_with by-sd --model "$bad" --storage sd --weights ei.bin
[ "$STATUS" -eq 0 ] && same by-sd of-smart && [ "$(json '["weights"]["sram_bytes"]')" = 0 ]
ok "weights__from_a_card_to_a_model_that_is_in_sram_move_nothing" $?

# cut
run_with ei-cut --model "$bad" --weights ei.cut
told "cut__edge_impulse_leaves_a_mixture" 15 18 24 "Not enough data for layer 28's data"
! same ei-cut of-bad && ! same ei-cut of-smart
ok "cut__edge_impulse_infers_with_the_mixture" $?
thimble ota apply "$bad" ei.cut -o mixed.tflite --partial
run_with of-mixed --model mixed.tflite
same ei-cut of-mixed
ok "cut__the_mixture_is_what_ota_apply_makes" $?
run_with ei-restored --model "$bad" --weights ei.cut --restore
same ei-restored of-bad && [ "$(json '["weights"]["restore_bytes"]')" = "$(stat -c %s ei.bin)" ]
ok "cut__restore_goes_back_at_the_price_of_a_copy" $?
run_with safe-cut --model "$bad" --weights safe.cut
told "cut__safe_is_refused" 15 33 61 'the payload ends too early'
same safe-cut of-bad
ok "cut__safe_leaves_the_old_model" $?
run_with safe-cut-url --model "$URL/bad" --cacert "$CA" --weights "$URL/safe.cut" # no such model
[ "$STATUS" -eq 13 ]
ok "connect__failure_is_the_networks" $?

# a corrupt byte
run_with ei-flipped --model "$bad" --weights ei.flipped
told "corrupt__edge_impulse_takes_it" 0 24 24 'all weights are new'
! same ei-flipped of-smart
ok "corrupt__edge_impulse_infers_with_it" $?
run_with safe-flipped --model "$bad" --weights safe.flipped
told "corrupt__safe_is_refused" 15 0 61 'record 1 of 61, tensor 1: damaged, nothing of it is written'
same safe-flipped of-bad
ok "corrupt__safe_leaves_the_old_model" $?

# another model of the same architecture, and one of another
flip "$bad" 2000 >other.tflite
run_with ei-other --model other.tflite --weights ei.bin
told "other_model__edge_impulse_takes_it" 0 24 24 'all weights are new'
run_with safe-other --model other.tflite --weights safe.bin
told "other_model__safe_is_refused_before_anything_is_written" 15 0 0 'for another model'
thimble run --board esp32 --model "$DEMO/gesture.tflite" --weights ei.bin
expect "other_architecture__edge_impulse_is_refused_by_its_size" 15 'Size mismatch: expected [0-9]+, found 9954'

# what a server says instead of a payload
printf '<html>Redirecting to studio.edgeimpulse.com: please wait</html>' >page
thimble run --board esp32 --model "$bad" --weights page
expect "page__with_the_marker_in_it_is_read_on_from_there" 15 "Size mismatch: expected 9954, found 778268525"
printf '<html>Not found</html>' >page
thimble run --board esp32 --model "$bad" --weights page
expect "page__without_it_is_refused_by_its_first_bytes" 15 "nor the marker 'edgeimpulse' in it: starts with 3c 68 74 6d '<htm'"
for payload in marked safe; do
    thimble run --board esp32 --model "$URL/$payload.bin" --cacert "$CA"
    expect "model__${payload}_weights_are_refused_by_name" 14 'not a model: (Edge Impulse )?weights, starts with'
done

# power loss: what a stored model is after it, whenever it happens
cp "$bad" served/
thimble run --board esp32 --model "$URL/spotter-bad.tflite" --cacert "$CA" --storage spiffs --store ab-crc --state factory
cuts=0 old=0 new=0
for n in 1 30 60 90 110 120 130 140 150 160 1000; do
    cp -r factory state
    run_with cut --model storage:/model.tflite --store ab-crc --state state --weights "$URL/safe.bin" --cacert "$CA" --storage-fault cut=$n:torn
    [ "$STATUS" -ne 16 ] || cuts=$((cuts + 1))
    run_with after --model storage:/model.tflite --store ab-crc --state state
    [ "$STATUS" -ne 0 ] || ! same after of-bad || old=$((old + 1))
    [ "$STATUS" -ne 0 ] || ! same after of-smart || new=$((new + 1))
    rm -rf state
done
echo "# $cuts power cuts: $old times the old model, $new times the new one"
[ $cuts -gt 3 ] && [ $((old + new)) -eq 11 ] && [ $new -gt 0 ]
ok "power__cut_while_safe_weights_are_stored_leaves_the_old_or_the_new_model" $?
run_with kept --model "$bad" --storage spiffs --state kept.state --weights safe.bin
run_with again --model storage:/model.tflite --state kept.state
same again of-smart
ok "power__safe_weights_are_there_after_it" $?
run_with kept-ei --model "$bad" --storage spiffs --state ei.state --weights ei.bin
run_with again-ei --model storage:/model.tflite --state ei.state
same kept-ei of-smart && same again-ei of-bad
ok "power__edge_impulse_weights_are_gone" $?

# determinism, wrong usage
run_with a --model "$bad" --weights ei.cut
cp out first.json
run_with b --model "$bad" --weights ei.cut
cmp -s out first.json
ok "weights__twice_give_the_same_bytes" $?
thimble run --board esp32 --model "$bad" --restore
expect_error "restore__without_weights_is_wrong_usage" 2 'restore needs --weights'
thimble run --board esp32 --model "$bad" --storage none --weights ei.bin
expect_error "weights__without_a_storage_for_them_are_refused" 2 'is on a storage, and there is none'
thimble run --board esp32 --model "$bad" --weights ei.bin --trust key.pub
expect_error "weights__unsigned_ones_are_refused_where_a_key_is_trusted" 2 'are not signed'
thimble run --board esp32 --model "$bad" --weights nosuch.bin
expect_error "weights__missing_file_is_named" 2 'nosuch.bin'
finish
