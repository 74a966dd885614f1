# tests/e2e/net_faults.sh -- every --net-fault: the board's own error, and the same bytes when run again.
. "$(dirname "$0")/lib.sh"

M=$T/models
mkdir "$M"
cp "$DEMO/gesture.tflite" "$M/"
serve "$M"
run=(run --cacert "$CA" --model "$URL/gesture.tflite" --link wifi-good --seed 7)

# fault NAME FAULTS STATUS [PATTERN...]
fault() {
    local name=$1 faults=$2 status=$3
    shift 3
    thimble "${run[@]}" --net-fault "$faults"
    if [ "$status" -eq 0 ]; then expect "fault__$name" 0 "$@"; else expect_error "fault__$name" "$status" "$@"; fi
    thimble "${run[@]}" --net-fault "$faults" --json
    cp "$T/out" "$T/first"
    thimble "${run[@]}" --net-fault "$faults" --json
    cmp -s "$T/first" "$T/out"
    ok "fault__${name}_is_the_same_again" $?
}

lost='HTTPC_ERROR_CONNECTION_LOST \(-5\)'
fault dns dns 13 'connect: localhost:[0-9]+: the host name' 'HTTPC_ERROR_CONNECTION_REFUSED \(-1\)'
fault refused refused 13 'connect: .*refused' 'HTTPC_ERROR_CONNECTION_REFUSED \(-1\)'
fault tls_alert tls-alert 13 'connect: .*handshake failed.*alert 40' 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE \(-0x7780\)'
fault expired expired 13 'connect: .*certificate has expired' 'MBEDTLS_ERR_X509_CERT_VERIFY_FAILED \(-0x2700\)'
fault wrong_host wrong-host 13 'connect: .*certificate.*name' 'MBEDTLS_ERR_X509_CERT_VERIFY_FAILED \(-0x2700\)'
fault status status=503 13 'connect: .*status 503'
fault status_of_the_client status=404 13 'connect: .*status 404'
fault redirect_loop redirect-loop 13 'connect: .*more than 10 redirects'
fault cut cut=3000 13 'store: .*cut after 3000 of 8736 bytes' "$lost" 'the partial file is removed'
fault stall stall=3000 13 'store: .*no byte for 5000 ms after 3000 of 8736' 'HTTPC_ERROR_READ_TIMEOUT \(-11\)'
fault stall_at_once stall 13 'store: .*no byte for 5000 ms after 0 of 8736'
fault cut_at cut-at=15.8855 13 'cut at 15.88[56] s after [0-9]+ of 8736 bytes' "$lost"
fault drip drip=1000 0 '8736 bytes received'
fault corrupt corrupt=4000 0 '8736 bytes received'
fault corrupt_offset corrupt=0/100000 14 'model: '
fault duplicate duplicate=1000:100 14 'store .*8836 bytes' 'model: '
fault drop drop=1000:100 14 'store .*8636 bytes' 'model: '
fault length_above length=9000 13 'cut after 8736 of 9000 bytes' "$lost"
fault length_below length=4000 14 'store .*4000 bytes' 'model: .*ends before'
fault chunked chunked 0 'length not told'
fault chunked_and_cut chunked,cut=3000 13 'cut after 3000 bytes \(length not told'
fault gzip gzip 14 'store: .*gzip'

thimble "${run[@]}" --json
cp "$T/out" "$T/good"
thimble "${run[@]}" --json --net-fault drip=1000
slow=$(json '["device_ns"]')
[ $((slow / 1000000000)) -ge $((8736 * 8 / 1000)) ]
ok "drip__takes_the_time_of_its_rate" $?
thimble "${run[@]}" --net-fault corrupt=4000 --trace "$T/trace" --json --state "$T/state"
"$THIMBLE" image get "$T/state/flash.bin" /model.tflite "$T/kept" 2>/dev/null
[ "$(cmp -l "$T/kept" "$M/gesture.tflite" | wc -l)" -eq 1 ] && cmp -l "$T/kept" "$M/gesture.tflite" | grep -q '^ *4001 '
ok "corrupt__changes_that_byte_and_no_other" $?
stalled=$("$THIMBLE" "${run[@]}" --net-fault stall --timeout 20000 --json 2>/dev/null | python3 -c 'import json,sys; print(json.load(sys.stdin)["device_ns"])')
[ "$stalled" -ge 35000000000 ]
ok "stall__lasts_the_time_out_on_the_boards_clock" $?

# A fault of the server is the link's of that name: boards that fetch in parts, or go on, see the same.
stored() { # NAME OPTION...: what the board has stored, in $T/NAME
    rm -f "$T/$1"
    thimble run --cacert "$CA" --model "$URL/gesture.tflite" --state "$T/state" "${@:2}"
    "$THIMBLE" image get "$T/state/flash.bin" /model.tflite "$T/$1" 2>/dev/null
    rm -rf "$T/state"
}
for change in duplicate=1000:3000 drop=1500:1000 duplicate=100:50,drop=120:100; do
    serve "$M"
    stored link --net-fault "$change"
    stored link-parts --net-fault "$change" --range 2000
    stored link-on --net-fault "$change,cut=5500" --resume --retries 3
    expect "fault__${change}_is_noticed_by_a_board_that_goes_on" 13 'connection 2, from byte 5500' 'sends a part of another file'
    serve "$M" --fault "$change"
    stored server
    stored server-parts --range 2000
    stored server-on --net-fault cut=5500 --resume --retries 3
    expect "fault__${change}_of_the_server_is_noticed_as_well" 13 'connection 2, from byte 5500' 'sends a part of another file'
    for how in "" -parts; do
        [ -s "$T/link$how" ] && cmp -s "$T/link$how" "$T/server$how" && ! cmp -s "$T/link$how" "$M/gesture.tflite"
        ok "fault__${change}${how}_is_the_same_of_link_and_server" $?
    done
done
serve "$M"
thimble run --cacert "$CA" --model "$URL/gesture.tflite" --net-fault drop=1500:2500 --range 2000
expect_error "fault__a_part_without_a_byte_is_not_asked_for_for_ever" 13 'from byte 1500, the server sends nothing of it'
thimble "${run[@]}" --net-fault frob
expect "fault__unknown_is_named" 2 "'frob'" 'thimble-run\(1\)'
thimble "${run[@]}" --net-fault drop=5
expect "fault__wrong_value_is_told" 2 'OFFSET:LENGTH'
thimble "${run[@]}" --net-fault cut-at=x
expect "fault__wrong_time_is_told" 2 'seconds'
thimble run --coprocessor --cacert "$CA" --model "$URL/gesture.tflite" --net-fault cut=3000
expect "fault__a_coprocessor_has_no_names_of_mbedtls" 13 'cut after 3000 of 8736 bytes; 3000 bytes of'
finish
