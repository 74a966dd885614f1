# tests/e2e/run.sh -- the whole path on each board, and what `thimble run` leaves behind.
. "$(dirname "$0")/lib.sh"

mkdir "$T/models"
cp "$DEMO"/gesture.tflite "$T/models/"
xxd_style() { # a C array as converters write them
    printf '#include "model.h"\n// converted\nalignas(16) const unsigned char g_model[] = {\n'
    od -An -v -tx1 "$1" | sed 's/ \(..\)/0x\1, /g; s/^/  /'
    printf '};\nconst int g_model_len = %d;\n' "$(stat -c %s "$1")"
}
xxd_style "$DEMO/gesture.tflite" >"$T/models/gesture.cc"
serve "$T/models"
sample=$(ls "$DEMO"/gesture-samples/*.bin | head -n 1)
label=$(basename "$sample" | sed 's/_[0-9]*\.bin//')

for board in esp32 esp32-s3 esp32-s3-psram; do
    thimble run --board $board --model "$URL/gesture.tflite" --cacert "$CA" --input "$sample" --labels "$DEMO/gesture.labels.txt"
    expect "run__on_${board}_recognises_the_gesture" 0 "output   $label" 'storage .*spiffs' 'arena '
done

run=(run --model "$URL/gesture.tflite" --cacert "$CA" --input "$sample")
thimble "${run[@]}" --json
[ "$STATUS" -eq 0 ] && [ "$(json '["arena"]["min"]')" = 5344 ] && [ "$(json '["body"]["model_bytes"]')" = 8736 ]
ok "run__json_has_the_arena_and_the_body" $?
cp "$T/out" "$T/first.json"
thimble "${run[@]}" --json
cmp -s "$T/out" "$T/first.json"
ok "run__twice_gives_the_same_bytes" $?

thimble "${run[@]}" --chunk 100 --trace "$T/trace.jsonl"
python3 - "$T/trace.jsonl" <<'P'
import json, sys
events = [json.loads(l) for l in open(sys.argv[1])]
assert [e["seq"] for e in events] == list(range(len(events)))
assert all(a["t_ns"] <= b["t_ns"] for a, b in zip(events, events[1:]))
kinds = {e["event"] for e in events}
assert {"boot", "alloc", "free", "flash_program", "flash_erase", "packet", "op", "step", "exit"} <= kinds, kinds
sizes = [e["bytes"] for e in events if e["event"] == "packet"]
assert set(sizes[:-1]) == {100} and sum(sizes) == 8736, sizes
live = set()
for e in events:
    if e["event"] == "alloc":
        assert e["address"] not in live
        live.add(e["address"])
    elif e["event"] == "free":
        live.remove(e["address"])
P
ok "run__trace_is_ordered_json_with_every_effect" $?

if [ "$THIMBLE_SANITIZED" = none ]; then
    # The kernel counts resident pages per CPU in batches: some runs are told a few hundred KB too high, none too low.
    # Meson lets malloc fill what it gives and takes back, which makes more of it resident than a user's run has.
    resident=$(for _ in 1 2 3 4 5 6 7 8; do
        MALLOC_PERTURB_=0 "$THIMBLE" "${run[@]}" --stats 2>&1 >/dev/null </dev/null | sed -nE 's/.*had ([0-9]+) KiB.*/\1/p'
    done | sort -n | head -n 1)
    [ "${resident:-99999}" -le $((520 + 4096)) ]
    ok "run__board_process_stays_within_its_sram_and_4_mib" $?
else
    skip "run__board_process_stays_within_its_sram_and_4_mib" "a sanitizer takes memory of its own"
fi

thimble "${run[@]}" --storage none
expect "run__without_storage_loads_from_the_socket" 0 'model received into RAM'
thimble run --model "$DEMO/gesture.tflite" --storage spiffs --state "$T/kept" --input "$sample"
expect "run__a_file_is_on_the_storage_before_power_on" 0 'spiffs mounted' 'model copied to RAM, 8736 bytes'
thimble run --model storage:/model.tflite --state "$T/kept" --input "$sample"
expect "run__a_file_that_the_storage_has_is_used" 0 'model copied to RAM, 8736 bytes'
thimble run --model storage:/other --state "$T/kept"
expect_error "run__a_file_that_it_has_not_is_the_storages_failure" 11 'open /other: SPIFFS_ERR_NOT_FOUND .-10002.'

thimble run --model "$URL/gesture.cc" --cacert "$CA" --input "$sample" --labels "$DEMO/gesture.labels.txt"
expect "run__a_c_array_is_decoded_as_it_streams_in" 0 "output   $label" '8736 bytes'

thimble "${run[@]}" --state "$T/flash"
expect "run__state_starts_with_a_fresh_chip" 0 'formatted and mounted'
thimble image ls "$T/flash/flash.bin:spiffs"
expect "run__leaves_the_model_in_the_flash_image" 0 '8736 +/model.tflite'
thimble image cat "$T/flash/flash.bin:spiffs" /model.tflite
cmp -s "$T/out" "$DEMO/gesture.tflite"
ok "run__the_stored_model_is_the_served_one" $?
thimble "${run[@]}" --state "$T/flash" --trace "$T/second.jsonl"
expect "run__state_is_kept_between_runs" 0 'spiffs mounted'

cat "$sample" "$sample" "$sample" >"$T/three.bin"
thimble run --model "$URL/gesture.tflite" --cacert "$CA" --input "$T/three.bin" --output-dir "$T"
[ "$STATUS" -eq 0 ] && [ "$(stat -c %s "$T/output0.bin")" -eq 12 ]
ok "run__three_frames_are_three_inferences" $?
head -c 4 "$T/output0.bin" | cmp -s - "$DEMO/gesture-golden/$(basename "$sample")"
ok "run__output_equals_the_reference_kernels" $?
finish
