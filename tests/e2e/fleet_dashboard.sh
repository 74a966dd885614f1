# tests/e2e/fleet_dashboard.sh -- thimble fleet run --dashboard: its figures are the database's; nobody who asks can harm the run.
. "$(dirname "$0")/lib.sh"
export TMPDIR=$T # of the fleet's own server
cd "$T" || exit 1
mkdir models
cp "$DEMO/keyword.tflite" models/keyword.tflite
cat >fleet.yaml <<'END'
name: "</script><b>& fleet"
seed: 11
groups:
  - {name: "<i>kitchen", board: esp32, count: 160, model: keyword.tflite, switch_on_s: 600, skew_s: 30}
  - {name: hall, board: esp32-s3, count: 40, model: keyword.tflite, store: ab-crc}
server: {folder: models, offline: true}
rollout:
  poll_s: 3600
  waves:
    - {name: canary, percent: 10}
    - {name: rest, percent: 95, at_s: 86400}
faults:
  - {kind: power-cut, percent: 8}
  - {kind: bad-blocks, percent: 8}
  - {kind: cut-link, percent: 8, value: 2000}
  - {kind: failed-alloc, percent: 8}
END

# watch NAME OPTION...: a run in the background into NAME.db, the dashboard staying; sets $FLEET and $URL.
watch() {
    "$THIMBLE" fleet run fleet.yaml -o "$1.db" -q --dashboard-linger "${@:2}" >"$1.out" 2>"$1.err" &
    FLEET=$! ERR=$1.err
    SERVERS+=("$FLEET")
    await "$1.err" 'dashboard: '
    URL=$(sed -n 's|^dashboard: ||p' "$1.err")
}
await() { # FILE PATTERN
    for _ in $(seq 1200); do
        grep -q "$2" "$1" 2>/dev/null && return
        sleep 0.05
    done
}
leave() { # end the one that watch() has started, when its run has ended
    await "$ERR" 'stays until'
    kill -TERM "$FLEET"
    wait "$FLEET"
}
get() { curl -s -o body -D head -w '%{http_code}' --max-time 20 --path-as-is "$@"; }
count() { sqlite3 "$1" "SELECT count(*) FROM boards WHERE $2"; }

# ---- a run that is watched ----

watch one --dashboard
[[ $URL =~ ^http://127.0.0.1:[0-9]+/$ ]]
ok "address__default_is_loopback_without_a_token" $?
curl -sN --max-time 100 "${URL}events" >events
ok "events__end_when_the_run_has_ended" $?
await one.err 'stays until'
python3 - one.db events <<'END' 2>err
import json, sqlite3, sys
db, states, changes, summary = sqlite3.connect(sys.argv[1]), None, 0, None
for block in open(sys.argv[2]).read().split("\n\n")[:-1]:
    event, data = (line.split(": ", 1)[1] for line in block.split("\n"))
    if event == "boards": states = [ord(c) - 48 for c in data]
    if event == "summary": summary = json.loads(data)
    if event == "change":
        c = json.loads(data)
        changes += len(c) // 2
        for i, s in zip(c[::2], c[1::2]): states[i] = s
words = "waiting booting fetching storing running updated failed withheld untouched".split()
assert changes > 0 and len(states) == 200
assert [words[s] for s in states] == [o for o, in db.execute("SELECT outcome FROM boards ORDER BY id")]
assert summary["end"] == "finished" and summary["done"] == 200
for word in words: assert summary["states"][word] == states.count(words.index(word)), word
assert [f["boards"] for f in summary["failures"]] == [n for n, in db.execute("SELECT boards FROM failures LIMIT 50")]
assert sum(b["updated"] for b in summary["curve"]) == summary["states"]["updated"]
assert sum(b["failed"] for b in summary["curve"]) == summary["states"]["failed"]
END
ok "events__states_and_figures_are_the_databases" $?
"$THIMBLE" fleet run fleet.yaml -o plain.db -q >plain.out
[ "$(sqlite3 one.db 'SELECT * FROM boards')" = "$(sqlite3 plain.db 'SELECT * FROM boards')" ] && [ ! -e one.db-wal ] && [ ! -e one.db-shm ] &&
    [ "$(sed s/one.db/plain.db/ one.out)" = "$(cat plain.out)" ]
ok "run__is_as_without_a_dashboard" $?

# ---- what can be asked for ----

id=$(sqlite3 one.db "SELECT min(id) FROM boards WHERE outcome='failed'")
[ "$(get "${URL}board/$id")" = 200 ] && grep -q '<svg' body && grep -q '&lt;i&gt;kitchen' body && ! grep -q '<i>\|not as it was' body
ok "board__is_run_again_and_shows_its_heap" $?
[ "$(get "${URL}board/$id.json")" = 200 ] && grep -q '"state":"failed"' body
ok "board__has_its_state_as_json" $?
id=$(sqlite3 one.db "SELECT min(id) FROM boards WHERE outcome='untouched'")
[ "$(get "${URL}board/$id")" = 200 ] && grep -q 'badge untouched' body
ok "board__that_was_not_run_is_told_too" $?
bad=0
for path in board/200 board/-1 board/4294967296 board/1x board/ board/99999999999999999999 ../one.db %2e%2e/one.db \
    ../../../../etc/passwd one.db "board/../../etc/passwd" '?token=x/../..' nosuch; do
    code=$(get "$URL$path")
    [ "$code" = 404 ] || [ "$path" = '?token=x/../..' -a "$code" = 200 ] || bad=1
    ! grep -q 'SQLite\|root:' body || bad=1
done
ok "path__unknown_boards_and_files_are_404" $bad
get "$URL" >/dev/null
grep -qi "^content-security-policy: default-src 'none'; script-src 'self'" head && grep -qi '^x-content-type-options: nosniff' head &&
    ! grep -q 'https\?://\|<script>\| on[a-z]*=' body
ok "page__may_load_nothing_from_elsewhere" $?
[ "$(get -X POST "$URL")" = 405 ] && [ "$(get -H 'Host: evil.example' "$URL")" = 403 ] && [ "$(get -H 'Host: localhost.evil.example:80' "${URL}run.json")" = 403 ] &&
    [ "$(get -H 'Host:' "$URL")" != 200 ] && [ "$(get -H 'Sec-Fetch-Site: cross-site' "${URL}board/1")" = 403 ]
ok "host__names_of_others_are_refused" $?
[ "$(get -H 'Host: localhost' "$URL")" = 200 ] && [ "$(get -H 'Host: [::1]:1' "$URL")" = 200 ]
ok "host__loopback_is_fine_by_any_of_its_names" $?
leave
[ $? -eq 0 ] && [ "$(echo one.db*)" = one.db ]
ok "linger__ends_at_a_signal_and_leaves_nothing" $?

# ---- bad readers while a run goes on ----

python3 - "$THIMBLE" <<'END' 2>err
import select, socket, subprocess, sys
run = subprocess.Popen([sys.argv[1], "fleet", "run", "fleet.yaml", "--boards", "400", "-o", "crowd.db", "-q", "--dashboard"],
                       stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
port = int(run.stderr.readline().strip().rstrip("/").rsplit(":", 1)[1])
def client(request, buffer=None):
    s = socket.socket()
    if buffer: s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    s.connect(("127.0.0.1", port))
    s.sendall(request)
    return s
ask = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
never = client(ask, 1024)                                # never reads
half = client(b"GET / HTTP/1.1\r\nHo")                  # never finishes asking
client(ask).close()                                      # goes away at once
readers = [client(ask) for _ in range(100)]
got = {s: b"" for s in readers}
client(b"\0\xff\r\n\r\n" * 100)
while readers:
    for s in select.select(readers, [], [], 120)[0]:
        data = s.recv(1 << 16)
        got[s] += data
        if not data: readers.remove(s)
assert all(b'"end":"finished"' in text and b"event: boards" in text for text in got.values())
assert run.wait(120) == 0
END
ok "readers__a_hundred_learn_of_the_end_beside_one_that_never_reads" $?
[ "$(count crowd.db 1)" -eq 400 ]
ok "readers__cost_the_run_no_board" $?

# ---- tokens ----

watch secret --dashboard=0.0.0.0
here=$(sed -E 's|^http://[^:]*(:[0-9]+)/.*|http://127.0.0.1\1/|' <<<"$URL")
token=${URL##*token=}
[ "${#token}" -eq 32 ] && [ "$(get "$here")" = 401 ] && [ "$(get "${here}events")" = 401 ] && [ "$(get "${here}run.json")" = 401 ] &&
    [ "$(get "${here}?token=${token%?}")" = 401 ] && [ "$(get "${here}?token=${token}0")" = 401 ] && [ "$(get "${here}?token=")" = 401 ] &&
    [ "$(get -H "Authorization: Bearer x$token" "${here}run.json")" = 401 ]
ok "token__is_made_for_other_addresses_and_wanted" $?
[ "$(get -c jar "$here?token=$token")" = 303 ] && grep -qi '^set-cookie: .*HttpOnly; SameSite=Strict' head && [ "$(get -b jar "${here}run.json")" = 200 ]
ok "token__goes_into_a_cookie" $?
[ "$(get -H "Authorization: Bearer $token" "${here}run.json")" = 200 ]
ok "token__as_a_header_does" $?
leave
watch own --dashboard=127.0.0.1:0 --dashboard-token my-own_token
[ "$(get "${URL%%\?*}")" = 401 ] && [ "$(get -H "Authorization: Bearer my-own_token" "${URL%%\?*}run.json")" = 200 ]
ok "token__of_ones_own_holds_on_loopback_too" $?
leave
thimble fleet run fleet.yaml -o no.db --dashboard=127.0.0.1 --dashboard-token 'short;'
expect_error "token__that_is_none_is_refused" 2 'token: 8 to 79'
thimble fleet run fleet.yaml -o no.db --dashboard-linger
expect_error "linger__without_a_dashboard_is_refused" 2 'want --dashboard'
thimble fleet run fleet.yaml -o no.db --dashboard=example.com:80
expect_error "address__that_is_none_is_refused" 2 'example.com:80: not an address'
thimble fleet run fleet.yaml -o no.db --dashboard=192.0.2.1
expect_error "address__of_another_machine_is_refused" 20 '192.0.2.1: '
[ ! -e no.db ]
ok "address__that_fails_leaves_no_database" $?

# ---- interrupted, resumed ----

"$THIMBLE" fleet run fleet.yaml --boards 300 -o broken.db -q --dashboard >out 2>broken.err &
fleet=$!
await broken.err 'dashboard: '
(curl -sN --max-time 60 "$(sed -n 's|^dashboard: ||p' broken.err)events" >events) &
reader=$!
sleep 0.3
kill -INT $fleet
wait $fleet
STATUS=$?
wait $reader
if [ "$STATUS" -eq 1 ]; then
    grep -q '"end":"interrupted"' events
    ok "interrupt__is_told" $?
else
    skip "interrupt__is_told" "it was over before"
fi
thimble fleet resume broken.db --dashboard
expect "resume__has_a_dashboard" 0 '^dashboard: http://127.0.0.1' '300 of 300 boards'

watch shard --dashboard --shard 1/4
curl -sN --max-time 60 "${URL}events" >events
await shard.err 'stays until'
[ "$(count shard.db 1)" -eq 50 ] && grep -q '"done":50,"end":"finished"' events && grep -q '"elsewhere":150' events
ok "shard__boards_of_others_are_elsewhere" $?
leave

# ---- a board that is under way ----

mkdir -p include/thimble
cp "$THIMBLE_SOURCE/emu/firmware/firmware.h" include/thimble/
cat >hang.c <<'END'
#include <thimble/firmware.h>
void setup(void) {}
void loop(void) { for (volatile int i = 0;; i++) {} }
END
cc -O1 -Iinclude -I"$THIMBLE_SOURCE" -shared -fPIC -o hang.so hang.c
cat >hang.yaml <<'END'
name: hang
cpu_s: 3
groups:
  - {name: hang, board: esp32, count: 1, firmware: hang.so, duration_s: 5}
server: {folder: models, offline: true}
END
"$THIMBLE" fleet run hang.yaml -o hang.db -q --dashboard >hang.out 2>hang.err &
fleet=$!
await hang.err 'dashboard: '
URL=$(sed -n 's|^dashboard: ||p' hang.err)
for _ in $(seq 100); do
    get "${URL}board/0.json" >/dev/null
    grep -q '"state":"waiting"' body || break
done
grep -q '"state":"booting"' body # what it tells comes when it waits for something: this one never does
ok "board__under_way_tells_its_state" $?
[ "$(get "${URL}board/0")" = 200 ] && grep -q 'badge waiting' body
ok "board__that_is_not_done_has_a_page" $?
wait $fleet

# ---- the terminal ----

script -qec "stty cols 100; '$THIMBLE' fleet run fleet.yaml -o tty.db" typescript >out </dev/null
tr '\r' '\n' <typescript | sed 's/\x1b\[[A-Z]//g' >lines
grep -qE '^\[[#.]{24}\] [0-9]+ of 200 boards, [0-9]+ a second, ([0-9:]+|-) to go$' lines && grep -qE '^[0-9]+ updated, [0-9]+ failed; [0-9]+ [a-z]+' lines &&
    ! sed 1d lines | grep -v '^Script' | grep -q '.\{80\}'
ok "progress__has_states_rate_and_time_left_in_80_columns" $?
script -qec "stty cols 30; '$THIMBLE' fleet run fleet.yaml -o narrow.db" typescript >out </dev/null
tr '\r' '\n' <typescript | sed 's/\x1b\[[A-Z]//g' | grep -E '^\[[#.]' | grep -qv '.\{30\}'
ok "progress__fits_a_narrow_terminal" $?
thimble fleet run fleet.yaml -o lines.db
[ "$STATUS" -eq 0 ] && ! grep -q "$(printf '\033')" err out
ok "progress__is_plain_without_a_terminal" $?

# ---- in a browser ----

if python3 -c 'import sys; sys.path.insert(0, sys.argv[1]); import browser; sys.exit(browser.find() is None)' "$THIMBLE_SOURCE/tests/e2e"; then
    rm -f live.db
    watch live --dashboard
    python3 "$THIMBLE_SOURCE/tests/e2e/fleet_dashboard.py" "$URL" live.db "${SCREENSHOTS:-$T}" >out 2>err
    ok "browser__page_has_the_databases_figures_on_phone_and_desktop" $?
    leave
else
    skip "browser__page_has_the_databases_figures_on_phone_and_desktop" "no Chromium here"
fi
left=$(ls -d "$T"/thimble-fleet-* 2>/dev/null)
[ -z "$left" ]
ok "server__leaves_nothing_behind" $?
finish
