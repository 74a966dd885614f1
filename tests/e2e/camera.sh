# tests/e2e/camera.sh -- an MT3620: the A7 fetches and verifies, each M4 runs a model of its own, events come out.
. "$(dirname "$0")/lib.sh"
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_odr_violation=0 # the interpreter is in thimble and in the firmware

install_thimble || { echo "Bail out! thimble could not be installed"; exit 1; }
cp -r "$THIMBLE_SOURCE/docs/examples" "$T/examples"
make -C "$T/examples" >"$T/out" 2>"$T/err"
ok "examples__are_built" $?
"$THIMBLE" ota keygen "$T/key.pem" "$T/key.pub" >"$T/out"
mkdir "$T/www"
sign() { # sign NAME MODEL COUNTER [BOARD]
    thimble ota sign "$DEMO/$2.tflite" "$T/www/$1" --key "$T/key.pem" --board-class "${4:-mt3620}" --counter "$3"
    [ "$STATUS" -eq 0 ] || ok "sign_$1" 1
}
sign person person 2
sign object object 5
sign older object 4
sign other object 9 esp32
{ head -c 3000 "$T/www/object"; printf 'X'; tail -c +3002 "$T/www/object"; } >"$T/www/tampered"
serve "$T/www"

# camera OBJECT-BUNDLE: the models in the M4s' flash are other ones, so that it shows which is run.
camera() {
    thimble run --board mt3620 --firmware "$T/examples/camera_hub.so" --input "$DEMO/film-samples/frames.bin" \
        --cacert "$CA" --trust "$T/key.pub" --state "$T/state" --set "person=$URL/person" --set "object=$URL/$1" \
        --core "m4-0:firmware=$T/examples/camera_worker.so,model=$DEMO/person.tflite" \
        --core "m4-1:firmware=$T/examples/camera_worker.so,model=$DEMO/person.tflite" "${@:2}"
}
camera object
expect "camera__reports_events_per_device_second" 0 'm4-0 \(person\) .* that was sent' 'm4-1 \(object\) .* that was sent' \
    'frame 3: person appears' 'events +.* person, [0-9]+ object in 12 frames .* events per device second'
cp "$T/out" "$T/first"
rm -rf "$T/state"
camera object
cmp "$T/out" "$T/first" >/dev/null
ok "camera__the_same_run_gives_the_same_bytes" $?

scores() { # scores CORE FILE: that core's outputs are these
    python3 - "$T/out" "$1" "$2" <<'P'
import json, sys
run, want = json.load(open(sys.argv[1])), open(sys.argv[3], "rb").read()
got = [v & 255 for o in run["cores"][int(sys.argv[2])]["outputs"] for v in o["values"]]
sys.exit(bytes(got) != want)
P
}
camera object --json
scores 0 "$DEMO/film-samples/person.out" && scores 1 "$DEMO/film-samples/object.out"
ok "camera__both_models_score_as_the_reference_kernels" $?

refused() { # refused BUNDLE PATTERN
    camera "$1" --json
    expect_error "camera__${1}_is_refused_by_name" 15 "$2"
    scores 1 "$DEMO/film-samples/person.out"
    ok "camera__${1}_leaves_the_model_in_the_flash_running" $?
}
refused tampered 'tampered: the model'
refused older 'replayed: its security counter is 4, the board has confirmed 5'
refused other "wrong board: it is for 'esp32', this is 'mt3620'"
camera object
expect "camera__takes_the_same_counter_again" 0 'm4-1 \(object\) .* that was sent'
thimble image ls "$T/state/flash.bin" --board mt3620
expect "mutable_storage__is_one_small_file" 0 ' 8 model$'
finish
