# tests/e2e/soak.sh -- one board that fetches its model a thousand times.
. "$(dirname "$0")/lib.sh"

mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/"
serve "$T/models"
held() { ls "/proc/${SERVERS[-1]}/fd" | wc -l; }
thimble run --model "$URL/gesture.tflite" --cacert "$CA" --storage none --rounds 10 --json
before=$(held)
thimble run --model "$URL/gesture.tflite" --cacert "$CA" --storage none --rounds 1000 --json
expect "soak__a_board_fetches_a_thousand_times" 0
lost=$(json '["rounds"][1:]' | grep -o "'lost': [0-9-]*" | sort -u)
[ "$lost" = "'lost': 0" ]
ok "soak__no_round_loses_a_byte_of_the_board_s_heap" $?
for _ in $(seq 100); do [ "$(held)" -le "$before" ] && break; sleep 0.05; done
[ "$(held)" -le "$before" ]
ok "soak__the_server_has_no_descriptor_left_open" $?
finish
