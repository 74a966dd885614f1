# tests/e2e/storage.sh -- a model on every storage of every board: fetched onto it, there before power-on, kept, too large.
. "$(dirname "$0")/lib.sh"

mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/"
{ printf '\034\0\0\0TFL3'; head -c 299992 /dev/zero; } >"$T/models/large.tflite"
serve "$T/models"
sample=$(ls "$DEMO"/gesture-samples/*.bin | head -n 1)
label=$(basename "$sample" | sed 's/_[0-9]*\.bin//')
args=(--input "$sample" --labels "$DEMO/gesture.labels.txt")

"$THIMBLE" boards --json | python3 -c '
import json, sys
for b in json.load(sys.stdin)["boards"]:
    for s in b["storage"]:
        print(b["name"], s["name"], s["fs"], "yes" if b["network"]["link"] else "no")' >"$T/storages"
[ "$(wc -l <"$T/storages")" -ge 15 ]
ok "boards__have_storage" $?

while read -r board storage fs network; do
    how='model copied to RAM'
    [ "$fs" != slots ] || [ "$board" = mt3620 ] || how='model used in place in the flash'
    thimble run --board "$board" --model "$DEMO/gesture.tflite" --storage "$storage" "${args[@]}"
    expect "${board}__runs_the_model_that_is_on_${storage}" 0 "storage .*\\($fs on" "$how, 8736 bytes" "output   $label"
    [ "$network" = yes ] || continue
    thimble run --board "$board" --model "$URL/gesture.tflite" --cacert "$CA" --storage "$storage" --state "$T/$board-$storage" "${args[@]}"
    expect "${board}__fetches_the_model_onto_${storage}" 0 ' store .*8736 bytes' "output   $label"
    thimble run --board "$board" --model storage: --storage "$storage" --state "$T/$board-$storage" "${args[@]}"
    expect "${board}__keeps_it_on_${storage}" 0 "$how, 8736 bytes" "output   $label"
done <"$T/storages"

thimble run --board feather-m4 --model "$URL/large.tflite" --cacert "$CA" --storage eefs
expect_error "eefs__tells_a_full_storage_by_a_short_count" 11 'store: write to the file: 204 of 1460 bytes were taken: the storage is full'
thimble run --board feather-m4 --model "$T/models/large.tflite" --storage eefs
expect_error "eefs__cannot_have_held_it" 11 'put the model on eefs: 261544 bytes were taken'
thimble run --board esp32 --model "$URL/gesture.tflite" --cacert "$CA" --state "$T/cut" --storage-fault cut=1100
expect_error "fault__the_power_goes_in_a_program" 16 'power was lost in program or erase 1100 of spiffs: write to the file'
thimble run --board esp32 --model storage: --state "$T/cut"
expect_error "fault__half_a_file_is_no_model" 14 'thimble: run: esp32: model: '
thimble run --board esp32 --model "$URL/gesture.tflite" --cacert "$CA" --storage-fault bad=200000
expect_error "fault__bad_blocks_fail" 11 'FLASH_FAILED'
flipped=(run --board esp32 --model "$DEMO/gesture.tflite" --storage sd --storage-fault flips=20000000 --seed 1 --json)
thimble "${flipped[@]}"
first=$STATUS
cp "$T/out" "$T/flipped.json"
thimble "${flipped[@]}"
[ "$first" -ge 10 ] && [ "$first" -le 15 ] && [ "$STATUS" -eq "$first" ] && cmp -s "$T/out" "$T/flipped.json"
ok "fault__flipped_bits_are_noticed_the_same_way_each_time" $?
thimble run --board esp32 --model "$DEMO/gesture.tflite" --storage sd --storage-fault worn
expect_error "fault__a_card_has_no_endurance_to_use_up" 20 'endurance is not known'
thimble run --board esp32 --model "$DEMO/gesture.tflite" --storage-fault cut=0
expect_error "fault__a_cut_is_counted_from_1" 2 'cut=0: not bad=N'
[ "$(stat -c %s "$T/esp32-sd/sd.bin")" -eq 4294967296 ] && [ "$(du -k "$T/esp32-sd/sd.bin" | cut -f1)" -lt 20000 ]
ok "sd__is_kept_as_a_sparse_file" $?
finish
