# tests/e2e/fleet.sh -- fleets: the same content however they are run, interrupted and resumed.
. "$(dirname "$0")/fleet_lib.sh"

# ---- scenarios ----

scenario offline 60 '{folder: models, offline: true}'
thimble fleet check offline.yaml
expect "check__good_scenario_is_good" 0 '60 boards in 2 groups, no errors'
thimble fleet explain offline.yaml
expect "explain__tells_in_words" 0 "48 boards 'kitchen'" 'every 3600 s' "wave 'canary': 10 %" '8 % of all boards lose power'
wrong() { # NAME SED PATTERN
    sed "$2" offline.yaml >wrong.yaml
    thimble fleet check wrong.yaml
    expect_error "check__$1" 2 "$3"
}
wrong unknown_key_has_its_line 's/^seed:/sead:/' 'wrong.yaml:2: sead: unknown key'
wrong unknown_board_has_its_line 's/board: esp32-s3/board: nosuch/' 'wrong.yaml:5: groups\[1\].board: unknown board .nosuch'
wrong unknown_fault_has_its_line 's/bad-blocks/bad-luck/' 'wrong.yaml:16: faults\[2\].kind: .bad-luck. is unknown'
wrong shrinking_wave_has_its_line 's/percent: 95/percent: 5/' 'wrong.yaml:12: rollout.waves\[1\].percent: 5 percent after 10'
wrong missing_model_is_named 's/keyword.tflite/nosuch.tflite/' 'nosuch.tflite: No such file'

# ---- the same, however it is run ----

thimble fleet run offline.yaml -o one.db --jobs 1
expect "run__tells_what_came_of_it" 0 '60 of 60 boards: [0-9]+ updated, [0-9]+ failed'
thimble fleet run offline.yaml -o timed.db --stats -q
expect "stats__are_by_step_with_the_memory" 0 '[0-9]+ boards in .* CPU ms a board: .*board .*\(boot .*storage .*store .*infer .*end .*\), fork .*supervisor' \
    'memory: [0-9]+ at once, [0-9]+ KiB a board'
same one.db timed.db
ok "stats__change_nothing_in_the_content" $?
thimble fleet run offline.yaml -o two.db --jobs 2
same one.db two.db
ok "jobs__two_at_once_give_the_same_content" $?
thimble fleet run offline.yaml -o many.db --jobs 50
same one.db many.db
ok "jobs__fifty_at_once_give_the_same_content" $?
thimble fleet run offline.yaml -o one.db
expect_error "run__database_that_is_there_is_kept" 2 'is there already'
[ "$(count one.db "outcome='updated'")" -gt 20 ] && [ "$(sqlite3 one.db 'SELECT count(DISTINCT status) FROM boards')" -ge 4 ]
ok "run__has_boards_that_work_and_several_kinds_of_failure" $?
thimble fleet run offline.yaml -o seed.db --seed 12
[ "$(content one.db)" != "$(content seed.db)" ]
ok "seed__another_gives_another_content" $?
thimble fleet run offline.yaml -o hundred.db --boards 100
[ "$(count hundred.db "grp='kitchen'")" -eq 80 ] && [ "$(count hundred.db 1)" -eq 100 ]
ok "boards__keeps_the_proportion" $?

scenario network 60 '{folder: models}'
thimble fleet run network.yaml -o network.db
same one.db network.db
ok "https__from_the_own_server_gives_the_same_content" $?
serve models
sed "s|^server:.*|server: {url: \"https://localhost/{model}?id={id}\&board={board}\&version={version}\", cacert: $CA}|" network.yaml >away.yaml
sed -i "s|https://localhost/|$URL/|" away.yaml
thimble fleet run away.yaml -o away.db --boards 5
expect "https__somebody_elses_server" 0 '5 of 5 boards'
[ "$(count away.db "status=0")" -ge 1 ]
ok "https__url_template_is_filled_in" $?

# ---- replay ----

bad=1
for id in $(sqlite3 one.db "SELECT min(id) FROM boards WHERE status>=0 GROUP BY fault, status"); do
    thimble fleet replay one.db --board "$id"
    [ "$STATUS" -eq 0 ] && grep -q 'as in the database' out
    bad=$?
    [ $bad -eq 0 ] || break
done
ok "replay__one_of_each_kind_is_as_it_was" $bad
id=$(sqlite3 network.db "SELECT min(id) FROM boards WHERE outcome='updated'")
thimble fleet replay network.db --board "$id" --trace trace.jsonl
expect "replay__over_https_with_a_trace_is_as_it_was" 0 'as in the database'
grep -q '"event":"flash_program"' trace.jsonl
ok "replay__trace_has_the_details" $?
cp one.db changed.db
sqlite3 changed.db "UPDATE boards SET heap_low_water=1 WHERE id=$id"
thimble fleet replay changed.db --board "$id"
expect "replay__difference_is_told" 1 'heap_low_water differs'

# ---- interrupted, resumed ----

scenario long 400 '{folder: models, offline: true}'
thimble fleet run long.yaml -o whole.db
"$THIMBLE" fleet run long.yaml -o broken.db -q >out 2>err &
sleep 0.7
kill -INT $!
wait $!
STATUS=$?
n=$(count broken.db 1)
if [ "$STATUS" -eq 0 ]; then
    skip "interrupt__ends_cleanly" "it was over before"
else
    expect "interrupt__ends_cleanly" 1 'interrupted'
fi
thimble fleet resume broken.db
[ "$STATUS" -eq 0 ] && same whole.db broken.db && sound broken.db
ok "interrupt__resumed_has_the_same_content" $?
thimble fleet resume broken.db
expect "resume__finished_run_has_nothing_left" 0 '400 of 400 boards'
echo >>models/keyword.tflite
thimble fleet resume broken.db
expect_error "resume__with_another_model_is_refused" 2 'not those that the run was begun with'
cp "$DEMO/keyword.tflite" models/keyword.tflite

# ---- a rollout that is stopped ----

sed 's/^  poll_s: 3600/  poll_s: 3600\n  stop_percent: 1/' offline.yaml >stop.yaml
thimble fleet run stop.yaml -o stop.db --boards 200
expect "stop__too_many_failures_keep_the_rest_away" 0 'the rollout was stopped' 'withheld'
[ "$(count stop.db "wave='rest' AND outcome<>'withheld'")" -eq 0 ] && [ "$(count stop.db "wave='canary' AND outcome='withheld'")" -eq 0 ]
ok "stop__only_the_later_wave_is_withheld" $?
thimble fleet run stop.yaml -o stop1.db --boards 200 --jobs 1
same stop.db stop1.db
ok "stop__does_not_depend_on_the_jobs" $?

# ---- shards ----

for i in 0 1 2; do thimble fleet run offline.yaml -o "shard$i.db" --shard $i/3; done
SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=1 "$THIMBLE" fleet run offline.yaml -o slurm.db -q >out 2>err
same shard2.db slurm.db
ok "shard__from_slurms_environment" $?
thimble fleet merge merged.db shard0.db shard1.db shard2.db
thimble fleet merge merged.db shard1.db
expect "merge__twice_is_once" 0
same one.db merged.db
ok "merge__equals_the_single_run" $?
thimble fleet merge merged.db seed.db
expect_error "merge__of_another_seed_is_refused" 2 'another scenario, seed'

# ---- reports ----

thimble fleet report one.db
expect "report__has_what_people_ask" 0 '^Failures' 'SPIFFS_ERR' 'p90_s' 'heap_low_water_min'
thimble fleet report one.db --json
[ "$(json '["success"][0]["updated"]')" -eq "$(count one.db "grp='kitchen' AND outcome='updated'")" ]
ok "report__json_equals_the_database" $?
thimble fleet report one.db --junit junit.xml --html page.html
python3 - "$(count one.db 1)" "$(count one.db "outcome='failed'")" <<'END'
import sys, xml.etree.ElementTree as e
s = e.parse("junit.xml").getroot()
assert len(s.findall("testcase")) == int(sys.argv[1]) and len(s.findall("*/failure")) == int(sys.argv[2]) == int(s.get("failures"))
END
ok "report__junit_has_every_board" $?
python3 - <<'END'
import html.parser
t = open("page.html").read()
html.parser.HTMLParser().feed(t)
assert "<svg" in t and "SPIFFS_ERR" in t and "<script" not in t and "http://" not in t and "src=" not in t
END
ok "report__html_is_one_page_of_its_own" $?
thimble fleet report offline.yaml
expect_error "report__of_something_else_is_refused" 2 'offline.yaml: '
thimble fleet report nosuch.db
expect_error "report__of_nothing_is_refused" 2 'nosuch.db: '

left=$(ls -d "$T"/thimble-fleet-* 2>/dev/null)
[ -z "$left" ]
ok "server__leaves_nothing_behind" $?
finish
