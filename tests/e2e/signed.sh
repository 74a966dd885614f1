# tests/e2e/signed.sh -- signed bundles: whatever is wrong with one is named, and the board goes on with its old model.
. "$(dirname "$0")/lib.sh"

mkdir "$T/www"
for key in publisher stranger; do "$THIMBLE" ota keygen "$T/$key.pem" "$T/$key.pub" >"$T/out" 2>"$T/err" || ok "keygen" 1; done
thimble ota keygen "$T/p256.pem" "$T/p256.pub" --algorithm p256
expect "keygen__makes_a_pair" 0 '^P-256 key [0-9a-f]{16}$'
[ "$(stat -c %a "$T/p256.pem")" = 600 ] && openssl pkey -in "$T/p256.pem" -noout && openssl pkey -pubin -in "$T/p256.pub" -noout
ok "keygen__private_key_is_its_owners_and_both_are_pem" $?

sign() { # sign NAME KEY BOARD COUNTER [MODEL]
    thimble ota sign "$DEMO/${5:-gesture}.tflite" "$T/www/$1" --key "$T/$2.pem" --board-class "$3" --counter "$4"
    [ "$STATUS" -eq 0 ] || ok "sign_$1" 1
}
verify() { thimble ota verify "$T/www/$1" --trust "$T/${2:-publisher}.pub" "${@:3}"; }

sign new publisher esp32 3
expect "sign__tells_the_manifest" 0 'model +8736 bytes, SHA-256 ' 'security counter 3' 'board +esp32' 'arena of [0-9]+ bytes, 9952 of flash' 'Ed25519'
sign old publisher esp32 2 watcher
sign replayed publisher esp32 1
sign other publisher pico 3
sign strange stranger esp32 3
verify new
expect "verify__takes_what_was_signed" 0 'security counter 3'
verify new publisher --board-class esp32 --counter 3
expect "verify__takes_the_same_counter" 0
verify new publisher --counter 4
expect_error "verify__names_a_replay" 1 'replayed: its security counter is 3, the board has confirmed 4'
verify strange
expect_error "verify__names_a_wrong_key" 1 'wrong key'
thimble ota sign "$T/publisher.pem" "$T/www/none" --key "$T/publisher.pem" --board-class esp32
expect_error "sign__what_is_no_model_is_refused" 2 'not a model'
thimble ota sign "$DEMO/gesture.tflite" "$T/www/none" --key "$T/publisher.pub" --board-class esp32
expect_error "sign__a_public_key_signs_nothing" 2 'no private key'
[ ! -e "$T/www/none" ]
ok "sign__failed_leaves_nothing" $?

# ---- what may be wrong with one ----

spoil() { python3 -c 'import sys; d = bytearray(open(sys.argv[1], "rb").read()); d[int(sys.argv[3])] ^= 4; open(sys.argv[2], "wb").write(d)' "$T/www/new" "$T/www/$1" "$2"; }
spoil bad-magic 0
spoil bad-format 8
spoil bad-algorithm 10
spoil bad-length 12
spoil bad-digest 16
spoil bad-version 48
spoil bad-counter 52
spoil bad-arena 56
spoil bad-flash 60
spoil bad-board 64
spoil bad-key 96
spoil bad-reserved 110
spoil bad-signature 128
spoil bad-signature-end 191
spoil bad-model 192
spoil bad-model-end 8927
head -c 100 "$T/www/new" >"$T/www/cut-head"
head -c 5000 "$T/www/new" >"$T/www/cut-model"
{ cat "$T/www/new"; echo; } >"$T/www/long"
cp "$DEMO/gesture.tflite" "$T/www/unsigned"
serve "$T/www"

refusals=( # name, pattern
    'bad-magic|not a model'
    'bad-format|malformed' 'bad-algorithm|malformed' 'bad-reserved|malformed'
    'bad-length|tampered: the signature' 'bad-digest|tampered: the signature' 'bad-version|tampered: the signature'
    'bad-counter|tampered: the signature' 'bad-arena|tampered: the signature' 'bad-flash|tampered: the signature'
    'bad-board|tampered: the signature' 'bad-key|wrong key' 'bad-signature|tampered: the signature'
    'bad-signature-end|tampered: the signature' 'bad-model|tampered: the model' 'bad-model-end|tampered: the model'
    'cut-head|truncated: it ends after 100 bytes' 'cut-model|truncated: the model ends after 4808 of 8736 bytes'
    'long|too long' 'unsigned|not a signed bundle' 'replayed|replayed: its security counter is 1, the board has confirmed 2'
    'other|wrong board' 'strange|wrong key'
)

on_board() { # on_board BUNDLE [ARGUMENT...]: of $board, in its state folder
    thimble run "${board[@]}" --model "$URL/$1" --cacert "$CA" --trust "$T/publisher.pub" --state "$T/state" "${@:2}"
}
runs_model() { # runs_model BYTES: what the board runs without a network
    thimble run "${board[@]}" --model storage: --trust "$T/publisher.pub" --state "$T/state" --trace "$T/trace"
    [ "$STATUS" -eq 0 ] && grep -q "\"load\".*$1 bytes" "$T/trace"
}

refuse_all() { # refuse_all WHERE
    local row name where=$1
    for row in "${refusals[@]}"; do
        name=${row%%|*}
        cp -r "$T/good" "$T/state"
        on_board "$name"
        # What is no payload at all is the model's kind of failure.
        expect_error "${where}__${name}_is_refused_by_name" $([ "$name" = bad-magic ] && echo 14 || echo 15) "${row#*|}"
        grep -qE 'revert +.*the model before goes on' "$T/out" && grep -qE 'infer +.* 1 inference' "$T/out"
        ok "${where}__${name}_leaves_the_old_model_running" $?
        runs_model 7216
        ok "${where}__${name}_leaves_the_old_model_for_the_next_boot" $?
        rm -rf "$T/state"
    done
}

life_of() { # life_of WHERE BOARD-OPTION...
    local where=$1
    shift
    board=("$@")
    rm -rf "$T/state" "$T/good"
    on_board old
    expect "${where}__first_bundle_runs_on_trial_and_is_confirmed" 0 ' store .* 7216 bytes' ' trial .*security counter 2, on trial' ' confirm .*security counter 2' 'signed bundle'
    cp -r "$T/state" "$T/good"
    refuse_all "$where"
    cp -r "$T/good" "$T/state"
    on_board new
    expect "${where}__newer_bundle_is_taken" 0 ' confirm .*security counter 3'
    thimble run "${board[@]}" --model https://localhost:1/new --trust "$T/publisher.pub" --state "$T/state"
    expect_error "${where}__without_a_server_the_model_goes_on" 13 'the model before goes on' '1 inference'
    runs_model 8736
    ok "${where}__newer_bundle_is_run_at_the_next_boot" $?
    on_board old
    expect_error "${where}__the_one_before_is_a_replay_now" 15 'replayed: its security counter is 2, the board has confirmed 3'
    rm -rf "$T/state"
}

# dies_on_trial WHERE: the power goes at every program of the update; somewhere between start and confirmation.
dies_on_trial() {
    local where=$1 died=0 n
    for n in $(seq "$2" "$3"); do
        rm -rf "$T/state"
        cp -r "$T/good" "$T/state"
        on_board new --storage-fault "cut=$n"
        [ "$STATUS" -eq 16 ] || break
        grep -q ' trial .*on trial' "$T/out" && died=1 || continue
        runs_model 7216
        [ $? -eq 0 ] && grep -q 'was started and never confirmed' "$T/trace" && died=2
        break
    done
    [ "$died" -eq 2 ]
    ok "${where}__a_board_that_dies_on_trial_goes_back" $?
    on_board new
    expect "${where}__and_takes_the_bundle_again" 0 ' confirm .*security counter 3'
}

life_of spiffs --board esp32
dies_on_trial spiffs 150 400
life_of raw --board nucleo-h743zi --board-class esp32 --coprocessor
dies_on_trial raw 270 300
board=(--board esp32)

# ---- the other algorithm, other firmware ----

sign p256 p256 esp32 1
thimble run --model "$URL/p256" --cacert "$CA" --trust "$T/p256.pub"
expect "p256__is_checked_on_the_board" 0 'confirm'
cp "$T/www/new" "$T/keep"
cp "$T/www/p256" "$T/www/new"
spoil p256-bad 150
cp "$T/keep" "$T/www/new"
thimble run --model "$URL/p256-bad" --cacert "$CA" --trust "$T/p256.pub"
expect_error "p256__tampered_is_refused" 15 'tampered: the signature'
thimble run --model "$URL/new" --cacert "$CA"
expect_error "firmware_without_a_key__refuses_bundles" 15 'trusts no key'
thimble run --model "$URL/new" --cacert "$CA" --storage none
expect_error "firmware_without_storage__refuses_bundles" 15 'trusts no key'
thimble run --model "$URL/new" --cacert "$CA" --store bundle
expect_error "store_bundle__needs_a_key" 2 'needs --trust'
thimble run --model "$URL/new" --cacert "$CA" --trust "$T/publisher.pub" --arena 2000
expect_error "arena__too_small_is_told_before_the_download" 15 'too large: it needs an arena of [0-9]+ bytes, there are 2000'
finish
