# FC-24: the update does not fit
# Source: letscontrolit/ESPEasy issue 5132 (ESP8266, 1 MB): running sketch 599 kB, 276 kB free, images of 614384 and 612624 bytes sent in
#   one step: error 4; also danielkucera/esp-arduino-ebus issue 129 (1192388 of 1310720 used, refused)
# Cause: what is free beside the running image is smaller than the new one
# Remedy: a smaller image, or two steps over a small one
# Expected: refused at its beginning, before anything is erased; the old model goes on, and is there at the next boot. The board is a Pico W
#   with 1 MB of flash: 599 kB of program, 276 kB in which models are kept, 110 kB of file system
. "$(dirname "$0")/../e2e/lib.sh"
mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/old.tflite"
for size in 612624 614384; do cp "$DEMO/keyword.tflite" "$T/models/$size.tflite" && truncate -s $size "$T/models/$size.tflite"; done
serve "$T/models"
awk '/^storage:/ { skip = 1 } /^network:/ {
         print "storage:"
         print "  - {name: slots, fs: slots, offset: 0x96000, size: 282624, file: model}"
         print "  - {name: littlefs, fs: littlefs, offset: 0xE0000, size: 110592, block_size: 4096, read_size: 256, program_size: 256, cache_size: 256, lookahead_size: 256, block_cycles: 16}"
         print ""; skip = 0
     } !skip' "$THIMBLE_SOURCE/profiles/boards/pico-w.yaml" |
    sed -e 's/^name: pico-w/name: small/; s/size: 0x200000/size: 0x100000/; s/program_size: 0xFF000/program_size: 0x96000/; s/program_image: 500000/program_image: 613376/' >"$T/small.yaml"

for kept in slots:overwrite littlefs:ab-crc littlefs:ab-signed; do
    where=${kept%:*}-${kept#*:}
    run=(run --board "$T/small.yaml" --cacert "$CA" --storage "${kept%:*}" --store "${kept#*:}" --state "$T/$where")
    thimble "${run[@]}" --model "$URL/old.tflite"
    expect "FC-24__${where}_the_old_model_runs" 0 '1 inference'
    thimble "${run[@]}" --model storage: --trace "$T/trace"
    used=$(grep -o '"programs":[0-9]*,"erases":[0-9]*' "$T/trace") # what a boot without an update takes
    for size in 612624 614384; do
        thimble "${run[@]}" --model "$URL/$size.tflite" --trace "$T/trace"
        expect_error "FC-24__${where}_${size}_is_refused" 15 "store: the update does not fit: it has $size bytes, there is room for [0-9]+; nothing is erased" \
            'revert .*the model before goes on' '1 inference'
        [ -n "$used" ] && [ "$(grep -o '"programs":[0-9]*,"erases":[0-9]*' "$T/trace")" = "$used" ]
        ok "FC-24__${where}_${size}_nothing_is_erased_or_programmed" $?
    done
    thimble "${run[@]}" --model storage:
    expect "FC-24__${where}_the_old_model_is_there_at_the_next_boot" 0 '8736 bytes' '1 inference'
done
thimble run --board "$T/small.yaml" --cacert "$CA" --storage slots --model "$URL/612624.tflite"
expect_error "FC-24__a_first_model_that_does_not_fit_is_the_storage_s_failure" 11 'does not fit: it has 612624 bytes, there is room for [0-9]+'
finish
