# tests/e2e/retries.sh -- the firmware's patience: retries, back-off, resuming, parts, watchdog; and clients that err.
. "$(dirname "$0")/lib.sh"

M=$T/models
mkdir "$M"
cp "$DEMO/gesture.tflite" "$M/"
serve "$M"
run=(run --cacert "$CA" --model "$URL/gesture.tflite" --link wifi-good)
kept() { # kept NAME: the model in the flash is the server's, byte for byte
    "$THIMBLE" image get "$T/state/flash.bin" /model.tflite "$T/kept" 2>/dev/null
    cmp -s "$T/kept" "$M/gesture.tflite"
    ok "$1" $?
    rm -rf "$T/state" "$T/kept"
}

thimble "${run[@]}" --net-fault cut=3000 --retries 2
expect "retry__from_the_beginning_meets_the_same_cut" 13 'retry .*connection 2, from byte 0, in 1.000 s: .*cut after 3000' \
    'connection 3, from byte 0, in 2.000 s' 'store: .*cut after 3000'
thimble "${run[@]}" --net-fault cut=3000 --retries 3 --resume --state "$T/state"
expect "resume__goes_on_from_the_byte_that_is_missing" 0 'connection 2, from byte 3000,' 'connection 3, from byte 6000,' \
    '8736 bytes received' '2 connections were made again'
kept "resume__gives_the_same_file"
thimble "${run[@]}" --net-fault cut=3000 --retries 1 --resume
expect "resume__ends_when_the_retries_are_used_up" 13 'store: .*cut after 3000 of 5736 bytes'
thimble "${run[@]}" --storage none --net-fault cut=3000 --retries 3 --resume --json
cp "$T/out" "$T/first"
[ "$(json '["attempts"][1]["at"]')" = 6000 ] && [ "$(json '["attempts"][1]["connection"]')" = 3 ] &&
    [ "$(json '["attempts"][1]["total"]')" = 8736 ] && json '["attempts"][1]["why"]' | grep -q 'cut after 3000 of 5736'
ok "attempts__are_in_the_json" $?
thimble "${run[@]}" --storage none --net-fault cut=3000 --retries 3 --resume --json
cmp -s "$T/first" "$T/out"
ok "attempts__are_the_same_again" $?
thimble "${run[@]}" --net-fault refused,times=2 --retries 3 --backoff 500:4 --trace "$T/trace"
expect "retry__gets_through_when_the_fault_is_over" 0 'from byte 0, in 0.500 s' 'from byte 0, in 2.000 s'
[ "$(grep -c '"attempt"' "$T/trace")" -eq 2 ]
ok "attempts__are_in_the_trace" $?
thimble "${run[@]}" --net-fault status=404 --retries 3
expect "retry__is_not_made_of_what_the_server_refuses" 13 'status 404'
! grep -q retry "$T/out"
ok "retry__of_404_is_none" $?
thimble "${run[@]}" --net-fault status=503,times=1 --retries 1
expect "retry__of_503_is_made" 0 'retry .*503'

thimble "${run[@]}" --range 2000 --state "$T/state" --trace "$T/trace"
expect "range__fetches_in_parts" 0 'HTTPS 206, 8736 bytes to come' '8736 bytes received'
[ "$(grep -c '"http"' "$T/trace")" -eq 5 ]
ok "range__is_one_request_a_part" $?
kept "range__gives_the_same_file"
thimble "${run[@]}" --range 4000 --net-fault cut=3000 --retries 9 --resume --state "$T/state"
expect "range__and_resume_go_together" 0 '8736 bytes received'
kept "range__and_resume_give_the_same_file"

serve "$M" --fault no-range
thimble run --cacert "$CA" --model "$URL/gesture.tflite" --range 2000
expect "range__of_a_server_without_ranges_gets_all" 0 'HTTPS 200, 8736 bytes' '8736 bytes received'
thimble run --cacert "$CA" --model "$URL/gesture.tflite" --net-fault cut=3000,times=1 --resume --retries 2 --state "$T/state"
expect "resume__without_ranges_begins_again" 0 'connection 2, from byte 3000' 'connection 3, from byte 0, .*sends all of it'
kept "resume__without_ranges_gives_the_same_file"

thimble "${run[@]}" --storage none --net-fault stall --watchdog 3
expect_error "watchdog__bites_while_the_board_waits" 17 'watchdog reset the board: task loopTask had not fed it for 3.000 s'
thimble "${run[@]}" --storage none --watchdog 3 --net-fault cut=3000,times=1 --retries 1 --backoff 20000
expect "watchdog__is_fed_between_attempts" 0
thimble "${run[@]}" --watchdog 3
expect "watchdog__bites_while_spiffs_is_formatted" 17 'watchdog'

thimble "${run[@]}" --net-fault segment=777/1001 --state "$T/state"
expect "client__takes_pieces_as_they_come" 0
kept "client__gives_the_same_file"
thimble "${run[@]}" --net-fault segment=777 --client counts-wish
expect "client__that_counts_its_wish_stops_early" 14 'store .*8053 bytes' # one piece was 683 bytes short
thimble "${run[@]}" --client frob
expect "client__unknown_defect_is_named" 2 frob
for wrong in x 10: 10:0 10:x -1 3600001; do
    thimble "${run[@]}" --backoff $wrong
    expect_error "backoff__${wrong}_is_refused" 2 "MS:FACTOR.*'$wrong'"
done
finish
