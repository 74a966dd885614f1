# tests/e2e/heap_view.sh -- the heap looked at: its map, who holds what, checks, injected failures, leaks.
. "$(dirname "$0")/lib.sh"

mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/"
cp "$DEMO/gesture.tflite" "$T/models/large.tflite"
truncate -s 120000 "$T/models/large.tflite"
serve "$T/models"
run=(run --model "$URL/gesture.tflite" --cacert "$CA")

LC_ALL=C thimble "${run[@]}" --heap-map
expect "map__shows_each_region_and_the_owners" 0 '^HEAP at the end' '^dram0 .* 6432 bytes' '^diram1 .*113840 bytes' \
    '^A  model copy +1 +8736 ' 'Wi-Fi static RX buffers +8 +12800 .*runtime' '^=  the largest hole: 112964 bytes' \
    'only at peak: .*receive buffer 1460' '^fullest at 15\.'
sed -n '/^HEAP/,$p' "$T/out" | awk 'length > 80 || /\033/' >"$T/wide"
[ ! -s "$T/wide" ]
ok "map__has_80_columns_and_no_colour_in_a_file" $?
on_terminal() { python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "$THIMBLE" "$@" >"$T/out" 2>&1 </dev/null; }
if python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
    on_terminal "${run[@]}" --heap-map
    grep -q "$(printf '\033\\[1;32m=')" "$T/out"
    ok "map__on_a_terminal_has_colours" $?
    NO_COLOR=1 on_terminal "${run[@]}" --heap-map
    grep -q '^HEAP' "$T/out" && ! sed -n '/^HEAP/,$p' "$T/out" | grep -q "$(printf '\033')"
    ok "map__respects_no_color" $?
else
    skip "map__on_a_terminal_has_colours" "this machine has no terminals to give"
    skip "map__respects_no_color" "this machine has no terminals to give"
fi
thimble run --model "$URL/large.tflite" --cacert "$CA" --heap-map
expect "map__of_a_failed_run_is_that_of_the_failing_call" 10 '^HEAP when there was no block for model copy' '^in use, from' \
    'enough, but in pieces: 4 regions, and no block spans two; diram1 has the most'

thimble "${run[@]}" --json --trace "$T/trace.jsonl"
python3 - "$T/out" "$T/trace.jsonl" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
h = d["heap"]
events = [json.loads(l) for l in open(sys.argv[2])]
calls = [e for e in events if e["event"] in ("alloc", "free")]
assert h["free"] == d["steps"][-1]["heap_free"] == calls[-1]["free"]
assert h["low_water"] == d["steps"][-1]["heap_low_water"] == min(e["free"] for e in calls)
assert h["peak"]["free"] == h["low_water"] == min(s["free"] for s in h["over_time"])
assert abs(h["fragmentation"] - (1 - h["largest"] / h["free"])) < 1e-12
live = {}
for e in calls:
    if e["event"] == "alloc":
        live[e["address"]] = e["what"], e["bytes"]
    else:
        del live[e["address"]]
held = {}
for what, size in live.values():
    held[what] = held.get(what, 0) + size
assert held == {o["what"]: o["bytes"] for o in h["owners"] if o["bytes"]}
assert sum(r["free"] for r in h["regions"] if r["type"] != "IRAM") == h["free"]
P
ok "json__heap_agrees_with_the_trace" $?
thimble run --model "$URL/large.tflite" --cacert "$CA" --json
[ "$(json '["failed_allocation"]["what"]')" = "model copy" ] && [ "$(json '["failed_allocation"]["largest"]')" = 110580 ]
ok "json__has_the_heap_at_the_failing_call" $?

thimble "${run[@]}"
cp "$T/out" "$T/unchecked"
thimble "${run[@]}" --check-heap
[ "$STATUS" -eq 0 ] && cmp -s "$T/out" "$T/unchecked"
ok "check__changes_nothing_on_a_sound_board" $?

bad=
n=1
while [ $n -lt 200 ]; do
    thimble "${run[@]}" --fail-alloc $n --state "$T/flash" --check-heap
    [ "$STATUS" -eq 0 ] && break
    { [ "$STATUS" -eq 10 ] || [ "$STATUS" -eq 13 ]; } && [ "$(wc -l <"$T/err")" -eq 1 ] &&
        grep -q "allocation $n of the application was made to fail" "$T/err" || bad="$bad $n($STATUS)"
    n=$((n + 1))
done
[ -z "$bad" ] || echo "# badly told:$bad" >&2
[ -z "$bad" ] && [ "$STATUS" -eq 0 ] && [ $n -gt 20 ]
ok "fail_alloc__each_in_turn_is_told_in_one_line_until_the_run_passes" $?
[ "$(ls "$T/flash")" = "flash.bin
flash.bin.wear" ]
ok "fail_alloc__leaves_nothing_behind" $?
thimble "${run[@]}" --fail-alloc 10% --seed 4
cp "$T/err" "$T/first"
first=$STATUS
thimble "${run[@]}" --fail-alloc 10% --seed 4
[ "$STATUS" -eq "$first" ] && cmp -s "$T/err" "$T/first"
ok "fail_alloc__a_rate_is_replayable" $?
for wrong in 0 x -1 0% 101% 5%%; do
    thimble "${run[@]}" --fail-alloc "$wrong"
    expect_error "fail_alloc__${wrong}_is_refused" 2 'fail-alloc'
done

for bytes in 1500 9000; do
    thimble "${run[@]}" --rounds 4 --leak $bytes
    expect "leak__of_${bytes}_bytes_is_told_with_the_round_of_death" 0 'number 4: [0-9]+ bytes lost' \
        '^leak +[0-9]+ bytes lost a round \(leak \(injected\)\): the board will die in round [0-9]+, of malloc\([0-9]+\) for '
    round=$(sed -nE 's/.*will die in round ([0-9]+).*/\1/p' "$T/out")
    what=$(sed -nE 's/.*of malloc\([0-9]+\) for (.*)/\1/p' "$T/out")
    thimble "${run[@]}" --rounds $((${round:-1} + 10)) --leak $bytes
    { [ "$STATUS" -eq 10 ] || [ "$STATUS" -eq 13 ]; } && grep -q "$what.*this was round $round\$" "$T/err"
    ok "leak__of_${bytes}_bytes_kills_the_board_in_that_round" $?
done
thimble "${run[@]}" --rounds 5 --json
[ "$STATUS" -eq 0 ] && [ "$(json '["rounds"][4]["lost"]')" = 0 ] && ! grep -q '"forecast"' "$T/out"
ok "rounds__without_a_leak_lose_nothing" $?
thimble "${run[@]}" --leak 100
expect_error "leak__without_rounds_is_refused" 2 'it needs --rounds'
finish
