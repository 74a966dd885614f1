# tests/e2e/changing.sh -- broken downloads that go on, of a file that stays and of one that changes under way: models, bundles, weights.
. "$(dirname "$0")/lib.sh"
cd "$T" || exit 1
bad=$DEMO/spotter-bad.tflite smart=$DEMO/spotter-smart.tflite
sample=$DEMO/spotter-samples/penguin_00.bin
# records PAYLOAD: of the safe format (emu/ota/safe.h): where each is, and a byte in its middle
records() {
    python3 - "$1" <<'P'
import struct, sys
data, at = open(sys.argv[1], "rb").read(), 120
while at < len(data):
    size = struct.unpack_from("<I", data, at + 8)[0]
    print(at, at + 16 + size // 2, size)
    at += 16 + size
P
}
# changed PAYLOAD MODEL: the model that it makes, with one weight of every larger record changed
changed() {
    records "$1" | python3 -c '
import sys
payload, model = (bytearray(open(f, "rb").read()) for f in sys.argv[1:])
for at, _, size in (map(int, line.split()) for line in sys.stdin):
    if size >= 64: model[model.find(payload[at + 16 : at + 16 + size]) + size // 2] ^= 0x40
sys.stdout.buffer.write(model)' "$1" "$2"
}

# Folder a has what is there at first, b what is there later: models of one size, payloads and bundles for them.
mkdir a b
"$THIMBLE" ota diff --format safe "$bad" "$smart" -o a/safe.bin >out 2>err
changed a/safe.bin "$smart" >third.tflite
cp "$bad" a/model.tflite && cp "$smart" b/model.tflite
cp "$bad" a/longer.tflite && { cat "$smart"; echo; } >b/longer.tflite
"$THIMBLE" ota diff "$bad" "$smart" -o a/ei.bin >out 2>err && "$THIMBLE" ota diff "$smart" "$bad" -o b/ei.bin >out 2>err &&
    "$THIMBLE" ota diff --format safe "$bad" third.tflite -o b/safe.bin >out 2>err && [ -s a/safe.bin ] &&
    "$THIMBLE" ota keygen key.pem key.pub >out 2>err &&
    "$THIMBLE" ota sign "$bad" a/bundle --key key.pem --board-class esp32 --counter 1 >out 2>err &&
    "$THIMBLE" ota sign "$smart" b/bundle --key key.pem --board-class esp32 --counter 2 >out 2>err
ok "payloads__are_made" $?
serve a # for its certificate
python3 "$THIMBLE_SOURCE/tests/e2e/changing_server.py" "$(dirname "$CA")/server.pem" "$(dirname "$CA")/server-key.pem" port a b 2>server.err &
SERVERS+=($!)
for _ in $(seq 200); do [ -s port ] && break; sleep 0.05; done
changing=https://localhost:$(cat port)
runs=0 # each has its own first request

# ---- models ----

# model NAME PATH OPTION...: a run that stores it; $T/kept is what the board has
model() {
    local path=$1
    shift
    rm -rf state kept
    thimble run --board esp32 --cacert "$CA" --model "$changing/$path" --state state "$@"
    "$THIMBLE" image get state/flash.bin /model.tflite kept 2>/dev/null
}
resume=(--net-fault "cut=3000,times=1" --retries 3 --resume)
is() { cmp -s kept "$1"; }
is_mixture() { cmp -s -n 3000 kept "$bad" && cmp -s -i 3000 kept "$smart" && ! is "$bad" && ! is "$smart"; }

runs=$((runs + 1)); model "honest/1/key$runs/model.tflite" "${resume[@]}"
expect "model__changed_under_way_begins_again" 0 'connection 2, from byte 3000' 'connection 3, from byte 0, .*sends all of it: it has changed'
is "$smart"
ok "model__changed_under_way_is_the_new_one" $?
runs=$((runs + 1)); model "honest/9/key$runs/model.tflite" "${resume[@]}"
[ "$STATUS" -eq 0 ] && is "$bad" && [ "$(grep -c retry out)" -eq 1 ]
ok "model__that_stays_goes_on" $?
for mode in hasty weak; do
    runs=$((runs + 1)); model "$mode/1/key$runs/model.tflite" "${resume[@]}"
    expect "model__a_${mode}_server_s_part_of_another_file_is_refused" 0 'connection 3, from byte 0, .*sends a part of another file'
    is "$smart"
    ok "model__of_a_${mode}_server_is_the_new_one" $?
done
for mode in silent liar; do
    runs=$((runs + 1)); model "$mode/1/key$runs/longer.tflite" "${resume[@]}"
    expect "model__another_size_tells_on_a_${mode}_server" 0 'connection 3, from byte 0, .*sends a part of another file'
    runs=$((runs + 1)); model "$mode/1/key$runs/model.tflite" "${resume[@]}"
    [ "$STATUS" -eq 0 ] && is_mixture # nothing in it could tell, and the board runs it: see bundles below
    ok "model__of_one_size_from_a_${mode}_server_is_a_mixture_that_runs" $?
    runs=$((runs + 1)); model "$mode/1/key$runs/model.tflite" --net-fault cut=3000,times=1 --retries 1
    [ "$STATUS" -eq 0 ] && is "$smart"
    ok "model__from_a_${mode}_server_is_whole_without_resuming" $?
done
runs=$((runs + 1)); model "honest/1/key$runs/model.tflite" --range 3000 --retries 2 --resume
[ "$STATUS" -eq 0 ] && is "$smart"
ok "model__in_parts_begins_again_when_it_changes" $?
runs=$((runs + 1)); model "honest/1/key$runs/model.tflite" --net-fault cut=3000,times=1 --retries 1 --resume
expect_error "model__changed_without_a_retry_left_fails" 13 'sends all of it: it has changed'
[ ! -e kept ]
ok "model__changed_without_a_retry_left_leaves_nothing" $?

# ---- signed bundles ----

bundle() { runs=$((runs + 1)); thimble run --board esp32 --cacert "$CA" --model "$changing/$1/1/key$runs/bundle" --trust key.pub --net-fault "cut=$2,times=1" --retries 3 --resume; }
bundle honest 3000
expect "bundle__changed_under_way_begins_again" 0 'security counter 2'
for cut in 150 1000 5000; do
    bundle liar $cut
    expect_error "bundle__of_a_liar_cut_at_${cut}_is_refused" 15 'tampered'
done

# ---- weights ----

# weights NAME PATH OPTION...: a run whose output is NAME/output0.bin
weights() {
    local name=$1 path=$2
    shift 2
    thimble run --board esp32 --model "$bad" --input "$sample" --output-dir "$T/$name" --cacert "$CA" --weights "$changing/$path" --json "$@"
}
same() { cmp -s "$1/output0.bin" "$2/output0.bin"; }
attempt() { json "['attempts'][$1]['$2']"; }
for m in "$bad" "$smart" third.tflite; do
    thimble run --board esp32 --model "$m" --input "$sample" --output-dir "$T/of-$(basename "$m" .tflite)"
    [ "$STATUS" -eq 0 ] || ok "run_$m" 1
done
mv of-spotter-bad of-bad && mv of-spotter-smart of-smart

for format in ei safe; do
    size=$(stat -c %s a/$format.bin)
    for cut in 2 11 130 2500 6000 $((size - 1)); do
        runs=$((runs + 1)); weights again "honest/9/key$runs/$format.bin" --net-fault "cut=$cut,times=1" --retries 1
        [ "$STATUS" -eq 0 ] && same again of-smart && [ "$(attempt 0 at)" = 0 ]
        ok "weights__${format}_cut_at_${cut}_come_again_from_the_start" $?
        runs=$((runs + 1)); weights on "honest/9/key$runs/$format.bin" --net-fault "cut=$cut,times=1" --retries 1 --resume
        [ "$STATUS" -eq 0 ] && same on of-smart && [ "$(attempt 0 at)" = "$cut" ]
        ok "weights__${format}_cut_at_${cut}_go_on_there" $?
    done
    runs=$((runs + 1)); weights cut "honest/9/key$runs/$format.bin" --net-fault cut=6000
    [ "$STATUS" -eq 13 ] && ! same cut of-smart && { [ $format = ei ] || same cut of-bad; }
    ok "weights__${format}_cut_for_good_are_the_network_s_failure" $?
    runs=$((runs + 1)); weights cut "honest/99/key$runs/$format.bin" --net-fault cut=900 --retries 30 --resume --backoff 1000
    [ "$STATUS" -eq 0 ] && same cut of-smart && [ "$(json "['attempts'].__len__()")" -gt 5 ]
    ok "weights__${format}_cut_again_and_again_arrive" $?
done
runs=$((runs + 1)); weights parts "honest/9/key$runs/safe.bin" --range 1000
[ "$STATUS" -eq 0 ] && same parts of-smart
ok "weights__in_parts_arrive" $?

# A damaged record comes again, and nothing before it.
while read -r record byte _; do
    runs=$((runs + 1)); weights mended "honest/9/key$runs/safe.bin" --net-fault "corrupt=$byte,times=1" --resume
    [ "$STATUS" -eq 0 ] && same mended of-smart && [ "$(attempt 0 at)" = "$record" ] ||
        { ok "weights__safe_record_at_${record}_comes_again" 1; break; }
done < <(records a/safe.bin | sed -n '1p;5p;20p;40p;$p')
ok "weights__safe_damaged_records_come_again_and_nothing_before_them" $((STATUS != 0))
runs=$((runs + 1)); weights mended "honest/9/key$runs/safe.bin" --net-fault corrupt=5000,times=1
[ "$STATUS" -eq 0 ] && same mended of-smart && [ "$(attempt 0 at)" = 0 ]
ok "weights__safe_damaged_come_again_from_the_start_without_resuming" $?

# changed under way
for cut in 100 3000 7000; do
    for how in "" --resume; do
        runs=$((runs + 1)); weights changed "honest/1/key$runs/ei.bin" --net-fault "cut=$cut,times=1" --retries 3 $how
        [ "$STATUS" -eq 0 ] && same changed of-bad
        ok "weights__ei_changed_at_$cut${how}_are_the_later_ones" $?
        runs=$((runs + 1)); weights changed "honest/1/key$runs/safe.bin" --net-fault "cut=$cut,times=1" --retries 3 $how
        [ "$STATUS" -eq 0 ] && same changed of-third
        ok "weights__safe_changed_at_$cut${how}_are_the_later_ones" $?
    done
    runs=$((runs + 1)); weights lied "liar/1/key$runs/safe.bin" --net-fault "cut=$cut,times=1" --retries 3 --resume
    [ "$STATUS" -eq 0 ] && same lied of-third || { [ "$STATUS" -eq 15 ] && same lied of-bad; }
    ok "weights__safe_of_a_liar_at_${cut}_are_never_a_mixture" $?
done
cp a/safe.bin a/either.bin && cp b/ei.bin b/either.bin
for cut in 100 3000; do
    runs=$((runs + 1)); weights changed "honest/1/key$runs/either.bin" --net-fault "cut=$cut,times=1" --retries 3 --resume
    [ "$STATUS" -eq 0 ] && same changed of-bad && [ "$(json "['weights']['format']")" = edge-impulse ]
    ok "weights__changed_to_the_other_format_at_${cut}_are_the_later_ones" $?
done
runs=$((runs + 1)); weights lied "liar/1/key$runs/ei.bin" --net-fault cut=4000,times=1 --retries 3 --resume
[ "$STATUS" -eq 0 ] && ! same lied of-bad && ! same lied of-smart
ok "weights__ei_of_a_liar_are_a_mixture_unnoticed" $?
# Edge Impulse's reader waits 5 s for a byte, whatever goes on below it.
runs=$((runs + 1)); weights late "honest/9/key$runs/ei.bin" --net-fault cut=4000,times=1 --retries 1 --resume --backoff 6000
[ "$STATUS" -eq 15 ] && json "['weights']['message']" | grep -q 'Not enough data' && ! same late of-smart
ok "weights__ei_that_go_on_after_more_than_5_s_find_nobody" $?
weights late "honest/9/key$((runs + 1))/ei.bin" --net-fault cut=4000,times=1 --retries 1 --resume --backoff 6000
cp out first
weights late "honest/9/key$((runs + 1))/ei.bin" --net-fault cut=4000,times=1 --retries 1 --resume --backoff 6000
cmp -s out first
ok "weights__twice_give_the_same_bytes" $?
finish
