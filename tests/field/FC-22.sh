# FC-22: cut half-way
# Source: espressif/idf-extra-components issue 117 (2023): the server closes after 589824 of 932336 bytes, "complete data was
#         not received"; espressif/arduino-esp32 issues 1652 (48546 of 1097168) and 1923 (45240 of 673456)
# Cause: a server or proxy that ends long answers
# Remedy: partial download (Range), 64 KiB a request
# Expected: the update is refused (15) and names the bytes, the old model is still there and runs; with requests of 64 KiB it completes
. "$(dirname "$0")/../e2e/lib.sh"
mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/old.tflite"
cp "$DEMO/keyword.tflite" "$T/models/new.tflite" && truncate -s 932336 "$T/models/new.tflite"
cp "$DEMO/keyword.tflite" "$T/models/second.tflite"
serve "$T/models"
run=(run --board esp32-s3-psram --cacert "$CA" --storage littlefs --store ab-crc --state "$T/state" --model)

thimble "${run[@]}" "$URL/old.tflite"
expect "FC-22__the_old_model_runs" 0 'infer +233568 MACs'
thimble "${run[@]}" "$URL/new.tflite" --net-fault cut=589824
expect_error "FC-22__the_update_is_refused" 15 'store: .*cut after 589824 of 932336 bytes' 'HTTPC_ERROR_CONNECTION_LOST' \
    'revert .*the model before goes on' 'infer .* 1 inference'
thimble "${run[@]}" storage:
expect "FC-22__the_old_model_runs_still" 0 'infer +233568 MACs'
thimble "${run[@]}" "$URL/new.tflite" --net-fault cut=589824 --range 65536
expect "FC-22__parts_of_64_KiB_complete" 0 '932336 bytes received'
rm -rf "$T/state"
thimble "${run[@]}" "$URL/new.tflite" --net-fault cut=589824
expect_error "FC-22__a_first_model_that_is_cut_is_the_network_s_failure" 13 'cut after 589824 of 932336 bytes'
thimble "${run[@]}" "$URL/old.tflite"
raw=(run --board nucleo-h743zi --coprocessor --cacert "$CA" --state "$T/raw" --model) # slots without a file system
thimble "${raw[@]}" "$URL/old.tflite"
for n in 1 2; do
    thimble "${raw[@]}" "$URL/second.tflite" --net-fault cut=3000
    expect_error "FC-22__raw_slots_refuse_it_$n" 15 'cut after 3000 of' 'revert .*the model before goes on' '1 inference'
    thimble "${raw[@]}" storage:
    expect "FC-22__raw_slots_keep_the_old_one_$n" 0 '8736 bytes' 'infer +233568 MACs'
done
for cut in 48546:1097168 45240:673456; do
    truncate -s "${cut#*:}" "$T/models/new.tflite"
    thimble "${run[@]}" "$URL/new.tflite" --net-fault "cut=${cut%:*}"
    expect_error "FC-22__another_count_of_${cut#*:}" 15 "cut after ${cut%:*} of ${cut#*:} bytes"
done
finish
