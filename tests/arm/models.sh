# models.sh ARM.SH CPU IMAGE IMAGE-WITH-FEW-OPERATORS RUNNER: models on a CPU under QEMU. What the image prints (arena in
# three layouts, refusals of smaller arenas) is what the same program prints on the PC and, where there are figures, what
# the reference runtime needs; outputs equal the PC's and the golden ones: integers to the bit, float32 within 1e-5.
. "$THIMBLE_SOURCE/tests/e2e/lib.sh"
ARM=$1 CPU=$2 IMAGE=$(realpath "$3") FEW=$(realpath "$4") RUNNER=$(realpath "$5")
MOST_MACS=3000000 # of one invocation; QEMU is slow
GOLDEN=$THIMBLE_SHARED/golden
OPS=$THIMBLE_SHARED/golden-ops
declare -A WANTED=() # golden output of MODEL.CASE.K
declare -A CASES=()  # of a model

# begin NAME FILE, add_case INPUT OUTPUT..., end: a line of jobs.
begin() {
    NAME=$1 JOB=$1$'\t'$2
    CASES[$1]=0
}

add_case() { # {} in the names of the files stands for the tensor's number
    local k
    for k in {0..15}; do
        [ ! -e "${2//\{\}/$k}" ] || WANTED[$NAME.${CASES[$NAME]}.$k]=${2//\{\}/$k}
        [ ! -e "${1//\{\}/$k}" ] || JOB+=$'\t'${1//\{\}/$k}
        [ "${1//\{\}/$k}" != "$1" ] || break
    done
    CASES[$NAME]=$((CASES[$NAME] + 1))
}

end() { echo "$JOB"; }

# run FOLDER COMMAND...: all jobs; NAME.text is what it prints about a model.
run() {
    (cd "$1" && "${@:2}" </dev/null 2>"$T/err" | awk '/^model / { close(file); file = $2 ".text" } { print > file }')
}

close_enough() { # close_enough OUTPUT WANTED, of type float32
    paste <(od -An -v -w4 -tf4 "$1") <(od -An -v -w4 -tf4 "$2") | awk 'function abs(x) { return x < 0 ? -x : x }
        $1 != $2 && !(abs($1 - $2) <= 1e-5 * abs($2) + 1e-6) { exit 1 }'
}

same() { # same OUTPUT WANTED
    cmp "$1" "$2" || { grep -q "^output ${1##*.}: float32" "$T/pc/$NAME.text" && close_enough "$1" "$2"; }
}

same_needs() { # same_needs FILE: as the runner prints them
    local got want
    mapfile -s 1 -n 3 -t got <"$T/cpu/$NAME.text"
    mapfile -t want <"$1"
    [ "${got[*]}" = "${want[*]}" ] || { echo "${got[@]}, not ${want[@]}"; return 1; }
}

same_outputs() {
    local c output
    for ((c = 0; c < CASES[$NAME]; c++)); do
        for output in "$T/cpu/$NAME.$c".*; do
            same "$output" "$T/pc/${output##*/}" || return
            [ ! -v "WANTED[${output##*/}]" ] || same "$output" "${WANTED[${output##*/}]}" || return
        done
    done
}

check() { # check NAME
    NAME=$1
    cmp "$T/pc/$1.text" "$T/cpu/$1.text" || { diff "$T/pc/$1.text" "$T/cpu/$1.text"; return 1; }
    ! grep 'bytes: enough' "$T/cpu/$1.text" && { [ ! -e "$T/needs/$1" ] || same_needs "$T/needs/$1"; } && same_outputs
}

demo_job() { # demo_job NAME
    local golden samples=${1%-smart}
    begin "$1" "$DEMO/$1.tflite"
    for golden in "$DEMO/$1-golden"/*.bin; do
        add_case "$DEMO/${samples%-bad}-samples/${golden##*/}" "$golden"
    done
    end
}

# Golden models: NAME FILE CASE... each, the small ones and vww_96_int8; what they need goes to $T/needs/NAME.
list_golden() {
    python3 - "$GOLDEN" "$MOST_MACS" "$T/needs" <<'EOF'
import json, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).glob("*/facts.json")):
    name, facts = path.parent.name, json.loads(path.read_text())
    if not facts.get("runs_on_tflm") or facts["macs"] > int(sys.argv[2]) and name != "vww_96_int8":
        continue
    with open(sys.argv[3] + "/" + name, "w") as needs:
        for layout in "i386", "ilp32_align8", "cortex_m":
            print("{}: used {arena_used_bytes} head {head_bytes} tail {tail_bytes} min {min_arena_bytes}".format(
                layout, **facts["arena"][layout]), file=needs)
    print(name, facts["model"], *[case for case in ("seed1", "seq4") if case in facts["cases"]])
EOF
}

golden_jobs() {
    local name file cases case
    while read -r name file cases; do
        begin "$name" "$THIMBLE_SHARED/models/$file"
        for case in $cases; do add_case "$GOLDEN/$name/$case/input{}.bin" "$GOLDEN/$name/$case/output{}.bin"; done
        end
    done < <(list_golden)
}

# Models of one operator or a few, all operators and types; those that are not packed.
ops_jobs() {
    local folder name
    for folder in "$OPS"/*/*/; do
        name=${folder#"$OPS"/} name=${name%/}
        begin "${name/\//:}" "${folder}model.tflite"
        add_case "${folder}input{}.bin" "${folder}output{}.bin"
        end
    done
}

for enums in short no-short; do
    "$ARM" cc "$CPU" "-f$enums-enums" -I"$THIMBLE_SOURCE" -fsyntax-only "$THIMBLE_SOURCE/tests/arm/natural_sizes.c" >"$T/out" 2>"$T/err"
    ok "structs have the sizes that layout.h says ($enums enums)" $?
done

mkdir "$T/needs" "$T/pc" "$T/cpu" "$T/few"
for file in "$DEMO"/*.tflite; do
    name=${file##*/}
    demo_job "${name%.tflite}"
done >"$T/cpu/jobs"
[ ! -d "$GOLDEN" ] || golden_jobs >>"$T/cpu/jobs"
[ ! -d "$OPS" ] || ops_jobs >>"$T/cpu/jobs"
cp "$T/cpu/jobs" "$T/pc/jobs"
run "$T/pc" "$RUNNER"
run "$T/cpu" "$ARM" run "$CPU" "$IMAGE"
while IFS=$'\t' read -r name _; do
    check "$name" >"$T/out" 2>"$T/err"
    ok "$name" $?
done <"$T/cpu/jobs"
for folder in "$GOLDEN" "$OPS"; do
    [ -d "$folder" ] || skip "${folder##*/} models" "$folder is not there"
done

grep -E $'^(keyword|object)\t' "$T/cpu/jobs" >"$T/few/jobs"
run "$T/few" "$ARM" run "$CPU" "$FEW"
cmp <(cat "$T"/cpu/keyword.*) <(cat "$T"/few/keyword.*) >"$T/out" 2>&1
ok "a model runs with only its own operators" $?
cp "$T/few/object.text" "$T/out"
grep -q 'needs an operator that is not available.* operator [0-9]' "$T/out"
ok "other models are then refused" $?
arm-none-eabi-nm "$IMAGE" | grep -q thm_op_svdf && ! arm-none-eabi-nm "$FEW" | grep -q thm_op_svdf
ok "operators that are not in the table are not linked" $?
finish
