# tests/e2e/cores.sh -- boards with several cores: a firmware each, a mailbox between them, one order of events.
. "$(dirname "$0")/lib.sh"
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_odr_violation=0 # the interpreter is in thimble and in the firmware

install_thimble || { echo "Bail out! thimble could not be installed"; exit 1; }
cp -r "$THIMBLE_SOURCE/docs/examples" "$T/examples"
make -C "$T/examples" >"$T/out" 2>"$T/err"
ok "examples__are_built" $?
build_firmware "$THIMBLE_SOURCE/tests/e2e/firmware/mail.c"
ok "mail__is_built" $?

trio=(run --board mt3620)

# ---- the example: two cores infer for the third ----

cat "$DEMO"/gesture-samples/{ring,slope,wing}_00.bin >"$T/gestures.bin"
mapfile -t machine < <(find "$DEMO/watcher-samples" -name '*.bin' | sort | head -n 3)
cat "${machine[@]}" >"$T/machine.bin"
hub=("${trio[@]}" --firmware "$T/examples/hub.so" --input "$T/gestures.bin" --input "$T/machine.bin"
    --core "m4-0:firmware=$T/examples/worker.so,model=$DEMO/gesture.tflite"
    --core "m4-1:firmware=$T/examples/worker.so,model=$DEMO/watcher.tflite")
thimble "${hub[@]}"
expect "hub__hears_both_workers" 0 'm4-0 wants 384 bytes' 'm4-1 wants 64 bytes' 'frame 2: m4-0 says 0' 'frame 2: m4-1 says' '^m4-1$'
thimble "${hub[@]}" --json --trace "$T/first.jsonl"
cp "$T/out" "$T/first.json"
python3 - "$T/first.json" "$T/first.jsonl" "$DEMO" "${machine[@]}" <<'P'
import json, os, sys
run, events, demo = json.load(open(sys.argv[1])), [json.loads(l) for l in open(sys.argv[2])], sys.argv[3]
int8 = lambda path: [b - 256 if b > 127 else b for b in open(path, "rb").read()]
for core, folder, names in (0, "gesture", ["ring_00.bin", "slope_00.bin", "wing_00.bin"]), (1, "watcher", map(os.path.basename, sys.argv[4:])):
    got = [o["values"] for o in run["cores"][core]["outputs"]]
    assert got == [int8(f"{demo}/{folder}-golden/{n}") for n in names], (core, got)
assert [c["core"] for c in run["cores"]] == ["m4-0", "m4-1"]
assert {e["core"] for e in events} == {"a7", "m4-0", "m4-1"}
assert all(a["t_ns"] <= b["t_ns"] for a, b in zip(events, events[1:]))
sent = [e for e in events if e["event"] == "mailbox" and e["operation"] == "send"]
got = [e for e in events if e["event"] == "mailbox" and e["operation"] == "receive" and e["result"] >= 0]
assert len(sent) == len(got) == 2 + 4 * 3, (len(sent), len(got))
P
ok "workers__outputs_equal_the_reference_kernels" $?

thimble trace to-perfetto "$T/first.jsonl" "$T/viewer.json"
python3 - "$T/viewer.json" <<'P'
import json, sys
events = json.load(open(sys.argv[1]))["traceEvents"]
assert [e["args"]["name"] for e in events if e["name"] == "process_name"] == ["a7: mt3620", "m4-0: mt3620-m4", "m4-1: mt3620-m4"]
inferences = [e["pid"] for e in events if e["name"] == "inference"]
assert sorted(inferences) == [2, 2, 2, 3, 3, 3], inferences
P
ok "trace__has_a_process_a_core" $?
thimble trace summary "$T/first.jsonl"
expect "trace_summary__has_rows_a_core" 0 '^  m4-0: CONV_2D ' '^  m4-1: LOGISTIC ' '^  a7: worker '

same_again() { # same_again NAME ARGUMENT...: five more runs give the same trace and JSON, whatever else the PC does
    local name=$1 different=0
    shift
    for _ in 1 2 3 4 5; do
        thimble "$@" --json --trace "$T/again.jsonl"
        cmp -s "$T/out" "$T/first.json" && cmp -s "$T/again.jsonl" "$T/first.jsonl" || different=1
    done
    ok "$name" $different
}
same_again "hub__every_run_gives_the_same_bytes" "${hub[@]}"

# ---- the mailbox ----

pair=("${trio[@]}" --firmware "$T/mail.so" --core "m4-0:firmware=$T/mail.so" --set)
thimble "${pair[@]}" case=limits
expect "mailbox__has_its_limits" 0
thimble "${pair[@]}" case=fills
expect "mailbox__is_full_after_what_the_ring_holds" 0 '\| 15 messages' '\| 5 more'
thimble "${pair[@]}" case=both_wait
expect_error "mailbox__all_waiting_is_hung" 17 'every core waits for a message'
thimble "${pair[@]}" case=both_wait --duration 2
expect "mailbox__all_waiting_ends_with_the_duration" 0 ' 2.000 s  end '
thimble "${pair[@]}" case=companion_faults
expect "companion__fault_is_the_runs_and_the_main_core_goes_on" 12 'main goes on' 'm4-0: abort\(\) was called'
thimble "${pair[@]}" case=companion_late
expect "companion__does_nothing_after_the_main_cores_end" 0
! grep -q 'too late' "$T/out"
ok "companion__is_not_heard_after_the_main_cores_end" $?
thimble "${pair[@]}" case=polls --json --trace "$T/first.jsonl"
cp "$T/out" "$T/first.json"
[ "$(grep -c '"operation":"receive".*"result":[1-9]' "$T/first.jsonl")" -gt 50 ]
ok "polls__find_messages" $?
same_again "polls__see_the_same_every_time" "${pair[@]}" case=polls

# ---- the Portenta H7's two cores ----

cat >"$T/duo.c" <<'C'
#include <stdio.h>
#include <string.h>
#include <thimble/firmware.h>
int main(void)
{
    static char data[500];
    const char *from;
    const bool first = strcmp(thm_core_name(), "m7") == 0;
    if (first && (thm_mailbox_send("m4", data, 497) != THM_MAILBOX_TOO_LARGE || thm_mailbox_send("m4", data, 496)))
        return 1;
    printf("%d bytes\n", (int)thm_mailbox_receive(&from, data, sizeof data, THM_FOR_EVER));
    return first ? 0 : thm_mailbox_send(from, data, 7);
}
C
build_firmware "$T/duo.c"
thimble run --board portenta-h7 --firmware "$T/duo.so" --core "m4:firmware=$T/duo.so"
expect "portenta__cores_talk" 0 '\| m4: 496 bytes' '\| 7 bytes'
thimble run --board portenta-h7 --firmware "$T/duo.so"
expect_error "portenta__without_its_companion_nobody_is_there" 1 'the firmware returned 1'

# ---- the option and the profile ----

thimble "${trio[@]}" --firmware "$T/mail.so" --core "m9:firmware=$T/mail.so"
expect_error "core__unknown_name_is_refused" 2 "mt3620 has no core 'm9'"
thimble "${trio[@]}" --firmware "$T/mail.so" --core "m4-0:frmware=$T/mail.so"
expect_error "core__unknown_key_is_refused" 2 "knows firmware, model, input and stack"
thimble "${trio[@]}" --firmware "$T/mail.so" --core "m4-0:model=$DEMO/gesture.tflite"
expect_error "core__without_firmware_is_refused" 2 'its firmware is missing'
thimble "${trio[@]}" --firmware "$T/mail.so" --core "m4-0:firmware=$T/nosuch.so"
expect_error "core__missing_firmware_is_named" 2 'nosuch.so'
cp "$THIMBLE_SOURCE/profiles/boards/mt3620.yaml" "$T/alone.yaml"
sed -i '/^companions:/,$d' "$T/alone.yaml"
wrong_profile() { # wrong_profile NAME PATTERN MAILBOX
    { cat "$T/alone.yaml"; printf 'companions:\n  - {name: m4-0, profile: mt3620-m4}\n%s\n' "$3"; } >"$T/wrong.yaml"
    thimble run --board "$T/wrong.yaml" --firmware "$T/mail.so"
    expect_error "$1" 2 "$2"
}
wrong_profile "profile__companions_want_a_mailbox" 'mailbox.ring_bytes' ''
wrong_profile "profile__ring_is_a_multiple_of_16" 'multiple of 16' 'mailbox: {message_max: 64, ring_bytes: 1001}'
wrong_profile "profile__message_fits_its_ring" 'mailbox.message_max' 'mailbox: {message_max: 1000, ring_bytes: 1024}'
thimble boards mt3620
expect "boards__tells_companions_and_mailbox" 0 "further cores +m4-0: see 'thimble boards mt3620-m4'" ' m4-1: see ' 'mailbox +messages up to 1040 bytes'
thimble boards mt3620 --json
[ "$(json '["companions"][1]["name"]') $(json '["mailbox"]["message_max"]')" = 'm4-1 1040' ]
ok "boards__json_has_companions_and_mailbox" $?
finish
