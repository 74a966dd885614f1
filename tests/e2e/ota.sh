# tests/e2e/ota.sh -- thimble ota: payloads made, applied and looked into.
. "$(dirname "$0")/lib.sh"
bad=$DEMO/spotter-bad.tflite smart=$DEMO/spotter-smart.tflite
cd "$T" || exit 1

for format in edge-impulse safe; do
    thimble ota diff --format $format "$bad" "$smart" -o $format.bin
    expect "diff__${format}_makes_a_payload" 0 "$format.bin: .* payload, [0-9]+ bytes"
    thimble ota apply "$bad" $format.bin -o $format.tflite
    cmp -s $format.tflite "$smart" && [ "$STATUS" -eq 0 ]
    ok "apply__${format}_makes_the_new_model" $?
    thimble ota show $format.bin "$bad"
    expect "show__${format}_names_the_tensors" 0 "'conv1/weights'"
    thimble ota show $format.bin --json
    [ "$(json '["records"][0]["payload_offset"]')" -gt 0 ]
    ok "show__${format}_json_has_the_records" $?
done

thimble ota diff "$DEMO/gesture.tflite" "$DEMO/watcher.tflite" -o x
expect_error "diff__other_architecture_is_told_by_its_tensor" 1 "tensor 0 'input': shape 1x128x3x1 and 1x64"
python3 - "$DEMO/gesture-float.tflite" float.tflite <<'P'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 1 # inside a float tensor's data
open(sys.argv[2], "wb").write(data)
P
thimble ota diff "$DEMO/gesture-float.tflite" float.tflite -o x
expect_error "diff__what_the_format_does_not_carry_is_named" 1 'does not carry the data of tensor .*float32.*--format safe does'
thimble ota diff --format safe "$DEMO/gesture-float.tflite" float.tflite -o f.bin
thimble ota apply "$DEMO/gesture-float.tflite" f.bin -o f.tflite
cmp -s f.tflite float.tflite
ok "diff__safe_carries_float_weights" $?
[ ! -e x ]
ok "diff__refused_writes_nothing" $?

# A tensor of more than 65,535 elements.
thimble zoo large --model dnn_l_quantized
python3 - large/dnn_l_quantized.tflite large.tflite <<'P'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 1
open(sys.argv[2], "wb").write(data)
P
thimble ota diff large/dnn_l_quantized.tflite large.tflite -o x
expect_error "diff__large_tensor_does_not_fit_the_format" 15 'tensor [0-9]+ has [0-9]{5,} elements: .*--format safe'
thimble ota diff --format safe large/dnn_l_quantized.tflite large.tflite -o l.bin
thimble ota apply large/dnn_l_quantized.tflite l.bin -o l.tflite
cmp -s l.tflite large.tflite
ok "diff__safe_carries_a_large_tensor" $?

thimble ota diff --marker "$bad" "$smart" -o marked.bin
[ "$(head -c 11 marked.bin)" = edgeimpulse ] && tail -c +12 marked.bin | cmp -s - edge-impulse.bin
ok "diff__marker_precedes_the_payload" $?
thimble ota apply "$bad" marked.bin -o m.tflite
cmp -s m.tflite "$smart"
ok "apply__passes_over_the_marker" $?

head -c 4000 edge-impulse.bin >cut.bin
thimble ota apply "$bad" cut.bin -o mixed.tflite
expect_error "apply__cut_payload_fails_in_the_readers_words" 15 "Not enough data for layer [0-9]+'s data; 1?[0-9] of [0-9]+ tensors and 0 of"
[ ! -e mixed.tflite ]
ok "apply__failed_writes_nothing" $?
thimble ota apply "$bad" cut.bin -o mixed.tflite --partial
[ "$STATUS" -eq 15 ] && ! cmp -s mixed.tflite "$bad" && ! cmp -s mixed.tflite "$smart"
ok "apply__partial_writes_the_mixed_model" $?
head -c 4000 safe.bin >cut.safe
thimble ota apply "$bad" cut.safe -o x
expect_error "apply__safe_cut_payload_is_refused" 15 'record [0-9]+ of [0-9]+, tensor [0-9]+: the payload ends too early'
thimble ota apply "$smart" safe.bin -o x
expect_error "apply__safe_on_another_model_is_refused" 15 'for another model'
printf '<html>' >page
thimble ota apply "$bad" page -o x
expect_error "apply__no_payload_is_told_by_its_first_bytes" 15 'starts with 3c 68 74 6d 6c 3e'
thimble ota diff "$bad" "$smart"
expect_error "diff__without_output_is_wrong_usage" 2 "'ota diff' takes OLD NEW -o PAYLOAD"
thimble ota diff "$bad" page -o x
expect_error "diff__of_no_model_is_refused" 2 'page: line 1: no arrays tensor_data'

# An Arduino library: a zip file with the compiled model in it.
python3 - edge-impulse.bin <<'P'
import struct, sys, zipfile
def source(payload):
    out, at = [], 4
    while payload[at + 1] in (8, 32): # the data
        index, bits, count = struct.unpack_from(">BBH", payload, at)
        values = struct.unpack_from(">%d%s" % (count, "b" if bits == 8 else "i"), payload, at + 4)
        out.append("const ALIGN(16) int%d_t tensor_data%d[%d] = { /* [0] */ %s, };" % (bits, index, count, ", ".join(map(str, values))))
        at += 4 + count * bits // 8
    while at < len(payload):
        index, count = struct.unpack_from(">BH", payload, at)
        values = struct.unpack_from(">" + "fi" * count, payload, at + 3)
        for name, kind, of in (("scale", "float", values[0::2]), ("zero", "int", values[1::2])):
            out.append("const TfArray<%d, %s> quant%d_%s = { %d, { %s, } };" % (count, kind, index, name, count, ", ".join(map(repr, of))))
        at += 3 + 8 * count
    return "\n".join(out)
text = source(open(sys.argv[1], "rb").read())
def library(name, entries):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as z:
        for entry in entries:
            z.writestr(entry, text)
library("library.zip", ["x/library.properties", "x/src/tflite-model/tflite_learn_3_compiled.cpp"])
library("two.zip", ["x/src/tflite-model/tflite_learn_3.cpp", "x/src/tflite-model/tflite_learn_4.cpp"])
library("none.zip", ["x/src/main.cpp"])
open("model.cpp", "w").write(text)
broken = bytearray(open("library.zip", "rb").read())
broken[len(broken) * 2 // 3] ^= 0xFF
open("broken.zip", "wb").write(broken)
P
thimble ota diff library.zip model.cpp -o library.bin
cmp -s library.bin edge-impulse.bin
ok "diff__of_an_arduino_library_makes_the_same_payload" $?
thimble ota diff "$bad" library.zip -o library.bin
cmp -s library.bin edge-impulse.bin
ok "diff__of_a_model_and_a_library_makes_it_too" $?
thimble ota diff "$DEMO/gesture.tflite" library.zip -o x
expect_error "diff__library_of_another_architecture_is_refused" 1 'tensor [0-9]+'
thimble ota diff library.zip two.zip -o x
expect_error "diff__library_with_two_models_is_refused" 2 'two compiled models'
thimble ota diff library.zip none.zip -o x
expect_error "diff__library_without_a_model_is_refused" 2 'no tflite-model'
thimble ota diff library.zip broken.zip -o x
expect_error "diff__damaged_library_is_refused" 2 'broken.zip'
thimble ota diff --format safe library.zip model.cpp -o x
expect_error "diff__safe_wants_model_files" 2 'made of .tflite files'
[ ! -e x ]
ok "errors__leave_nothing_behind" $?
finish
