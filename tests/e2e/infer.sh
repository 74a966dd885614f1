# `thimble infer`: outputs, arena limits and exit statuses, on the demo model that knows "yes".
set -u
models=$THIMBLE_SOURCE/demo
model=$models/keyword.tflite
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
judge() { # name, expected status, status
    n=$((n + 1))
    if [ "$3" = "$2" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        echo "# status $3, not $2: $(head -1 "$work/err")"
    fi
}
check() { # name, expected status, command...; its output goes to out and err
    local name=$1 want=$2
    shift 2
    "$@" >"$work/out" 2>"$work/err"
    judge "$name" "$want" $?
}
holds() { # name, command that looks at out and err
    local name=$1
    shift
    "$@" >/dev/null
    judge "$name" 0 $?
}
sample=$models/keyword-samples/yes_00.bin
cat "$sample" "$models/keyword-samples/no_00.bin" >"$work/two.bin"
cat "$models/keyword-golden/yes_00.bin" "$models/keyword-golden/no_00.bin" >"$work/want.bin"

check "a sample runs" 0 "$THIMBLE" infer "$model" -i "$sample" --labels "$models/keyword.labels.txt"
holds "the label is the right one" grep -q "^frame  0 yes 0.9" "$work/out"
check "two frames in one file are two invocations" 0 "$THIMBLE" infer "$model" -i "$work/two.bin" -o "$work" -n 3
holds "their outputs are the reference's" cmp "$work/output0.bin" "$work/want.bin"
check "JSON is printed" 0 "$THIMBLE" infer "$model" --layout i386 --json
holds "JSON has the arena's figures" grep -q '"min_arena_bytes": [1-9]' "$work/out"
min=$(sed -n 's/.*"min_arena_bytes": \([0-9]*\).*/\1/p' "$work/out")
check "the smallest arena is enough" 0 "$THIMBLE" infer "$model" --layout i386 --arena "$min"
check "16 bytes less are not" 10 "$THIMBLE" infer "$model" --layout i386 --arena $((min - 16))
holds "the message says what would do" grep -q "an arena of $min bytes would do" "$work/err"
holds "the message is one line" test "$(wc -l <"$work/err")" = 1
head -c 4000 "$model" >"$work/cut.tflite"
check "a truncated model is refused" 14 "$THIMBLE" infer "$work/cut.tflite"
check "a file of another kind is refused" 14 "$THIMBLE" infer "$models/keyword.json"
check "an input of the wrong size is wrong use" 2 "$THIMBLE" infer "$model" -i "$models/keyword.labels.txt"
holds "the message names the size" grep -q "takes 1960 bytes a frame" "$work/err"
check "too many inputs are wrong use" 2 "$THIMBLE" infer "$model" -i "$sample" -i "$sample"
check "labels of another model are wrong use" 2 "$THIMBLE" infer "$model" --labels "$models/person.labels.txt"
check "an unknown layout is wrong use" 2 "$THIMBLE" infer "$model" --layout vax
check "a missing model is wrong use" 2 "$THIMBLE" infer "$work/none.tflite"
check "no model is wrong use" 2 "$THIMBLE" infer
check "help is printed" 0 "$THIMBLE" infer --help
holds "help is within 80 columns" test -z "$(grep '.\{80,\}' "$work/out")"
echo "1..$n"
