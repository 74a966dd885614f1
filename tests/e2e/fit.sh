# tests/e2e/fit.sh -- thimble fit: says what thimble run says, to the byte; accounts add up; thresholds; formats.
. "$(dirname "$0")/lib.sh"

mkdir "$T/models"
cp "$DEMO"/keyword.tflite "$DEMO"/watcher-float.tflite "$T/models/"
"$THIMBLE" zoo "$T/models" --model cnn_m_quantized --model vww3_128_128_INT8 --model mobilenet_v2_1.0_224_INT8 >/dev/null
serve "$T/models"

# fit and run over the whole matrix.
thimble fit "$T"/models/*.tflite --cacert "$CA" --json
cp "$T/out" "$T/fit.json"
expect "fit__exits_with_0_though_not_all_fit" 0 '"verdict": "fails"'
THIMBLE=$THIMBLE python3 - "$T/fit.json" "$T/models" "$URL" "$CA" >"$T/out" 2>"$T/err" <<'P'
import json, os, subprocess, sys
cells, models, url, ca = json.load(open(sys.argv[1]))["cells"], *sys.argv[2:5]
bad = 0
for c in cells:
    where = f"{url}/{c['model']}.tflite" if c["from"] == "url" else f"{models}/{c['model']}.tflite"
    args = [os.environ["THIMBLE"], "run", "--json", "--board", c["board"], "--model", where, "--cacert", ca]
    if c["from"] == "fs":
        args += ["--storage", c["storage"]]
    run = subprocess.run(args, capture_output=True, text=True)
    r = json.loads(run.stdout)
    heap = r.get("failed_allocation") if r["exit_status"] else None
    heap = heap or r["heap"]
    figures = {
        "exit_status": (run.returncode, c["exit_status"]),
        "message": (r["message"], c["failure"]["message"] if c["failure"] else None),
        "arena": (r["arena"]["min"] if "arena" in r else None, c["arena"]["min"] if c["arena"] else None),
        "largest": (heap["largest"], c["now"].get("largest", 0)),
        "storage": (r["steps"][-1]["storage_used"], c["storage_bytes"]["used"]),
    }
    for k, (a, b) in figures.items():
        if a != b:
            bad += 1
            print(c["board"], c["model"], k, "run:", a, "fit:", b)
print(len(cells), "pairs", sum(c["verdict"] == "fits" for c in cells), "fit")
sys.exit(bad != 0)
P
STATUS=$?
expect "fit__and_run_agree_over_the_whole_matrix" 0 ' pairs '

python3 - "$T/fit.json" >"$T/out" 2>"$T/err" <<'P'
import json, sys
for c in json.load(open(sys.argv[1]))["cells"]:
    for name in "now", "fullest":
        rows = {k: v for k, v in c[name].items() if k not in ("t_ns", "largest", "beyond")}
        assert sum(rows.values()) == c["ram"], (c["board"], c["model"], name, sum(rows.values()), c["ram"])
        assert all(v >= 0 for v in rows.values()), rows
    if c["arena"]:
        assert c["now"]["arena_head"] == c["arena"]["head"] and c["now"]["arena_tail"] == c["arena"]["tail"], c
P
STATUS=$?
expect "fit__every_account_adds_up_to_the_boards_ram" 0

thimble fit "$DEMO/keyword.tflite" --board esp32
expect "fit__one_pair_has_a_page" 0 'keyword, 11744 bytes, on esp32 .*: fits' 'all of it +548864 +548864' 'TLS session' '13216 bytes is the smallest that works'
wide=$(awk 'length > 80' "$T/out" | wc -l)
thimble fit "$DEMO"/*.tflite
wide=$((wide + $(awk 'length > 80' "$T/out" | wc -l)))
[ "$wide" -eq 0 ]
ok "fit__fits_80_columns" $?
grep -q "$(printf '\033')" "$T/out"
ok "fit__no_colour_into_a_file" $((! $?))

# A board that is one arena too small says so with the device's words, and the arena's minimum is the run's.
thimble fit "$DEMO/keyword.tflite" --board pico --json
min=$(json '["cells"][0]["arena"]["min"]')
thimble run --board pico --model "$DEMO/keyword.tflite" --arena "$min"
expect "fit__smallest_arena_works" 0
thimble run --board pico --model "$DEMO/keyword.tflite" --arena $((min - 16))
expect "fit__sixteen_bytes_less_do_not" 10 "arena of $min bytes would do"

thimble fit "$DEMO/keyword.tflite" --board esp32 --no-invoke --json
[ "$STATUS" -eq 0 ] && [ "$(json '["cells"][0]["ns"]["infer"]')" = 0 ] && [ "$(json '["cells"][0]["arena"]["min"]')" = 13216 ]
ok "fit__without_inference_has_the_arena" $?

# Ways of getting the model.
thimble fit "$DEMO/keyword.tflite" --board esp32 --from fs --json
[ "$STATUS" -eq 0 ] && [ "$(json '["cells"][0]["fullest"]["tls"]')" = 0 ] && [ "$(json '["cells"][0]["now"]["model"]')" = 11744 ]
ok "fit__from_a_storage_needs_no_tls" $?
thimble fit "$DEMO/keyword.tflite" --board esp32 --from flash --json
[ "$STATUS" -eq 0 ] && [ "$(json '["cells"][0]["now"]["model"]')" = 0 ] && [ "$(json '["cells"][0]["in_place"]')" = True ]
ok "fit__from_flash_keeps_no_copy" $?
thimble fit "$DEMO/keyword.tflite" --board esp32 --storage none --json
[ "$STATUS" -eq 0 ] && [ "$(json '["cells"][0]["storage_bytes"]["total"]')" = 0 ]
ok "fit__without_a_storage_uses_none" $?
thimble fit "$DEMO/keyword.tflite" --board esp32 --kernels esp-nn:esp32s3 --json
[ "$STATUS" -eq 0 ] && [ "$(json '["cells"][0]["arena"]["min"]')" -gt 13216 ]
ok "fit__kernel_library_changes_the_arena" $?
min=$(json '["cells"][0]["arena"]["min"]')
thimble run --board esp32 --model "$DEMO/keyword.tflite" --kernels esp-nn:esp32s3
expect "fit__kernel_library_of_run_agrees" 0 "the minimum is $min"
thimble run --board esp32 --model "$DEMO/keyword.tflite" --kernels cmsis-nn
expect_error "run__kernels_of_other_cores_are_refused" 2 'cmsis-nn.* not for esp32'
thimble fit "$DEMO/keyword.tflite" --board esp32,pico --kernels cmsis-nn --json
[ "$STATUS" -eq 0 ] && [ "$(json '["cells"][0]["verdict"]')" = none ] && [ "$(json '["cells"][1]["verdict"]')" = fits ]
ok "fit__kernels_of_other_cores_make_no_case" $?

# Thresholds.
thimble fit "$DEMO/keyword.tflite" --board esp32,pico --require esp32,pico
expect "fit__requirements_that_are_met" 0
thimble fit "$T/models/vww3_128_128_INT8.tflite" --board esp32,esp32-s3-psram --require esp32-s3-psram
expect "fit__only_required_boards_count" 0
thimble fit "$T/models/vww3_128_128_INT8.tflite" --board esp32,esp32-s3-psram --require esp32
expect_error "fit__broken_requirement_is_told" 1 'vww3_128_128_INT8 on esp32: required to fit: load: model copy'
thimble fit "$DEMO/keyword.tflite" --board esp32 --max-sram-percent 50
expect_error "fit__broken_threshold_is_told" 1 'takes 6[0-9]\.[0-9] % of the RAM for data, 50 are allowed'
thimble fit "$DEMO/keyword.tflite" --board esp32 --max-sram-percent 90
expect "fit__threshold_that_is_met" 0

# What would help: told only if it does.
thimble fit "$T/models/vww3_128_128_INT8.tflite" --board esp32
expect "fit__advice_is_a_board_with_more_ram" 0 'would help' '--board esp32-s3-psram'
thimble fit "$T/models/vww3_128_128_INT8.tflite" --board esp32-s3-psram --require esp32-s3-psram
expect "fit__that_board_runs_it" 0
thimble fit "$T/models/vww3_128_128_INT8.tflite" --board mt3620
expect "fit__advice_is_the_model_in_flash" 0 '--from flash: .*542400 bytes in RAM'
thimble fit "$T/models/vww3_128_128_INT8.tflite" --board mt3620 --from flash --require mt3620
expect "fit__from_flash_it_runs" 0
thimble fit "$T/models/mobilenet_v2_1.0_224_INT8.tflite" --board teensy40
expect "fit__where_nothing_helps_that_is_said" 0 'Nothing that was tried helps'
thimble fit "$T/models/cnn_m_quantized.tflite" --board mt3620-m4 --operators CONV_2D,FULLY_CONNECTED
expect "fit__advice_is_the_missing_operators" 0 'does not fit' '--operators all'
thimble fit "$T/models/vww3_128_128_INT8.tflite" --board mt3620-m4
expect "fit__advice_is_the_arena_in_another_bank" 0 '--static-arena [0-9]+@tcm: the arena of [0-9]+ bytes in bank tcm'
thimble run --board mt3620-m4 --model "$T/models/vww3_128_128_INT8.tflite" --static-arena "$(sed -nE 's/.*--static-arena ([^:]+):.*/\1/p' "$T/out")"
expect "fit__there_it_runs" 0 ' infer '
thimble fit "$DEMO/watcher-float.tflite" "$DEMO/watcher.tflite" --board esp32 --advice --json
[ "$STATUS" -eq 0 ] && ! grep -q '"advice"' "$T/out"
ok "fit__no_advice_for_what_fits" $?

# Formats.
thimble fit "$T"/models/*.tflite --csv --no-invoke
python3 - "$T/out" 2>"$T/err" <<'P'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
assert {r["verdict"] for r in rows} == {"fits", "fails"} and all(None not in r for r in rows), rows
assert {int(r["exit_status"]) == 0 for r in rows if r["verdict"] == "fits"} == {True}
P
ok "fit__csv_can_be_read" $?
thimble fit "$T"/models/*.tflite --no-invoke --junit "$T/junit.xml"
python3 - "$T/junit.xml" 2>"$T/err" <<'P'
import sys, xml.etree.ElementTree as x
suites = x.parse(sys.argv[1]).getroot()
for s in suites:
    assert int(s.get("tests")) == len(s.findall("testcase"))
    assert int(s.get("failures")) == len(s.findall("testcase/failure"))
assert suites.findall(".//failure") and suites.find("testsuite[@name='esp32']") is not None
P
ok "fit__junit_counts_what_it_holds" $?

# Wrong usage.
thimble fit
expect_error "fit__without_a_model_says_so" 2 'no model'
thimble fit "$T/nosuch.tflite"
expect_error "fit__missing_model_is_named" 2 'nosuch.tflite'
thimble fit "$DEMO/keyword.tflite" --board nosuch
expect_error "fit__unknown_board_is_named" 2 'nosuch'
thimble fit "$DEMO/keyword.tflite" --from floppy
expect_error "fit__unknown_way_is_named" 2 'floppy'
thimble fit "$DEMO/keyword.tflite" --board esp32 --storage floppy
expect_error "fit__no_board_with_that_storage_is_wrong_usage" 2 'no such storage'
thimble fit "$DEMO/keyword.tflite" --board esp32 --require pico
expect_error "fit__requirement_of_a_board_not_looked_at" 2 'require pico'
head -c 1000 /dev/urandom >"$T/noise.tflite"
thimble fit "$T/noise.tflite" --board pico
expect "fit__noise_is_refused_by_the_board" 0 'does not fit' 'model: '
finish
