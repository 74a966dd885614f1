# tests/e2e/fleet_faults.sh -- what a fleet lives through: kills, boards that crash or hang, a server that goes, disks and limits.
. "$(dirname "$0")/fleet_lib.sh"
RANDOM=8 # the same moments in every run, as far as the machine lets them be

children() { cat "/proc/$1/task/$1/children" 2>/dev/null; }
rows() { sqlite3 "$1" "SELECT count(*) FROM boards WHERE ${2-1}" 2>/dev/null || echo 0; }
# eventually COMMAND...: within some seconds
eventually() {
    for _ in $(seq 400); do
        "$@" && return
        sleep 0.02
    done
    return 1
}
has_rows() { [ "$(rows "$1" "${3-1}")" -ge "$2" ]; }
has_child() { [ -n "$(children "$1")" ]; }
# background OUTPUT ARGUMENT...: a fleet in the background; $FLEET is its process.
background() {
    "$THIMBLE" fleet "${@:2}" -q >"$1.out" 2>"$1.err" &
    FLEET=$!
}
# await OUTPUT: its end, as `thimble` leaves it
await() {
    wait "$FLEET"
    STATUS=$?
    cp "$1.out" out
    cp "$1.err" err
}

# ---- a board that goes to sleep: beside everything else, as it takes 20 seconds ----

mkdir -p include/thimble
cp "$THIMBLE_SOURCE/emu/firmware/firmware.h" include/thimble/
firmware() { # NAME BODY-OF-LOOP
    printf '#include <thimble/firmware.h>\nvoid setup(void) {}\nvoid loop(void) { %s }\n' "$2" >"$1.c"
    cc -O1 -Iinclude -I"$THIMBLE_SOURCE" -shared -fPIC -o "$1.so" "$1.c" || ok "firmware_is_built" 1
}
firmware crash '*(volatile int *)8 = 1;'
firmware hang 'for (volatile int i = 0;; i++) {}'
cat >sleep.yaml <<END
name: sleep
cpu_s: 1
groups: [{name: all, board: esp32, count: 1, firmware: hang.so, duration_s: 5}]
server: {folder: models, offline: true}
END
"$THIMBLE" fleet run sleep.yaml -o sleep.db -q >sleep.out 2>&1 &
sleeper=$!
asleep() {
    local zygote board
    zygote=$(children $sleeper) && [ -n "$zygote" ] && board=$(children $zygote) && [ -n "$board" ] && kill -STOP $board
}
eventually asleep
ok "sleep__a_board_is_stopped" $?

# ---- the supervisor is killed, fifty times ----

scenario long 240 '{folder: models, offline: true}'
scenario net 240 '{folder: models}'
began=$(date +%s%N)
thimble fleet run long.yaml -o whole.db
took_ms=$((($(date +%s%N) - began) / 1000000))
has_run() { [ -n "$(sqlite3 "$1" 'SELECT 1 FROM run LIMIT 1' 2>/dev/null)" ]; }
nobody_left() { ! pgrep -f "$T/killed" >/dev/null && ! ls -d "$T"/thimble-fleet-* >/dev/null 2>&1; }
start() { # anew if it was killed before there was anything
    if has_run "$1"; then background killed resume "$1"; else background killed run "$2" -o "$1"; fi
}
kills=0 n=0 bad='' files=(long.yaml net.yaml)
db=$T/killed0.db
for _ in $(seq 400); do
    [ $kills -lt 50 ] || break
    start "$db" "${files[n % 2]}"
    sleep "$(printf '0.%03d' $((RANDOM % (took_ms / 4 + 20) % 1000)))"
    kill -KILL $FLEET 2>/dev/null
    wait $FLEET 2>/dev/null
    case $? in
    137) kills=$((kills + 1)) ;;
    0)
        same whole.db "$db" || bad="$bad $db has other content;"
        n=$((n + 1))
        db=$T/killed$n.db
        ;;
    *) bad="$bad $(head -n 1 killed.err);" ;;
    esac
    eventually nobody_left || bad="$bad a process or a folder is left after kill $kills;"
    ! [ -s "$db" ] || sound "$db" || bad="$bad $db is damaged;"
done
start "$db" "${files[n % 2]}"
wait $FLEET
[ $kills -eq 50 ] && [ -z "$bad" ]
ok "kill__fifty_times_leaves_sound_databases_and_nothing_else" $?
[ -z "$bad" ] || echo "$bad" >&2
same whole.db "$db" && sound "$db"
ok "kill__resumed_has_the_same_content" $?

background broken run long.yaml -o broken.db
eventually has_rows broken.db 20
kill -INT $FLEET
await broken
if [ "$STATUS" -eq 0 ]; then
    skip "interrupt__ends_cleanly" "it was over before"
else
    expect "interrupt__ends_cleanly" 1 'interrupted'
fi
thimble fleet resume broken.db
[ "$STATUS" -eq 0 ] && same whole.db broken.db && sound broken.db
ok "interrupt__resumed_has_the_same_content" $?

# ---- one writer ----

background one run long.yaml -o one.db
eventually has_rows one.db 1
thimble fleet resume one.db
expect_error "lock__second_resume_is_refused" 20 "one.db: another 'thimble fleet' is writing it"
thimble fleet run long.yaml -o one.db
expect_error "lock__second_run_is_refused" 20 'one.db: another'
thimble fleet merge one.db whole.db
expect_error "lock__merge_into_a_running_one_is_refused" 20 'one.db: another'
thimble fleet report one.db
expect "lock__readers_are_welcome" 0 'Failures'
await one
same whole.db one.db
ok "lock__the_first_is_not_disturbed" $?
for i in 1 2 3 4; do "$THIMBLE" fleet run long.yaml -o both.db -q >both.$i 2>&1 & pids[i]=$!; done
won=0
for i in 1 2 3 4; do wait "${pids[i]}" && won=$((won + 1)); done
[ $won -eq 1 ] && same whole.db both.db
ok "lock__of_four_at_once_one_runs" $?

# ---- processes beside the supervisor end ----

background zygote run long.yaml -o zygote.db
eventually has_rows zygote.db 20
kill -KILL "$(children $FLEET)"
await zygote
expect_error "zygote__its_end_is_a_clear_message" 20 "that boards are forked from has ended; 'thimble fleet resume' goes on"
thimble fleet resume zygote.db
same whole.db zygote.db
ok "zygote__resumed_has_the_same_content" $?

background server run net.yaml -o server.db
eventually has_rows server.db 20
read -ra first <<<"$(children $FLEET)"
kill -KILL "${first[0]}" # it is started before the zygote
await server
expect_error "server__the_own_one_s_end_is_a_clear_message" 20 "model server's process has ended; 'thimble fleet resume' goes on"
thimble fleet resume server.db
same whole.db server.db
ok "server__resumed_has_the_same_content" $?
! ls -d "$T"/thimble-fleet-* >/dev/null 2>&1
ok "server__leaves_no_folder" $?

# Somebody else's: boards fail as they would; the run goes on, and they get it again when it is back.
elsewhere() { # PORT
    "$THIMBLE" serve models --port "$1" --state ca --ready-file ready --quiet >/dev/null 2>&1 &
    SERVERS+=($!)
    eventually [ -s ready ]
}
elsewhere 0
port=$(cat ready)
cat >gone.yaml <<END
name: gone
groups: [{name: all, board: esp32, count: 500, model: keyword.tflite}]
server: {url: "https://localhost:$port/{model}", cacert: ca/ca.pem}
END
background gone run gone.yaml -o gone.db
eventually has_rows gone.db 20
kill "${SERVERS[-1]}"
eventually has_rows gone.db 3 'status=13'
rm ready
elsewhere "$port"
await gone
expect "gone__the_run_goes_on" 0 '500 of 500 boards: [0-9]+ updated, [0-9]+ failed'
[ "$(rows gone.db 'status NOT IN (0, 13)')" -eq 0 ] &&
    [ -n "$(sqlite3 gone.db "SELECT 1 FROM boards WHERE status=0 AND id>(SELECT max(id) FROM boards WHERE status=13)")" ]
ok "gone__boards_get_it_again_when_the_server_is_back" $?

# ---- boards that crash, hang, are killed ----

cat >bad.yaml <<END
name: bad
cpu_s: 1
groups:
  - {name: crash, board: esp32, count: 2, firmware: crash.so, duration_s: 5}
  - {name: good, board: esp32, count: 4, model: keyword.tflite}
  - {name: hang, board: esp32, count: 2, firmware: hang.so, duration_s: 5}
server: {folder: models, offline: true}
END
thimble fleet run bad.yaml -o bad.db
expect "crash_and_hang__are_results" 0 '8 of 8 boards: 4 updated, 4 failed'
[ "$(count bad.db "grp='crash' AND status=12")" -eq 2 ] && [ "$(count bad.db "grp='hang' AND status=17")" -eq 2 ]
ok "crash_and_hang__have_their_status" $?

background shot run long.yaml -o shot.db --jobs 20
for _ in 1 2; do
    zygote=$(eventually has_child $FLEET; children $FLEET)
    eventually has_child $zygote
    # shellcheck disable=SC2046 # each is a process
    kill -KILL $(children $zygote) 2>/dev/null
    sleep 0.1
done
await shot
expect "shot__boards_that_are_killed_are_run_again" 0 '240 of 240 boards' 'is run again, with no more than'
same whole.db shot.db
ok "shot__has_the_same_content" $?

# ---- limits ----

scenario few 60 '{folder: models, offline: true}'
thimble fleet run few.yaml -o few.db
(ulimit -n 90 && "$THIMBLE" fleet run few.yaml -o files.db --jobs 100 -q >out 2>err)
same few.db files.db && grep -q 'boards at once: there may be only 90 descriptors' err
ok "descriptors__few_lower_the_jobs" $?
if [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --clear-groups true 2>/dev/null; then # root has no such limit
    chmod 777 "$T"
    someone() { setpriv --reuid 65534 --clear-groups bash -c "$1" >out 2>err; }
    someone "ulimit -u 6; '$THIMBLE' fleet run few.yaml -o processes.db --jobs 30 -q"
    same few.db processes.db && grep -q 'no more than [0-9]* boards at once' err
    ok "processes__few_lower_the_jobs" $?
    someone "ulimit -u 2; '$THIMBLE' fleet run few.yaml -o none.db -q"
    STATUS=$?
    expect_error "processes__none_is_a_clear_message" 20 'process'
else
    skip "processes__few_lower_the_jobs" "needs root, to be somebody who has no other processes"
fi

# ---- disks ----

(ulimit -f 90 && "$THIMBLE" fleet run long.yaml -o limited.db -q >out 2>err)
STATUS=$?
expect_error "disk__a_limit_of_file_sizes_is_a_clear_message" 20 'limited.db: .*resume'
thimble fleet resume limited.db
[ "$STATUS" -eq 0 ] && same whole.db limited.db && sound limited.db
ok "disk__resumed_without_the_limit_has_the_same_content" $?
mkdir small
if mount -t tmpfs -o size=140k thimble small 2>/dev/null; then
    trap 'umount -l "$T/small"; cleanup' EXIT
    thimble fleet run long.yaml -o small/full.db -q
    expect_error "disk__full_is_a_clear_message" 20 "full.db: database or disk is full; make room, then 'thimble fleet resume' goes on"
    kept=$(rows small/full.db)
    [ "$kept" -gt 20 ] && [ "$kept" -lt 240 ]
    ok "disk__full_keeps_what_was_committed" $?
    mount -o remount,size=8m small
    thimble fleet resume small/full.db
    [ "$STATUS" -eq 0 ] && same whole.db small/full.db && sound small/full.db
    ok "disk__resumed_when_there_is_room_has_the_same_content" $?
else
    skip "disk__full_is_a_clear_message" "needs to mount a small file system"
fi

wait $sleeper
[ "$(count sleep.db 'status=17')" -eq 1 ]
ok "sleep__the_board_is_ended_and_counts_as_hung" $?
finish
