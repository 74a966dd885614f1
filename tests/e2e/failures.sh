# tests/e2e/failures.sh -- every way in which the path fails on a board, told truthfully and with its own exit status.
. "$(dirname "$0")/lib.sh"

M=$T/models
mkdir "$M"
cp "$DEMO"/gesture.tflite "$DEMO"/keyword.tflite "$M/"
thimble zoo "$M" --model mobilenet_v2_1.0_224_INT8 --model vww3_128_128_INT8
padded() { cp "$DEMO/gesture.tflite" "$2" && truncate -s "$1" "$2"; } # a valid model of that size
padded 120000 "$M/large.tflite"
head -c 5000 "$DEMO/gesture.tflite" >"$M/truncated.tflite"
{ printf '\377\377\000\000'; tail -c +5 "$DEMO/gesture.tflite"; } >"$M/corrupted.tflite" # the root's offset
printf '<!doctype html><title>not a model</title>' >"$M/page.tflite"
serve "$M"
run=(run --board esp32 --cacert "$CA")

thimble "${run[@]}" --model "$URL/mobilenet_v2_1.0_224_INT8.tflite"
expect_error "model__larger_than_spiffs_fails_with_spiffs_own_code" 11 'store: .*SPIFFS_ERR_FULL \(-10001\)' 'of [0-9]+ bytes are free' \
    'the partial file is removed'

thimble "${run[@]}" --model "$URL/large.tflite"
expect_error "heap__free_bytes_would_do_but_no_block_is_large_enough" 10 'load: .*malloc\(120000\)'
read -r free largest < <(sed -nE 's/.*: ([0-9]+) bytes are free, the largest block is ([0-9]+).*/\1 \2/p' "$T/err")
[ "${free:-0}" -ge 120000 ] && [ "${largest:-0}" -lt 120000 ]
ok "heap__the_message_shows_fragmentation" $?

thimble "${run[@]}" --model "$URL/keyword.tflite" --arena 9008
expect_error "arena__too_small_names_what_did_not_fit" 10 'arena: .*10080 bytes needed.*tensor 6' 'the arena has 9008' '13216'

sed 's/^taken:/taken:\n  - {name: application buffers, bytes: 90000, count: 1, when: network}\n  - {name: more application buffers, bytes: 26000, count: 2, when: network}/' \
    "$THIMBLE_SOURCE/profiles/boards/esp32.yaml" >"$T/full.yaml"
thimble run --board "$T/full.yaml" --cacert "$CA" --model "$URL/gesture.tflite"
expect_error "tls__handshake_out_of_memory_has_mbedtls_code" 13 'connect: .*MBEDTLS_ERR_SSL_ALLOC_FAILED \(-0x7F00\)' \
    '[0-9]+ bytes in one block' 'the largest block is [0-9]+'

thimble "${run[@]}" --model "$URL/gesture.tflite" --stack 4096
expect_error "stack__too_small_for_tls_overflows_and_names_the_task" 12 'stack overflow in task loopTask' 'TLS handshake needs'
sed -E 's/^( *tls_stack: )[0-9]+/\10/' "$THIMBLE_SOURCE/profiles/boards/esp32.yaml" >"$T/nostack.yaml"
thimble run --board "$T/nostack.yaml" --cacert "$CA" --model "$URL/gesture.tflite" --stack 512
expect_error "stack__guard_page_catches_a_real_overflow" 12 'stack overflow in task loopTask: all 512 bytes are used'

"$THIMBLE_TOOLS/make_unsupported_model" >"$M/unsupported.tflite"
thimble "${run[@]}" --model "$URL/unsupported.tflite"
expect_error "model__unsupported_op_is_named" 14 'CONV_3D'

thimble "${run[@]}" --model "$URL/truncated.tflite"
expect_error "model__truncated_is_refused" 14 'model: .*(ends before|offset)'
thimble "${run[@]}" --model "$URL/corrupted.tflite"
expect_error "model__corrupted_is_refused" 14 'model: '
thimble "${run[@]}" --model "$URL/page.tflite"
expect_error "payload__that_is_no_model_is_refused_with_its_first_bytes" 14 '3c 21'

thimble "${run[@]}" --model "$URL/missing.tflite"
expect_error "http__404_is_told" 13 'connect: .*404'
thimble run --model "$URL/gesture.tflite"
expect_error "tls__unknown_ca_is_refused" 13 'connect: .*certificate'
thimble run --model "https://localhost:1/gesture.tflite" --cacert "$CA"
expect_error "net__refused_connection_is_told" 13 'connect: '

GOOD_CA=$CA
serve "$M" --fault cut=3000
thimble run --model "$URL/gesture.tflite" --cacert "$CA"
expect_error "net__connection_cut_in_the_body_is_told_with_bytes" 13 'store: ' '8736' 'the partial file is removed'
serve "$M" --fault expired
thimble run --model "$URL/gesture.tflite" --cacert "$CA"
expect_error "tls__expired_certificate_is_refused" 13 'connect: .*expired'
serve "$M" --fault wrong-host
thimble run --model "$URL/gesture.tflite" --cacert "$CA"
expect_error "tls__wrong_host_is_refused" 13 'connect: .*certificate.*name'
serve "$M" --fault stall
thimble run --model "$URL/gesture.tflite" --cacert "$CA" --timeout 300
expect_error "net__a_stalled_server_times_out" 13 'no byte for 300 ms'
thimble run --model "$URL/gesture.tflite" --cacert "$GOOD_CA"
expect_error "tls__another_servers_ca_is_refused" 13 'certificate'
finish
