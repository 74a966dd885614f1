# tests/e2e/torture.sh -- the plug is pulled everywhere: strategies keep what they claim, and the others lose models.
. "$(dirname "$0")/lib.sh"

# A volume of 24 blocks: an update collects garbage all over it, the old model's blocks included.
small=$T/small.yaml
sed 's/offset: 0x290000, size: 0x160000/offset: 0x290000, size: 0x18000/; s/^name: esp32$/name: esp32-small/' \
    "$THIMBLE_SOURCE/profiles/boards/esp32.yaml" >"$small"
model=$DEMO/gesture.tflite
torture() { thimble torture --board "$small" --model "$model" "$@"; }

# count STRATEGY OUTCOME: cut points, from the JSON in $T/out.
count() {
    python3 - "$T/out" "$1" "$2" <<'P'
import json, sys
s = next(s for s in json.load(open(sys.argv[1]))["strategies"] if s["store"] == sys.argv[2])
print(s["outcomes"][sys.argv[3]]["count"])
P
}

# keeps_a_model STRATEGY: at every one of its cut points the old or the new model runs.
keeps_a_model() {
    python3 - "$T/out" "$1" <<'P'
import json, sys
s = next(s for s in json.load(open(sys.argv[1]))["strategies"] if s["store"] == sys.argv[2])
o = {k: v["count"] for k, v in s["outcomes"].items()}
sys.exit(not (s["claims"] and not s["broken"] and s["cut_points"] > 0 and s["erases"] >= 0
              and o["new"] + o["old"] == s["cut_points"]))
P
}

hold_to_claims() { # VOLUME SCENARIO
    torture --scenario "$2" --volume "$1" --seed 3 --json
    [ "$STATUS" -eq 0 ] && keeps_a_model ab-crc && keeps_a_model ab-signed
    ok "$1_volume_$2__slots_always_leave_a_model" $?
    [ "$2" = weights ] || keeps_a_model bundle
    ok "$1_volume_$2__bundles_always_leave_a_model" $?
    [ "$(count overwrite noticed)" -gt 0 ]
    ok "$1_volume_$2__overwriting_loses_the_model" $?
}
hold_to_claims fresh update
hold_to_claims nearly-full weights
if [ "$THIMBLE_SANITIZED" = none ]; then # the others take minutes there
    hold_to_claims fragmented update
    hold_to_claims nearly-full update
    hold_to_claims full update
fi
torture --scenario update --volume nearly-full --strategy rename --json
[ "$STATUS" -eq 0 ] && [ "$(count rename noticed)" -gt 0 ] && [ "$(json '["strategies"][0]["claims"]')" = False ]
ok "rename__makes_no_claim_and_loses_the_model_to_garbage_collection" $?
torture --scenario weights --strategy overwrite --json
[ "$(count overwrite unnoticed)" -gt 0 ]
ok "weights__overwritten_in_place_run_as_a_mixture" $?
cut=$(json '["strategies"][0]["outcomes"]["unnoticed"]["first"]')
torture --scenario weights --strategy overwrite --cut-at "$cut"
expect "cut_at__shows_the_first_of_a_kind" 0 'power lost .* operation' '/model.tflite, 8736 bytes' ' 1 inference' 'runs a corrupted model unnoticed'
torture --scenario switch --json
[ "$STATUS" -eq 0 ] && keeps_a_model ab-crc && keeps_a_model ab-signed && keeps_a_model bundle &&
    [ "$(count ab-crc new)" -gt 0 ] && [ "$(count bundle new)" -gt 0 ]
ok "switch__always_leaves_a_model" $?
torture --scenario download --strategy ab-crc --json
[ "$STATUS" -eq 0 ] && [ "$(count ab-crc none)" -gt 0 ] && [ "$(count ab-crc new)" -gt 0 ] && [ "$(count ab-crc unnoticed)" -eq 0 ]
ok "download__of_a_first_model_may_leave_none" $?

# Other file systems: on_storage BOARD STORAGE OPTION...
on_storage() { thimble torture --board "$1" --storage "$2" --model "$model" --json "${@:3}"; }
for storage in "esp32 littlefs" "esp32 sd" "feather-m4 eefs"; do
    # shellcheck disable=SC2086
    on_storage $storage --scenario weights
    [ "$STATUS" -eq 0 ] && keeps_a_model ab-crc && keeps_a_model ab-signed
    ok "weights__on_${storage// /_}_slots_always_leave_a_model" $?
done
for storage in "esp32 littlefs" "esp32 sd" "feather-m4 eefs" "nucleo-h743zi slots" "pico slots"; do
    # shellcheck disable=SC2086
    on_storage $storage --strategy bundle
    [ "$STATUS" -eq 0 ] && keeps_a_model bundle && [ "$(count bundle new)" -gt 0 ]
    ok "update__on_${storage// /_}_bundles_always_leave_a_model" $?
done
on_storage pico slots --strategy overwrite
[ "$STATUS" -eq 0 ] && [ "$(count overwrite new)" -gt 0 ] && [ "$(count overwrite noticed)$(count overwrite none)" = 00 ]
ok "update__on_raw_slots_keeps_the_old_half" $?
on_storage feather-m4 fat --strategy ab-crc
[ "$STATUS" -eq 1 ] && [ "$(json '["strategies"][0]["broken"]')" = True ]
ok "claim__that_fat_on_bare_flash_cannot_keep_is_status_1" $?

torture --strategy ab-crc --volume nearly-full --jobs 1 --json
cp "$T/out" "$T/one"
torture --strategy ab-crc --volume nearly-full --jobs 5 --json
cmp -s "$T/one" "$T/out"
ok "jobs__do_not_change_the_outcome" $?
torture --strategy rename
expect "table__has_counts_strip_and_first_cuts" 0 '^rename: ' 'cut points$' '^  o+N+$' 'runs the new model +first at [0-9]+:torn'
torture --strategy ab-crc --stats
expect "stats__tell_cut_points_a_second" 0 'cut points in .* a second with'

usage() { # NAME PATTERN ARGUMENT...
    local name=$1 pattern=$2
    shift 2
    torture "$@"
    expect_error "$name" 2 "$pattern"
}
usage "strategy__unknown_is_named" 'frob' --strategy frob
usage "scenario__unknown_is_named" 'frob' --scenario frob
usage "volume__unknown_is_named" 'frob' --volume frob
usage "cut_at__needs_a_strategy" 'needs --strategy' --cut-at 3
usage "cut_at__without_a_number_is_refused" 'banana' --strategy rename --cut-at banana
usage "cut_at__behind_the_end_tells_how_many_there_are" 'makes [0-9]+ programs' --strategy rename --cut-at 100000
usage "switch__without_slots_is_refused" 'no other to switch to' --strategy rename --scenario switch
usage "weights__of_a_bundle_are_refused" 'not patched' --strategy bundle --scenario weights
usage "old_model__that_is_the_new_one_is_refused" 'same model' --old-model "$model"
usage "weights__of_another_size_are_refused" '11744' --scenario weights --old-model "$DEMO/keyword.tflite"
thimble torture
expect_error "model__missing_is_told" 2 'model FILE is missing'
head -c 5000 "$model" >"$T/half.tflite"
thimble torture --board "$small" --model "$T/half.tflite" --old-model "$model" --strategy rename
expect_error "model__that_the_board_refuses_is_its_failure" 14 'ends before its content'

mkdir "$T/models"
cp "$model" "$T/models/"
serve "$T/models"
for store in rename ab-crc ab-signed; do
    run=(run --model "$URL/gesture.tflite" --cacert "$CA" --store $store --state "$T/$store")
    thimble "${run[@]}"
    expect "run__store_${store}_runs_what_it_has_stored" 0 'store ' 'model copied to RAM, 8736 bytes' '1 inference'
done
thimble run --model "$URL/gesture.tflite" --cacert "$CA" --store ab-signed --state "$T/ab-signed"
thimble image ls "$T/ab-signed/flash.bin:spiffs"
expect "run__store_ab_signed_writes_the_slots_in_turn" 0 'model.a' 'model.b'
thimble run --model "$URL/gesture.tflite" --cacert "$CA" --store frob
expect_error "run__store_unknown_is_named" 2 'frob'
finish
