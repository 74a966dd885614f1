# FC-04: a resolver that registers one operator
# Source: tensorflow/tflite-micro issue 2196 (2023), ESP32-S3: "Didn't find op for builtin opcode 'QUANTIZE'", though AddQuantize
#         is in the source; the same by omission: espressif/esp-tflite-micro 42, 88, 99, eloquentarduino/EloquentTinyML 69
# Cause: five calls chained with && of "is an error": the first succeeds, so the rest is never called
# Remedy: register all that the model uses
# Expected: the model is refused (14), the first missing operator named, before any arena is asked for; fit says what helps
. "$(dirname "$0")/../e2e/lib.sh"
"$THIMBLE" zoo "$T" --model cnn_s_quantized >/dev/null # QUANTIZE comes first

thimble run --board esp32-s3 --model "$T/cnn_s_quantized.tflite" --operators FULLY_CONNECTED --trace "$T/trace"
expect "FC-04__the_missing_operator_is_named" 14 'operator 0 QUANTIZE'
! grep -q 'tensor arena' "$T/trace" && grep -q '"event": *"alloc"' "$T/trace"
ok "FC-04__no_arena_has_been_asked_for" $?
thimble fit "$T/cnn_s_quantized.tflite" --board esp32-s3 --operators FULLY_CONNECTED
expect "FC-04__fit_says_what_helps" 0 'does not fit' 'operator 0 QUANTIZE' '--operators all'
thimble fit "$T/cnn_s_quantized.tflite" --board esp32-s3 --require esp32-s3
expect "FC-04__with_all_registered_it_runs" 0
finish
