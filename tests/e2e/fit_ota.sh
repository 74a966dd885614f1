# tests/e2e/fit_ota.sh -- OTA-TinyML's sixteen models on its seven boards: the table of docs/ota-tinyml.md, measured again.
# Stand-ins of the zoo have the sizes and shapes; where the published files are at hand, the table holds for them too.
. "$(dirname "$0")/lib.sh"
PAGE=$THIMBLE_SOURCE/docs/ota-tinyml.md

mkdir "$T/zoo" "$T/real"
"$THIMBLE" zoo "$T/zoo" >/dev/null
rm "$T"/zoo/sine*.tflite
[ "$(ls "$T/zoo" | wc -l)" -eq 16 ]
ok "ota__there_are_sixteen_models" $?

# check FOLDER: rows "| board | way | storage | alone | together | runs |" against what the boards do.
cat >"$T/check.py" <<'P'
import json, os, re, subprocess, sys
page, folder, state = sys.argv[1:4]
thimble = os.environ["THIMBLE"]
models = sorted((f"{folder}/{m}" for m in os.listdir(folder)), key=os.path.getsize)
rows = [[c.strip().strip("`") for c in l.strip().strip("|").split("|")] for l in open(page) if re.match(r"\| `[a-z0-9-]+` \|", l)]
assert len(rows) == 7, rows
bad = 0

def together(board, storage):
    """How many of them lie on one volume: smallest first, each run adds one."""
    d = f"{state}/{board}"
    os.mkdir(d)
    stored = 0
    for i, m in enumerate(models):
        if storage == "slots" and i:  # it has one name
            break
        name = [] if storage == "slots" else ["--file", f"m{i}"]
        r = subprocess.run([thimble, "run", "--board", board, "--storage", storage, "--model", m, "--state", d, *name], capture_output=True)
        assert r.returncode in (0, 10, 11, 12), r
        stored += r.returncode != 11
    return stored

for board, way, storage, alone, both, runs in rows:
    out = subprocess.run([thimble, "fit", *models, "--board", board, "--from", way, "--storage", storage, "--json"], capture_output=True, text=True)
    cells = json.loads(out.stdout)["cells"]
    found = [str(sum(c["stored"] for c in cells)), str(together(board, storage)), " ".join(sorted(c["model"] for c in cells if c["verdict"] == "fits"))]
    told = [alone, both, " ".join(sorted(runs.split()))]
    if found != told:
        bad = 1
        print(f"{board}: the page says {told}, the board {found}")
sys.exit(bad)
P
check() { # NAME FOLDER
    mkdir "$T/state"
    python3 "$T/check.py" "$PAGE" "$2" "$T/state" >"$T/out" 2>"$T/err"
    ok "$1" $?
    rm -rf "$T/state"
}
check "ota__stand_ins_give_the_pages_table" "$T/zoo"

for m in "$T"/zoo/*.tflite; do
    real=${THIMBLE_SHARED:-/nonexistent}/models/$(basename "$m")
    if [ -f "$real" ]; then cp "$real" "$T/real/"; else cp "$m" "$T/real/"; fi
done
if cmp -s "$T/zoo/magic_wand.tflite" "$T/real/magic_wand.tflite"; then
    skip "ota__published_files_give_the_pages_table" "no published models in the shared folder"
else
    check "ota__published_files_give_the_pages_table" "$T/real"
fi

# What the page says of single pairs.
arena() { # MODEL BOARD BYTES
    thimble fit "$T/real/$1.tflite" --board "$2" --json
    grep -qF "$3" "$PAGE" && [ "$(json '["cells"][0]["arena"]["min"]')" = "$3" ]
    ok "ota__arena_of_${1}_is_the_pages" $?
}
arena cnn_s_quantized feather-m4 11616
arena dnn_s_quantized feather-m4 2256
arena vww4_128_128_INT8 nucleo-h743zi 119520
if [ "$THIMBLE_SANITIZED" = none ]; then # its stack frames would have to be a device's
    for m in cnn_s_quantized dnn_s_quantized; do
        thimble run --board feather-m4 --storage eefs --model "$T/zoo/$m.tflite" --static-data 120000
        expect "ota__a_larger_program_on_the_feather_does_not_run_$m" 12 'past the end of ram'
    done
    for m in magic_wand micro_speech; do
        thimble run --board feather-m4 --storage eefs --model "$T/zoo/$m.tflite" --static-data 120000
        expect "ota__a_larger_program_on_the_feather_runs_$m" 0
    done
fi
finish
