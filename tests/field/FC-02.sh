# FC-02: a kernel library's update breaks an arena that worked
# Source: esphome/issues 7242, esphome/esphome 15603, 15628, 17750 (April 2026): ESP32-S3, micro_wake_word; an arena of 26080 bytes,
#   "resize requested 19440, available 11876", with megabytes of heap free
# Cause: a new esp-nn was pulled in; its kernels for the S3 ask for more scratch memory
# Remedy: the library pinned, or an arena of what it needs now
# Expected: micro_speech 6812 bytes used with the generic kernels, 12044 with the S3's, person_detect 82300 and 122572; an arena sized with
#   the first fails with the second, and the size that does is told
. "$(dirname "$0")/../e2e/lib.sh"
MODELS=${THIMBLE_SHARED:-/nonexistent}/models
if [ ! -f "$MODELS/micro_speech.tflite" ]; then
    skip "FC-02__library_update_breaks_an_arena" "no models in the shared folder"
    finish
    exit
fi

while read -r model generic s3; do
    thimble infer "$MODELS/$model.tflite" --kernels esp-nn:generic_opt
    expect "FC-02__${model}_with_generic_kernels" 0 "arena +$generic of"
    thimble infer "$MODELS/$model.tflite" --kernels esp-nn:esp32s3
    expect "FC-02__${model}_with_the_S3s_kernels" 0 "arena +$s3 of"
    sized=$(((generic + 15) / 16 * 16)) needed=$(((s3 + 15) / 16 * 16))
    thimble run --board esp32-s3 --model "$MODELS/$model.tflite" --kernels esp-nn:generic_opt --arena $sized
    expect "FC-02__${model}_runs_in_the_arena_it_was_sized_for" 0 ' infer '
    thimble run --board esp32-s3 --model "$MODELS/$model.tflite" --kernels esp-nn:esp32s3 --arena $sized
    expect_error "FC-02__${model}_fails_after_the_update" 10 "an arena of $needed bytes would do" "the arena has $sized"
done <<'T'
micro_speech 6812 12044
person_detect 82300 122572
T
# The gate: the kernels of the firmware, and what they take.
thimble fit "$MODELS/person_detect.tflite" --board esp32-s3 --from flash --kernels esp-nn:esp32s3 --json
[ "$(json '["cells"][0]["arena"]["min"]')" -eq 122576 ]
ok "FC-02__fit_with_the_firmwares_kernels_gives_the_size" $?
finish
