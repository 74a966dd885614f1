# tests/e2e/links.sh -- link profiles on the board's clock: rates, round trips, loss, outages, time-outs; --realtime.
. "$(dirname "$0")/lib.sh"

M=$T/models
mkdir "$M"
cp "$DEMO/gesture.tflite" "$M/"
cp "$DEMO/gesture.tflite" "$M/big.tflite" && truncate -s 500000 "$M/big.tflite"
serve "$M"
run=(run --cacert "$CA" --storage none)
big=("${run[@]}" --board esp32-s3-psram --model "$URL/big.tflite" --json)
small=("${run[@]}" --model "$URL/gesture.tflite" --json)
seconds() { json '["steps"].__getitem__(-1)["t_ns"] // 10**9'; }

# A link of our own: link KEY: VALUE...
link() {
    { printf 'name: mine\ntitle: Mine\ndown_bps: 1000000\nup_bps: 1000000\nrtt_us: 10000\nmtu: 1500\n'; printf '%s\n' "$@"; } >"$T/mine.yaml"
}

# names WHAT EXPRESSION: of the profiles ("boards", "links") that are so
names() {
    "$THIMBLE" boards $([ "$1" = links ] && echo --links) --json |
        python3 -c "import json, sys; [print(p['name']) for p in json.load(sys.stdin)['$1'] if $2]"
}
[ "$(names links True | grep -cE '^(ethernet|wifi-good|wifi-poor|lte-m|nb-iot|ble-gateway|lora-backhaul|none)$')" -eq 8 ]
ok "links__are_there" $?
for name in $(names links "p['down_bps']"); do
    thimble "${small[@]}" --link "$name"
    expect "link__${name}_carries_a_model_without_further_options" 0
done
for board in $(names boards "p['network']['link']"); do
    thimble run --board "$board" --cacert "$CA" --model "$URL/gesture.tflite"
    expect "board__${board}_connects_without_further_options" 0 ' connect +.*HTTPS 200'
done
thimble "${small[@]}" --link none
expect_error "link__none_carries_nothing" 13 "network: the link 'none' carries nothing"
thimble "${small[@]}" --link frob
expect_error "link__unknown_is_named" 2 frob
thimble run --board nano-33-ble --link lte-m --model "$DEMO/gesture.tflite"
expect_error "link__needs_a_network" 2 'nano-33-ble has no network' 'coprocessor'

thimble "${big[@]}" --link nb-iot
[ "$(seconds)" -ge 160 ] && [ "$(seconds)" -le 180 ] # 500000 bytes at 25 kbit/s are 160 s, 1 % of 380 packets come 0.84 s late
ok "link__nb_iot_takes_minutes_of_device_time" $?
cp "$T/out" "$T/first"
thimble "${big[@]}" --link nb-iot
cmp -s "$T/first" "$T/out"
ok "link__the_same_seed_gives_the_same_bytes" $?
thimble "${big[@]}" --link nb-iot --seed 2
! cmp -s "$T/first" "$T/out"
ok "link__another_seed_loses_other_packets" $?
thimble "${big[@]}" --link nb-iot --chunk 1000
whole=$(seconds)
thimble "${big[@]}" --link nb-iot --chunk 3000
[ "$(seconds)" = "$whole" ]
ok "link__what_is_lost_does_not_depend_on_the_chunk" $?

thimble "${small[@]}" --link nbiot-edge --timeout 5000
expect_error "link__round_trip_above_the_time_out_fails_as_read_timeout" 13 'no byte for 5.000 s before an answer' 'HTTPC_ERROR_READ_TIMEOUT \(-11\)'
thimble "${small[@]}" --link nbiot-edge --timeout 20000
expect "link__a_longer_time_out_helps" 0
thimble "${run[@]}" --model "$URL/gesture.tflite" --link nbiot-edge --net-fault stall=100
expect_error "link__says_how_long_a_firmware_waits_on_it" 13 'no byte for 60000 ms after 100 of 8736 bytes'
thimble "${run[@]}" --model "$URL/gesture.tflite" --board pico-w --net-fault stall=100
expect_error "board__says_how_long_its_firmware_waits" 13 'no byte for 15000 ms'

link 'outages: [{start_ms: 100, length_ms: 2000}]'
thimble "${big[@]}" --link "$T/mine.yaml"
[ "$(seconds)" = 7 ] # 4 s, and at 1 s and 3 s after the loss it is sent again
ok "outage__a_transfer_goes_on_after_it" $?
link 'outages: [{start_ms: 100, length_ms: 20000}]'
thimble "${big[@]}" --link "$T/mine.yaml"
expect_error "outage__above_the_time_out_ends_the_transfer" 13 'link mine: no byte for 5.000 s after [0-9]+ of 500000 bytes'
link 'timeout_ms: 3600001'
thimble "${small[@]}" --link "$T/mine.yaml"
expect_error "link__time_out_of_more_than_an_hour_is_refused" 2 'mine.yaml.*timeout_ms'
link 'outage_every_ms: 10' 'outage_ms: 11'
thimble "${small[@]}" --link "$T/mine.yaml"
expect_error "link__outage_above_its_period_is_refused" 2 'mine.yaml.*outage_ms'

thimble boards --links
expect "boards__lists_links" 0 '^nb-iot +25k +60k +840 +200 +1 +1358 -' '^wifi-poor .*2s of 30s'
[ "$(awk 'length > 80' "$T/out" | wc -l)" -eq 0 ]
ok "boards__links_fit_80_columns" $?
thimble boards --links --json
[ "$(json '["links"][0]["name"]')" = airlift-spi ]
ok "boards__links_as_json" $?

link
start=$(date +%s%N)
thimble "${small[@]}" --link "$T/mine.yaml" --realtime
expect "realtime__a_run_ends_well" 0
[ $((($(date +%s%N) - start))) -ge "$(json '["device_ns"]')" ]
ok "realtime__the_pcs_clock_is_never_behind" $?
finish
