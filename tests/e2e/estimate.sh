# `thimble estimate`: any core of the list, boards, errors beside every figure; agreement with `thimble run`.
. "$(dirname "$0")/lib.sh"

thimble estimate "$DEMO/keyword.tflite" --core cortex-m4 --clock 120M --kernels cmsis-nn
expect "a core's estimate has an error bar" 0 'on cortex-m4 at 120 MHz, cmsis-nn kernels' \
    '^latency +[0-9.e+]+ ms \+- [0-9]+ %  \(half within [0-9]+ %' '^energy +[0-9.e+]+ uJ \+- [0-9]+ %' '^  CONV_2D ' '^slowest'

thimble estimate "$DEMO/keyword.tflite" --core cortex-m0+ --clock 64M
expect "energy that nobody published is not known" 0 '^energy +not known$'

thimble estimate "$DEMO/gesture-float.tflite" --core cortex-m7 --clock 216M --json
[ "$STATUS" -eq 0 ] && [ "$(json '["energy"]')" = None ] && [ "$(json '["kernels"]')" = reference ]
ok "energies are of integer models only" $?

latency() { thimble estimate "$DEMO/person.tflite" --json "$@" && json '["latency_ms"]'; }
slow=$(latency --core cortex-m4 --clock 60M --kernels cmsis-nn) fast=$(latency --core cortex-m4 --clock 120000000 --kernels cmsis-nn)
plain=$(latency --core cortex-m4 --clock 120e6)
python3 -c "import sys; slow, fast, plain = map(float, sys.argv[1:]); assert 1.5 * fast < slow <= 2.01 * fast and fast < plain" \
    "$slow" "$fast" "$plain"
ok "half the clock takes up to twice as long, the reference kernels longer" $?

thimble estimate "$DEMO/person.tflite" --core cortex-m33 --clock 160M --kernels x-cube-ai --json
python3 - "$T/out" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
assert abs(sum(o["latency_ms"] for o in d["operators"]) - d["latency_ms"]) < 1e-3 * d["latency_ms"]
assert abs(sum(o["latency_ms"] for o in d["by_operator"]) - d["latency_ms"]) < 1e-3 * d["latency_ms"]
assert sum(o["count"] for o in d["by_operator"]) == len(d["operators"])
times = [o["latency_ms"] for o in d["operators"]]
assert times == sorted(times, reverse=True)
assert 0 < d["median_error_percent"] <= d["error_percent"] and d["measurements"] > 0
assert d["energy"]["uj"] > 0 and d["energy"]["error_percent"] > 0 and d["kernels"].startswith("x-cube-ai:")
P
ok "operators add up to the whole" $?

for board in nano-33-ble teensy40; do
    for model in gesture gesture-float; do
        thimble estimate "$DEMO/$model.tflite" --board $board --json
        want=$(json '["latency_ms"]')
        thimble run --board $board --model "$DEMO/$model.tflite"
        got=$(sed -nE 's/^infer .* in about ([0-9.]+) ms of device time.*/\1/p' "$T/out")
        python3 -c "import sys; want, got = map(float, sys.argv[1:]); assert abs(want - got) <= 0.06 + 1e-3 * want" "$want" "$got"
        ok "$board, $model: the emulated board takes as long" $?
    done
done

thimble estimate --list
expect "the list has cores, libraries and errors" 0 '^cortex-m4: ' '^  cmsis-nn +integer +[0-9]+ of [0-9]+ boards?, +median +[0-9]+ %' '^xtensa-lx6: '
thimble estimate --list --json
python3 -c "
import json, sys
for c in json.load(open(sys.argv[1])):
    assert {'integer', 'float'} <= {k['type'] for k in c['kernels'] if k['name'] == 'reference'}, c['core']
    assert all(0 < k['median_error_percent'] <= k['error_percent'] for k in c['kernels']), c['core']
" "$T/out"
ok "every core has the reference kernels, every row an error" $?

thimble estimate "$DEMO/keyword.tflite" --core z80 --clock 4M
expect_error "an unknown core" 2 "unknown core 'z80', expected .*cortex-m4"
thimble estimate "$DEMO/keyword.tflite" --core cortex-m4 --clock 4M --kernels esp-nn
expect_error "a library that the core does not have" 2 "'esp-nn' is not known on cortex-m4, which has cmsis-nn"
thimble estimate "$DEMO/keyword.tflite" --core cortex-m4 --clock 4M --mcu ATmega
expect_error "an MCU without figures" 2 "no energy is known of a 'ATmega'"
for clock in 0 -1 fast 20G 1Mx 0x10; do
    thimble estimate "$DEMO/keyword.tflite" --core cortex-m4 --clock $clock
    expect "--clock $clock is refused" 2 "is no frequency"
done
thimble estimate "$DEMO/keyword.tflite" --core cortex-m4
expect "a core without a clock" 2 '--core needs --clock'
thimble estimate "$DEMO/keyword.tflite"
expect "neither core nor board" 2 'neither --core nor --board'
head -c 100 "$DEMO/keyword.tflite" >"$T/cut.tflite"
thimble estimate "$T/cut.tflite" --core cortex-m4 --clock 4M
expect_error "a file that is no model" 14 'cut.tflite'
finish
