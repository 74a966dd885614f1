# tests/e2e/demo.sh -- every demo model gives the reference kernels' output for every sample that is here.
. "$(dirname "$0")/lib.sh"

for golden in "$DEMO"/*-golden; do
    model=$(basename "$golden" -golden)
    samples=$DEMO/$model-samples
    [ -d "$samples" ] || samples=$DEMO/${model%%-*}-samples
    for want in "$golden"/*.bin; do
        name=$(basename "$want" .bin)
        thimble infer "$DEMO/$model.tflite" --input "$samples/$name.bin" --output-dir "$T/out.d"
        case $model in
        *-float) # within 1e-5 of the reference, or 1e-6 near zero
            python3 - "$want" "$T/out.d/output0.bin" <<'P'
import struct, sys
a, b = (open(p, "rb").read() for p in sys.argv[1:])
assert len(a) == len(b)
for x, y in zip(*(struct.unpack("<%df" % (len(d) // 4), d) for d in (a, b))):
    assert abs(x - y) <= max(1e-6, 1e-5 * abs(x)), (x, y)
P
            ;;
        *) cmp -s "$want" "$T/out.d/output0.bin" ;;
        esac
        ok "${model}__gives_the_reference_output_for_$name" $?
    done
done
finish
