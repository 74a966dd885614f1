# thimble zoo from the outside: files, sizes, messages, exit statuses. Prints TAP.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
count=0

ok() { # ok NAME STATUS: a test that passes if STATUS is 0
    count=$((count + 1))
    if [ "$2" -eq 0 ]; then echo "ok $count - $1"; else echo "not ok $count - $1"; fi
}

zoo() { # run; sets $status, $out, $err
    out=$("$THIMBLE" zoo "$@" 2>"$dir/err")
    status=$?
    err=$(cat "$dir/err")
}

size() { stat -c %s "$1"; }

zoo -m sine -m micro_speech "$dir/models"
[ "$status" -eq 0 ] && [ -z "$out$err" ] && [ "$(ls "$dir/models" | tr '\n' ' ')" = "micro_speech.tflite sine.tflite " ]
ok "write__chosen_models_appear_and_nothing_is_said" $?

[ "$(size "$dir/models/micro_speech.tflite")" -eq 18712 ]
ok "write__file_has_the_published_size" $?

cp "$dir/models/sine.tflite" "$dir/before"
zoo -m sine "$dir/models"
cmp -s "$dir/before" "$dir/models/sine.tflite"
ok "write__again_gives_the_same_bytes" $?

zoo --header -m dnn_s_quantized "$dir/models"
[ "$status" -eq 0 ] && [ "$(size "$dir/models/dnn_s_quantized.cc")" -eq 519310 ]
ok "header__has_the_published_size" $?

sed -n 's/^  //p' "$dir/models/dnn_s_quantized.cc" | tr -d ', \n' | sed 's/0x//g' | tr a-f A-F | basenc -d --base16 |
    cmp -s - "$dir/models/dnn_s_quantized.tflite"
ok "header__holds_the_bytes_of_the_model" $?

zoo --list
[ "$status" -eq 0 ] && [ "$(echo "$out" | grep -c '^[a-z]')" -eq 18 ] && echo "$out" | grep -q '^wav2letter_pruned_int8  *23815520 '
ok "list__names_all_models" $?

zoo --list --json -m ad_small_int8
echo "$out" | tr -d ' \n' | grep -q '"name":"ad_small_int8".*"bytes":252848,"header_bytes":1559353,"macs":18740192'
ok "list__as_json_has_the_documented_keys" $?

zoo --json -m sine "$dir/models"
echo "$out" | tr -d ' \n' | grep -q "{\"files\":\[{\"model\":\"sine\",\"file\":\"$dir/models/sine.tflite\",\"bytes\":[0-9]*}\]}"
ok "write__as_json_tells_the_files" $?

zoo --json -m sine "$dir/"$'\xff'
[ "$status" -eq 20 ] && [ -z "$out" ] && [[ $err == *JSON* ]]
ok "write__as_json_with_a_name_that_json_cannot_hold_is_reported" $?

zoo -m nothing "$dir/models"
[ "$status" -eq 2 ] && [ -z "$out" ] && [ "$(echo "$err" | wc -l)" -eq 1 ] && [[ $err == *"'nothing'"* ]]
ok "model__unknown_is_a_wrong_usage" $?

zoo
[ "$status" -eq 2 ] && [ "$(echo "$err" | wc -l)" -eq 1 ]
ok "directory__missing_is_a_wrong_usage" $?

zoo -m sine "$dir/before"
[ "$status" -eq 2 ] && [[ $err == *"$dir/before"* ]]
ok "directory__that_is_a_file_is_refused" $?

mkdir -p "$dir/taken/sine.tflite"
zoo -m sine "$dir/taken"
[ "$status" -eq 2 ] && [ "$(ls "$dir/taken")" = sine.tflite ]
ok "write__refused_leaves_no_temporary_file" $?

(ulimit -f 100; trap '' XFSZ; "$THIMBLE" zoo -m dnn_l_quantized "$dir/full" 2>"$dir/err")
[ $? -eq 20 ] && [ -z "$(ls "$dir/full")" ] && grep -q dnn_l_quantized.tflite "$dir/err"
ok "write__that_finds_no_room_leaves_nothing" $?

echo "1..$count"
