# FC-25: a chunked body taken as plain
# Source: espressif/arduino-esp32 issue 3656 (2020): 15000 bytes expected, "1aca" (6858) stands inside what was read;
#         arduino/nina-fw issue 144: no length is 0, the loop ends at once, an empty file counts as success
# Cause: a client that reads the stream below HTTP, or takes an absent length for 0
# Remedy: decode chunks; read to the end
# Expected: chunks of 8142 and 6858: a correct client gets 15000 bytes; a raw reader 15000 and the framing; absent = 0: an
#           empty file, which is refused
. "$(dirname "$0")/../e2e/lib.sh"
mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/plain.tflite" && truncate -s 15000 "$T/models/plain.tflite"
serve "$T/models"
run=(run --board esp32 --cacert "$CA" --model "$URL/plain.tflite" --net-fault chunked=8142 --state "$T/state")

thimble "${run[@]}"
expect "FC-25__a_correct_client_gets_15000_bytes" 0 'length not told' '15000 bytes received'
"$THIMBLE" image get "$T/state/flash.bin" /model.tflite "$T/kept" 2>/dev/null
cmp -s "$T/kept" "$T/models/plain.tflite"
ok "FC-25__they_are_the_same" $?
thimble "${run[@]}" --client raw-chunks
expect_error "FC-25__a_raw_reader_begins_with_the_size_of_a_chunk" 14 "starts with 31 66 63 65 '1fce'" # 8142
thimble "${run[@]}" --client absent-is-0
expect_error "FC-25__an_absent_length_of_0_is_an_empty_file_that_is_refused" 14 'it is empty'
finish
