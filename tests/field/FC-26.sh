# FC-26: counting the wish, not the read
# Source: espressif/arduino-esp32 issue 9997 (2024): length 38524, buffer 4096; after a read of 2759 the client shows 30332 left in
#         place of 31669, and ends early
# Cause: the client takes what it asked for off the rest, not what it got
# Remedy: take off what came
# Expected: a correct client gets all of 38524 bytes; the defective one stops 1337 bytes short
. "$(dirname "$0")/../e2e/lib.sh"
mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/plain.tflite" && truncate -s 38524 "$T/models/plain.tflite"
serve "$T/models"
run=(run --board esp32 --cacert "$CA" --model "$URL/plain.tflite" --chunk 4096 --net-fault segment=6855)

thimble "${run[@]}" --trace "$T/trace"
expect "FC-26__a_correct_client_gets_all" 0 '38524 bytes received'
[ "$(grep '"packet"' "$T/trace" | sed -nE '2s/.*"bytes": ?([0-9]+).*/\1/p')" = 2759 ]
ok "FC-26__the_second_read_is_of_2759" $?
thimble "${run[@]}" --client counts-wish
expect "FC-26__the_other_stops_1337_bytes_short" 0 "$((38524 - 1337)) bytes received"
finish
