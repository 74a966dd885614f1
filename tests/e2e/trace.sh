# tests/e2e/trace.sh -- a board's trace made into a Chrome trace and into a summary.
. "$(dirname "$0")/lib.sh"

mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/"
cp "$DEMO/gesture.tflite" "$T/models/large.tflite"
truncate -s 120000 "$T/models/large.tflite"
serve "$T/models"
thimble run --model "$URL/gesture.tflite" --cacert "$CA" --rounds 3 --leak 500 --json --trace "$T/run.jsonl"
cp "$T/out" "$T/result.json"

thimble trace to-perfetto "$T/run.jsonl" "$T/run.json"
expect "perfetto__a_trace_is_converted" 0
python3 - "$T/run.json" "$T/result.json" "$T/run.jsonl" <<'P'
import json, sys
from decimal import Decimal
trace = json.load(open(sys.argv[1]), parse_float=Decimal)["traceEvents"]
result = json.load(open(sys.argv[2]))
events = [json.loads(l) for l in open(sys.argv[3])]
timed = [e for e in trace if e["ph"] != "M"]
assert all(a["ts"] <= b["ts"] for a, b in zip(timed, timed[1:]))
last = {e["name"]: e["args"]["bytes"] for e in timed if e["ph"] == "C"}
heap = result["heap"]
assert last["heap free"] == heap["free"], (last, heap["free"])
assert last["heap largest block"] == heap["largest"]
assert last["heap in use"] == heap["in_use"]
assert last["heap low water"] == heap["low_water"]
assert min(e["args"]["bytes"] for e in timed if e["name"] == "heap free") == heap["low_water"]
slices = [e for e in timed if e["ph"] == "X"]
for tid in {e["tid"] for e in slices}: # each lies within the open one, or behind it
    open_ends = []
    for e in (e for e in slices if e["tid"] == tid):
        while open_ends and open_ends[-1] <= e["ts"] and not (open_ends[-1] == e["ts"] == e["ts"] + e["dur"]):
            open_ends.pop()
        assert not open_ends or e["ts"] + e["dur"] <= open_ends[-1], (tid, e)
        open_ends.append(e["ts"] + e["dur"])
names = [e["name"] for e in slices]
for kind, name in (("invoke", "inference"), ("flash_erase", "erase"), ("flash_program", "program"), ("round", "round")):
    assert names.count(name) == sum(e["event"] == kind for e in events), name
conv = [e for e in slices if e["name"] == "CONV_2D"]
infer = [e for e in slices if e["name"] == "infer"]
assert conv and all(any(i["ts"] <= c["ts"] and c["ts"] + c["dur"] <= i["ts"] + i["dur"] for i in infer) for c in conv)
P
ok "perfetto__counters_are_the_heaps_and_slices_nest" $?
thimble trace to-perfetto - <"$T/run.jsonl"
"$THIMBLE" trace to-perfetto - <"$T/run.jsonl" | cmp -s - "$T/run.json"
ok "perfetto__from_and_to_a_pipe_is_the_same" $?

thimble run --model "$URL/large.tflite" --cacert "$CA" --trace "$T/failed.jsonl"
thimble trace to-perfetto "$T/failed.jsonl"
expect "perfetto__a_failed_step_is_a_slice" 0 '"name":"load \(failed\)","ph":"X"' '"name":"allocation failed","ph":"i"'

thimble trace summary "$T/run.jsonl"
expect "summary__tells_steps_operators_and_the_heap" 0 '^time +[0-9.]+ s' '^network +[0-9]+ packets, 26208 bytes' \
    '^  infer +3 ' '^  CONV_2D +[0-9]+ ' '^  model copy +3 +26208$' '^heap .*bytes were free$'

printf '{"event":"boot","t_ns":0}\nnot json\n' >"$T/bad.jsonl"
thimble trace to-perfetto "$T/bad.jsonl" "$T/bad.json"
expect_error "trace__a_wrong_line_is_named" 2 'bad.jsonl:2: '
[ ! -e "$T/bad.json" ]
ok "trace__nothing_is_written_of_a_wrong_one" $?
printf '{"event":"op"}\n' >"$T/bad.jsonl"
thimble trace summary "$T/bad.jsonl"
expect_error "trace__an_event_without_time_is_refused" 2 "bad.jsonl:1: .*'t_ns'"
: >"$T/empty.jsonl"
thimble trace summary "$T/empty.jsonl"
expect_error "trace__an_empty_one_is_refused" 2 'empty.jsonl: empty'
thimble trace summary "$T/nosuch"
expect_error "trace__a_missing_one_is_named" 2 'nosuch'
thimble trace frobnicate "$T/run.jsonl"
expect_error "trace__unknown_verb_is_told" 2 'to-perfetto'
finish
