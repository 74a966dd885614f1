# tests/e2e/fleet_life.sh -- a board's life in a fleet: polls, outages, faults by time, headers, certificates, clocks, telemetry.
. "$(dirname "$0")/lib.sh"
export TMPDIR=$T # of the fleet's own server
cd "$T" || exit 1
mkdir models
cp "$DEMO/keyword.tflite" models/keyword.tflite

sql() { sqlite3 "$1.db" "$2"; }
content() { sql "$1" 'SELECT * FROM boards ORDER BY id' | sha256sum; }
same() { [ -n "$(sql "$1" 'SELECT 1 FROM boards LIMIT 1')" ] && [ "$(content "$1")" = "$(content "$2")" ]; }
is() { # NAME DATABASE CONDITION: of every board, and there are some
    [ "$(sql "$2" "SELECT count(*)>0 AND min(coalesce($3, 0)) FROM boards")" = 1 ]
    ok "$1" $?
}
fleet() { # NAME: what stdin says, run into NAME.db
    cat >"$1.yaml"
    rm -f "$1.db"*
    thimble fleet run "$1.yaml" -o "$1.db" -q
}

# ---- everything at once: the same, however it is run ----

all() { # SERVER URL-OF-TELEMETRY
    cat <<END
name: all
seed: 5
groups:
  - {name: kitchen, board: esp32, count: 80, model: keyword.tflite, switch_on_s: 600, skew_s: 30, retries: 2, backoff_ms: 500, resume: true}
  - {name: field, board: esp32-s3, count: 20, link: nb-iot, model: keyword.tflite, switch_on_s: 600, store: ab-crc}
  - {name: lost, board: esp32, count: 10, model: keyword.tflite, clock: sntp}
server: $1
rollout:
  version: "1.1"
  poll_s: 3600
  tries: 3
  waves:
    - {name: canary, percent: 10, at_s: 100}
    - {name: rest, percent: 95, at_s: 604800}
telemetry: {url: "$2", every_s: 60, count: 3}
outages:
  - {from_s: 600000, to_s: 612000}
  - {from_s: 86400, to_s: 90000, percent: 50, group: kitchen}
faults:
  - {kind: worn-flash, percent: 10}
  - {kind: power-off, percent: 5, value: 615600}
  - {kind: net-fault, percent: 10, fault: "stall=3000,times=1"}
  - {kind: cut-link, percent: 8, value: 2000}
  - {kind: net-fault, percent: 5, fault: "status=503", from_s: 0, to_s: 700000}
END
}
all '{folder: models, offline: true, headers: ["X-Board: {id} {board}"]}' 'https://localhost/telemetry/{id}' >all.yaml
thimble fleet check all.yaml
expect "check__all_keys_are_known" 0 'no errors'
thimble fleet explain all.yaml
expect "explain__tells_the_life_in_words" 0 "header 'X-Board: \{id\} \{board\}'" 'off by up to 30 s, for polls and for certificates' \
    'ask for the time' 'tried again up to 2 times, from where it broke, after 500 ms' '3 times in all' 'posts what it infers .*3 times, every 60 s' \
    '100 % of all boards reach nobody from 600000 s to 612000 s' '50 % of the boards of kitchen reach nobody' \
    '10 % of all boards have this wrong with their network: stall=3000,times=1' 'ask before 700000 s' '100200 erases behind them' 'lose power 615600 s after'
fleet one --jobs 1 <all.yaml
thimble fleet run all.yaml -o two.db --jobs 2 -q
same one two
ok "jobs__two_at_once_give_the_same_content" $?
thimble fleet run all.yaml -o many.db --jobs 40 -q
same one many
ok "jobs__forty_at_once_give_the_same_content" $?
all '{folder: models, headers: ["X-Board: {id} {board}"]}' 'https://localhost/telemetry/{id}' | fleet served
same one served
ok "https__from_the_own_server_gives_the_same_content" $?
for shard in 0 1; do thimble fleet run all.yaml -o "shard$shard.db" --shard $shard/2 -q; done
thimble fleet merge merged.db shard0.db shard1.db
same one merged
ok "shards__merged_have_the_same_content" $?
[ "$(sql one 'SELECT count(DISTINCT status) FROM boards')" -ge 3 ] && [ "$(sql one "SELECT count(*) FROM boards WHERE outcome='updated'")" -gt 60 ]
ok "run__has_boards_that_work_and_several_kinds_of_failure" $?
bad=1
for id in $(sql one "SELECT min(id) FROM boards WHERE status>=0 GROUP BY fault, status"); do
    thimble fleet replay one.db --board "$id"
    bad=$STATUS
    [ "$bad" -eq 0 ] || break
done
ok "replay__one_of_each_kind_is_as_it_was" "$bad"
cp one.db old.db
sql old "UPDATE run SET value=1 WHERE key='schema'"
thimble fleet report old.db
expect_error "database__of_another_schema_is_refused_by_name" 2 'old.db: its tables are of schema 1, made by thimble .*this is .*schema 2'

# ---- polls ----

plain() { # COUNT [LINE...]: boards that can have it after a day, asking every hour
    cat <<END
name: plain
groups:
  - {name: a, board: esp32, count: $1, model: keyword.tflite}
server: {folder: models, offline: true}
rollout: {poll_s: 3600, waves: [{name: all, percent: 100, at_s: 86400}]}
END
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@"
}
plain 3 | fleet polls
is "polls__one_an_hour_for_a_day_and_the_one_that_is_answered" polls 'polls=25 AND unanswered=0 AND asked_ms=86400000'
# each: hellos and requests up, the certificate down (what the first, real one carried); 3 round trips of 5 ms, and the bytes' time
is "polls__bytes_are_those_of_24_exchanges" polls 'poll_bytes=24*(600+200+524)'
is "polls__air_is_what_all_exchanges_took" polls 'air_sent=25*(600+200) AND air_received=25*524+bytes_received'
is "polls__time_is_their_round_trips_and_bytes" polls 'poll_ns=24*(3*5000000+(600+200+524)*8*50)'
is "polls__energy_is_the_radio_s" polls 'abs(poll_uj-1e-6*(330*poll_ns+264*24*(600+200)*8*50))<1'
thimble fleet replay polls.db --board 0 --trace trace.jsonl
[ "$(grep -c '"event":"poll",' trace.jsonl)" -eq 24 ] && [ "$(grep -c '"event":"http",' trace.jsonl)" -eq 2 ]
ok "polls__two_requests_are_made_the_others_are_their_repetition" $?
plain 30 | sed 's/esp32,/esp32, link: nb-iot,/' | fleet lossy
[ "$(sql lossy 'SELECT count(DISTINCT poll_ns)>20 FROM boards')" -eq 1 ]
ok "polls__each_has_losses_and_jitter_of_its_own" $?
plain 3 'rollout_is_above: 1' >unknown.yaml
thimble fleet check unknown.yaml
expect_error "check__unknown_key_has_its_line" 2 'unknown.yaml:6: rollout_is_above: unknown key'

# ---- outages ----

plain 20 'outages: [{from_s: 3000, to_s: 8000}, {from_s: 86000, to_s: 97000}]' | fleet out
is "outage__polls_in_it_get_no_answer" out 'unanswered=2+3'
is "outage__the_first_poll_after_it_gets_the_update" out "outcome='updated' AND asked_ms=97200000 AND polls=28"
plain 40 'outages: [{from_s: 86000, to_s: 97000, percent: 50}]' | fleet half
[ "$(sql half 'SELECT group_concat(n) FROM (SELECT count(*) BETWEEN 10 AND 30 AS n FROM boards GROUP BY asked_ms)')" = 1,1 ]
ok "outage__of_a_share_is_of_that_share" $?
plain 3 'outages: [{from_s: 86400, to_s: 97000}]' | sed 's/poll_s: 3600, waves.*/poll_s: 0}/; s/86400/0/' | fleet once
is "outage__board_that_does_not_poll_again_fails" once "outcome='failed' AND status=13"

# ---- faults ----

plain 10 'faults: [{kind: cut-link, percent: 100, value: 2000}]' | fleet cut
plain 10 'faults: [{kind: net-fault, percent: 100, fault: "cut=2000"}]' | fleet cut_net
is "cut_link__loses_the_connection" cut "status=13 AND fault='cut-link' AND fault_value=2000"
[ "$(sql cut 'SELECT id, message, air_ns, events FROM boards')" = "$(sql cut_net 'SELECT id, message, air_ns, events FROM boards')" ]
ok "cut_link__is_the_net_fault_cut" $?
plain 10 'faults: [{kind: net-fault, percent: 100, fault: "cut=2000,times=1"}]' | sed 's/poll_s: 3600,/poll_s: 3600, tries: 2,/' | fleet again
is "tries__the_next_poll_gets_it" again "outcome='updated' AND polls=26 AND unanswered=1 AND asked_ms=90000000"
plain 10 'faults: [{kind: net-fault, percent: 100, fault: "cut=2000,times=1"}]' | sed 's/model:/retries: 1, resume: true, model:/' | fleet patient
is "retries__the_same_poll_gets_it" patient "outcome='updated' AND polls=25 AND bytes_received=$(stat -c %s models/keyword.tflite)"
plain 40 'faults: [{kind: net-fault, percent: 100, fault: dns, from_s: 86400, to_s: 88000}]' | sed 's/model:/skew_s: 3600, model:/' | fleet window
[ "$(sql window "SELECT sum((status=13)<>(asked_ms<88000000)), sum(status=13)>3, sum(status=0)>3 FROM boards")" = '0|1|1' ]
ok "fault__of_a_time_is_of_the_boards_that_ask_then" $?
plain 2 'faults: [{kind: bad-link, percent: 100}]' | sed 's/esp32,/esp32, link: none,/' | fleet nolink
is "bad_link__makes_nothing_of_no_link" nolink "status=13 AND polls=0 AND fault='bad-link'"
plain 10 'faults: [{kind: power-off, percent: 100, value: 5000}]' | fleet idle
is "power_off__between_polls_makes_it_ask_once_more" idle "outcome='updated' AND polls=26"
plain 2 'faults: [{kind: power-off, percent: 100, value: 86401}]' 'telemetry: {url: "https://localhost/t"}' | sed 's/esp32,/esp32, link: nb-iot,/' | fleet dark
is "power_off__in_the_update_is_its_end" dark "outcome='failed' AND status=16 AND message LIKE '%86401.000 s%'"
plain 40 'faults: [{kind: worn-flash, percent: 100, value: 100200}]' | fleet worn
[ "$(sql worn "SELECT count(*) FROM boards WHERE status=11")" -gt 5 ] && [ "$(sql worn "SELECT count(*) FROM boards WHERE status=0")" -gt 5 ]
ok "worn_flash__some_have_a_block_that_is_at_its_end" $?
plain 10 'faults: [{kind: worn-flash, percent: 100, value: 90000}]' | fleet used
is "worn_flash__below_the_endurance_it_works" used "status=0 AND fault='worn-flash'"
for fault in refused tls-alert expired wrong-host redirect-loop status=503 stall=100 corrupt=100/500 duplicate=100:50 drop=100:50 length=5 segment=7/9 chunked gzip; do
    plain 1 "faults: [{kind: net-fault, percent: 100, fault: \"$fault\"}]" | fleet fault
    [ "$(sql fault "SELECT count(*) FROM boards WHERE fault='net-fault $fault' AND status IN (0, 13, 14)")" -eq 1 ] || break
done
is "net_fault__every_one_of_thimble_run_is_one" fault "status>=0 AND fault='net-fault gzip'"

# ---- inputs ----

mkdir frames
for i in 1 2 3; do cp "$DEMO"/keyword-samples/*"$i".bin frames/ 2>/dev/null; done
frames=$(ls frames | wc -l)
plain 4 | sed 's/model:/input: frames, model:/' | fleet all_frames
is "input__all_frames_of_a_folder_are_inferred" all_frames "(SELECT sum(value) FROM json_each(labels))=$frames"
[ "$(sql all_frames 'SELECT sum(inferences) FROM labels')" -eq $((4 * frames)) ]
ok "labels__the_view_counts_them" $?
plain 20 | sed 's/model:/input: frames, inferences: 5, model:/' | fleet drawn
is "inferences__so_many_are_drawn" drawn '(SELECT sum(value) FROM json_each(labels))=5'
[ "$(sql drawn 'SELECT count(DISTINCT output)>5 FROM boards')" -eq 1 ]
ok "inferences__each_board_draws_its_own" $?
plain 1 | sed 's/model:/inferences: 5, model:/' >draws.yaml
thimble fleet check draws.yaml
expect_error "inferences__without_input_are_refused" 2 'draws.yaml:3: groups\[0\].inferences: of frames of input'
mkdir empty
plain 1 | sed 's/model:/input: empty, model:/' >empty.yaml
thimble fleet check empty.yaml
expect_error "input__empty_folder_is_named" 2 'empty: no files in it'

# ---- headers, certificates, clocks: at a real server ----

for i in 0 1 2; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=board$i" -keyout "$T/board$i.key" -out "$T/board$i.pem" 2>/dev/null
done
cat board0.pem board1.pem >members.pem
serve models --client-ca members.pem --posts "$T/posts"
away() { # KEYS-OF-GROUP [KEYS-OF-SERVER [LINE]]
    cat <<END
name: away
groups:
  - {name: a, board: esp32, count: 3, model: keyword.tflite$1}
server: {url: "$URL/{model}?{version}", cacert: $CA${2-}}
rollout: {version: "1.1", poll_s: 3600, waves: [{name: all, percent: 100, at_s: 7200}]}
${3-}
END
}
away ', client: {cert: "board{id}.pem", key: "board{id}.key"}' '' "telemetry: {url: \"$URL/t/{group}\", count: 2, every_s: 5}" | fleet members
[ "$(sql members "SELECT group_concat(status) FROM boards")" = 0,0,13 ] && [ "$(sql members 'SELECT message FROM boards WHERE id=2')" = "connect: localhost:${URL##*:}: the server answered with status 403" ]
ok "client__each_board_shows_its_own_certificate" $?
[ "$(sql members 'SELECT posted, unposted FROM boards WHERE id=0')" = '2|0' ] && [ "$(wc -l <posts)" -eq 4 ]
ok "telemetry__is_posted_to_the_server" $?
python3 - posts <<'END'
import json, sys
posts = [json.loads(line) for line in open(sys.argv[1])]
assert sorted(p["id"] for p in posts) == ["0", "0", "1", "1"], posts
assert all(set(p) == {"id", "version", "label", "score", "heap_low_water"} and p["version"] == "1.1" for p in posts)
assert all(0 <= p["label"] < 20 and 0 <= p["score"] <= 1 and p["heap_low_water"] > 1000 for p in posts)
END
ok "telemetry__is_json_with_what_was_inferred" $?
away ', client: {cert: "board{id}.pem", key: "board{id}.key"}' | sed 's/count: 3/count: 4/' >missing.yaml
thimble fleet check missing.yaml
expect_error "client__a_missing_file_of_one_board_is_named" 2 'board3.pem: No such file'
away ', client: {cert: board0.key, key: board0.key}' >wrong.yaml
thimble fleet check wrong.yaml
expect_error "client__a_file_without_certificate_is_named" 2 'board0.key: no PEM certificate'
away '' >none.yaml
thimble fleet run none.yaml -o none.db -q
is "client__boards_without_one_are_refused" none 'status=13'

serve models
away ', clock: unset' | fleet unset
is "clock__unset_has_no_certificate_valid" unset "status=13 AND message LIKE '%BADCERT_FUTURE%' AND unanswered=2"
away ', skew_s: 60' | fleet skewed
is "clock__off_by_a_minute_is_good_enough" skewed 'status=0'
away ', skew_s: 1000000000' | sed 's/count: 3/count: 30/' | fleet far
[ "$(sql far 'SELECT count(*) FROM boards WHERE status=13')" -gt 25 ]
ok "clock__off_by_years_finds_no_certificate_valid" $?

away '' ', headers: ["X-Board: {id} {board}", "Authorization: Bearer {version}"]' | fleet headers
away '' | fleet without
[ "$(sql headers 'SELECT air_sent FROM boards WHERE id=0')" -eq $(($(sql without 'SELECT air_sent FROM boards WHERE id=0') + 3 * ($(printf 'X-Board: 0 esp32\r\nAuthorization: Bearer 1.1\r\n' | wc -c)))) ]
ok "headers__are_sent_with_every_request_and_count" $?
away '' ', headers: ["X: a\r\nB: c"]' | sed 's/headers: \["\(.*\)"\]/headers: ["\1"]/' >inject.yaml
thimble fleet check inject.yaml
expect_error "headers__a_line_end_is_refused" 2 'inject.yaml:4: '
away '' ', headers: ["Host: elsewhere"]' >host.yaml
thimble fleet check host.yaml
expect_error "headers__the_client_s_own_are_refused" 2 "host.yaml:4: server.headers\[0\]: Host is the client's own"
finish
