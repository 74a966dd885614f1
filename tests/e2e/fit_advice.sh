# tests/e2e/fit_advice.sh -- no advice that does not work: what thimble fit advises is done, with thimble run and a server.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/models/planned"
"$THIMBLE" zoo "$T/models" >/dev/null
rm "$T/models/wav2letter_pruned_int8.tflite" # 24 MB: nothing helps it
cp "$DEMO"/watcher-float.tflite "$DEMO"/watcher.tflite "$T/models/"
# A Pico of whose heap a larger program has left 114 KB.
sed 's/^name: pico/name: narrow/; s/size: 0x3E000}/size: 0x1C800}/; s/end: 0x20040000/end: 0x2001E800/' "$THIMBLE_SOURCE/profiles/boards/pico.yaml" >"$T/narrow.yaml"
serve "$T/models"

# try FILE: repeat each advice of a fit's JSON.
cat >"$T/try.py" <<'P'
import collections, json, os, subprocess, sys
answer, t, url, ca, source = sys.argv[1:6]
thimble, bad, steps = os.environ["THIMBLE"], 0, collections.Counter()

def layout(board):
    path = board if "/" in board else f"{source}/profiles/boards/{board}.yaml"
    return "ilp32_align8" if "ilp32_align8" in open(path).read() else "cortex_m"

def planned(model, board, kernels):
    out = f"{t}/models/planned/{model}.tflite" # served as well
    subprocess.run([thimble, "model", f"{t}/models/{model}.tflite", "--layout", layout(board), "--plan-arena", out, *kernels], check=True, capture_output=True)
    return out

def run(c, how):
    """The advice as a command line: options of fit that run has as well, and what fit says with --from and --model."""
    plan = "--plan-arena" in how
    pairs = [h for h in how if h != "--plan-arena"]
    o = dict(zip(pairs[::2], pairs[1::2]))
    board, way, model = o.pop("--board", c["board_given"]), o.pop("--from", c["from"]), o.pop("--model", c["model"])
    storage = o.pop("--storage", None if way == "flash" else c["storage"])
    kernels = ["--kernels", o["--kernels"]] if "--kernels" in o else []
    path = planned(model, board, kernels) if plan else f"{t}/models/{model}.tflite"
    if way == "url":
        path = f"{url}/{os.path.relpath(path, t + '/models')}"
    args = [thimble, "run", "--board", board, "--cacert", ca, "--model", path, *(x for kv in o.items() for x in kv)]
    if storage:
        args += ["--storage", storage]
    return subprocess.run(args, capture_output=True, text=True)

for c in json.load(open(answer))["cells"]:
    c["board_given"] = f"{t}/narrow.yaml" if c["board"] == "narrow" else c["board"]
    for a in c.get("advice", []):
        steps[len(a["steps"])] += 1
        r = run(c, a["how"].split())
        if r.returncode != 0:
            bad += 1
            print(c["board"], c["model"], a["how"], r.returncode, r.stderr[-300:])
print(f"{steps[1]} alone, {steps[2]} pairs, {steps[3]} triples, {bad} do not work")
sys.exit(bad != 0)
P
try() { # NAME PATTERN...
    cp "$T/out" "$T/fit.json"
    python3 "$T/try.py" "$T/fit.json" "$T" "$URL" "$CA" "$THIMBLE_SOURCE" >"$T/out" 2>"$T/err"
    STATUS=$?
    expect "$1" 0 "${@:2}"
}

boards=()
[ "$THIMBLE_SANITIZED" = none ] || boards=(--board esp32,nano-33-ble,mt3620-m4) # the others in the plain build
thimble fit "$T"/models/*.tflite "${boards[@]}" --cacert "$CA" --advice --json
try "advice__all_of_the_whole_matrix_works" '[0-9]{2} alone, [1-9]'

# Remedies that help only together, cheapest first, and each has its bytes.
model=$T/models/vww4_128_128_INT8.tflite
thimble fit "$model" --board "$T/narrow.yaml" --from flash
expect "advice__a_plan_makes_it_fit" 0 'would help' '--plan-arena: .* an arena of 111328 bytes instead of 119520'
thimble fit "$model" --board "$T/narrow.yaml"
expect "advice__two_remedies_help_together" 0 '2 together' '--from flash: .* none of its 490336 bytes' '--plan-arena: .* 111328 bytes instead of 119520'
thimble fit "$model" --board "$T/narrow.yaml" --json
cp "$T/out" "$T/fit.json"
try "advice__pairs_work" '0 alone, [1-4] pairs'
thimble fit "$T/models/watcher-float.tflite" "$T/models/watcher.tflite" --board pico --operators QUANTIZE,FULLY_CONNECTED,DEQUANTIZE --advice --json
try "advice__a_model_in_int8_works"
finish
