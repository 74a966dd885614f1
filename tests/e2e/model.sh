# `thimble model`: figures of the demo models, and models that are refused.
. "$(dirname "$0")/lib.sh"

thimble model "$DEMO/keyword.tflite"
expect "a model is described" 0 '^input +0 int8 1x49x40x1, 1960 bytes, scale' '^op 0 ' '^arena ' '^peak .* at operator [0-9]+ ' '^  tensor '

for model in keyword gesture-float object spotter-bad; do
    for layout in cortex_m ilp32_align8 i386; do
        thimble infer "$DEMO/$model.tflite" --layout $layout --json
        want=$(json '["arena_used_bytes"], d["min_arena_bytes"], d["head_bytes"], d["tail_bytes"], d["macs"], d["inputs"]')
        thimble model "$DEMO/$model.tflite" --layout $layout --json
        got=$(json '["arena_used_bytes"], d["min_arena_bytes"], d["head_bytes"], d["tail_bytes"], d["macs"], d["inputs"]')
        [ "$STATUS" -eq 0 ] && [ -n "$got" ] && [ "$got" = "$want" ]
        ok "$model, $layout: the figures are those of a run" $?
    done
done

thimble model "$DEMO/person.tflite" --json
cp "$T/out" "$T/first"
python3 - "$T/out" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
p = d["peak"]
assert p["bytes"] == sum((b["bytes"] + 15) // 16 * 16 for b in p["alive"]) <= d["head_bytes"]
places = sorted((b["offset"], b["bytes"]) for b in p["alive"])
assert all(a + n <= b for (a, n), (b, _) in zip(places, places[1:])), "buffers alive at once overlap"
assert places[-1][0] + places[-1][1] <= d["head_bytes"]
assert d["macs"] == sum(o["macs"] for o in d["operators"]) > 0
assert d["accepted"] and d["not_in_tflm"] == [] and 0 < d["constant_bytes"] < d["file_bytes"]
P
ok "the peak is the sum of what lives then" $?
thimble model "$DEMO/person.tflite" --json
cmp -s "$T/out" "$T/first"
ok "the same model gives the same bytes" $?

"$THIMBLE_TOOLS/make_unsupported_model" >"$T/new.tflite"
thimble model "$T/new.tflite"
expect_error "an operator that no board has is named" 14 '^op 0 CONV_3D .*\(not in TensorFlow Lite Micro\)' \
    '^missing  CONV_3D' 'operator that is not available'
thimble model "$T/new.tflite" --json
[ "$STATUS" -eq 14 ] && [ "$(json '["not_in_tflm"], d["accepted"], "macs" in d')" = "['CONV_3D'] False False" ]
ok "JSON says so too" $?

head -c 4000 "$DEMO/keyword.tflite" >"$T/cut.tflite"
thimble model "$T/cut.tflite"
expect_error "a truncated model is refused" 14
thimble model "$T/cut.tflite" --json
[ "$STATUS" -eq 14 ] && [ "$(json '["accepted"]')" = False ]
ok "JSON of a truncated model says why" $?
thimble model "$T/none.tflite"
expect "a missing model is wrong use" 2
thimble model
expect "no model is wrong use" 2
thimble model "$DEMO/keyword.tflite" --layout vax
expect "an unknown layout is wrong use" 2
# The figures of kernel libraries are checked against measured ones elsewhere; here: do both commands plan alike, and does it run?
sample=$DEMO/person-samples/$(ls "$DEMO/person-samples" | head -n 1)
thimble infer "$DEMO/person.tflite" -i "$sample" -o "$T"
mv "$T/output0.bin" "$T/reference.bin"
for kernels in cmsis-nn:no_simd cmsis-nn:dsp cmsis-nn:mve cmsis-nn:mve_size esp-nn:ansi esp-nn:generic_opt esp-nn:esp32s3 esp-nn:esp32p4; do
    thimble infer "$DEMO/person.tflite" --kernels $kernels -i "$sample" -o "$T" --json
    want=$(json '["kernels"], d["layout"], d["min_arena_bytes"], d["head_bytes"]')
    cmp -s "$T/output0.bin" "$T/reference.bin"
    ok "$kernels: the result is the reference's" $?
    thimble model "$DEMO/person.tflite" --kernels $kernels --json
    [ "$(json '["kernels"], d["layout"], d["min_arena_bytes"], d["head_bytes"]')" = "$want" ]
    ok "$kernels: the plan is that of a run" $?
done
thimble model "$DEMO/person.tflite" --kernels esp-nn:esp32s3
expect "scratch memory is named" 0 'scratch of operator [0-9]+, [0-9]+ bytes' 'ilp32_align8, esp-nn:esp32s3 kernels'
thimble model "$DEMO/person.tflite" --kernels cmsis-nn:fast
expect "an unknown library is wrong use" 2 'none of reference, cmsis-nn:no_simd'
thimble model "$DEMO/person.tflite" --kernels cmsis-nn:dsp --layout i386
expect "a library is not planned for another layout" 2 'layout cortex_m only'

# A plan that the model brings along: smaller, measured, and the same results.
"$THIMBLE" zoo "$T" --model vww4_128_128_INT8 >/dev/null
model=$T/vww4_128_128_INT8.tflite
thimble model "$model" --plan-arena "$T/planned.tflite" --json
before=$(json '["min_arena_bytes"]') after=$(json '["offline_plan"]["min_arena_bytes"]')
[ "$STATUS" -eq 0 ] && [ "$after" -lt "$before" ]
ok "plan: the arena is smaller" $?
head -c 16384 /dev/urandom >"$T/in.bin"
thimble infer "$model" -i "$T/in.bin" -o "$T"
mv "$T/output0.bin" "$T/reference.bin"
thimble infer "$T/planned.tflite" -i "$T/in.bin" -o "$T" --arena "$after"
expect "plan: it runs in that arena" 0
cmp -s "$T/output0.bin" "$T/reference.bin"
ok "plan: the result is the same" $?
thimble infer "$T/planned.tflite" -i "$T/in.bin" --arena $((after - 16))
expect "plan: 16 bytes less do not do" 10 "an arena of $after bytes would do"
thimble model "$T/planned.tflite" --json
[ "$(json '["min_arena_bytes"]')" -eq "$after" ]
ok "plan: it is the file's own" $?
cp "$T/planned.tflite" "$T/first.tflite"
thimble model "$model" --plan-arena "$T/planned.tflite"
expect "plan: the bytes are told" 0 "an arena of $after bytes instead of $before"
cmp -s "$T/planned.tflite" "$T/first.tflite"
ok "plan: it is the same every time" $?
thimble model "$DEMO/keyword.tflite" --plan-arena "$T/none.tflite" --json
[ "$STATUS" -eq 1 ] && [ ! -e "$T/none.tflite" ] && [ "$(json '["min_arena_bytes"]')" -eq 13216 ]
ok "plan: where there is none, nothing is written" $?
thimble model --help
expect "help is printed" 0 'usage'
[ -z "$(grep '.\{80,\}' "$T/out")" ]
ok "help is within 80 columns" $?
finish
