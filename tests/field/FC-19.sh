# FC-19: a power cut in an overwrite
# Source: pellepl/spiffs issue 146 (an existing file opens after a reset, and reading it gives -10004), nodemcu-firmware 1868, espressif/esp-idf 7720
# Cause: the file is truncated first and written piece by piece; nothing makes it one step
# Remedy: written beside the old one and renamed, or slots in turn
# Expected: after a cut inside each flash operation in turn the old data, none, or data that are noticed to be wrong; never wrong bytes that
#   are run, and only the strategy that overwrites loses the model
. "$(dirname "$0")/../e2e/lib.sh"

torture() { thimble torture --board esp32 --model "$DEMO/gesture.tflite" --scenario update --strategy "$1"; }
torture overwrite
lost=$(sed -nE 's/^ +([0-9]+)  has a corrupted model and notices it.*/\1/p' "$T/out")
[ "${lost:-0}" -gt 100 ] && ! grep -qE '^ +[0-9]+  runs a corrupted model unnoticed' "$T/out"
ok "FC-19__an_overwrite_loses_the_model_and_that_is_noticed" $?
torture ab-crc
[ "$STATUS" -eq 0 ] && ! grep -qE '^ +[0-9]+  has a corrupted model|^ +[0-9]+  has no model' "$T/out"
ok "FC-19__slots_in_turn_never_lose_it" $?
finish
