# tests/e2e/firmware.sh -- firmware of one's own: built with pkg-config alone against an installed thimble, run, and failing.
. "$(dirname "$0")/lib.sh"
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_odr_violation=0 # the interpreter is in thimble and in the firmware

# ---- installed, and built with nothing but what pkg-config says ----

install_thimble
ok "install__into_a_folder_of_its_own" $?
cp -r "$THIMBLE_SOURCE/docs/examples" "$T/examples"
make -C "$T/examples" >"$T/out" 2>"$T/err" && [ ! -s "$T/err" ]
ok "examples__are_built_without_a_warning" $?

source_of() { # source_of NAME: $T/NAME.c from standard input
    cat >"$T/$1.c"
}

# ---- the example ----

mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/"
echo 1.0 >"$T/models/gesture.version"
serve "$T/models"
cat "$DEMO"/gesture-samples/wing_0[012].bin >"$T/frames.bin"
node=(run --board esp32 --firmware "$T/examples/gesture_node.so" --set "server=$URL" --cacert "$CA" --input "$T/frames.bin")
thimble "${node[@]}" --state "$T/flash" --output-dir "$T/outputs"
expect "node__fetches_stores_and_senses" 0 'version 1.0 replaces none' 'frame 2: gesture 0' '3 frames' 'arena +5344 bytes'
for i in 0 1 2; do cat "$DEMO/gesture-golden/wing_0$i.bin"; done | cmp -s - "$T/outputs/output0.bin"
ok "node__outputs_equal_the_reference_kernels" $?
thimble "${node[@]}" --state "$T/flash"
expect "node__keeps_its_model" 0 'version 1.0 is the newest'
echo 1.1 >"$T/models/gesture.version"
thimble "${node[@]}" --state "$T/flash"
expect "node__takes_the_newer_model" 0 'version 1.1 replaces 1.0'
rm "$T/models/gesture.version"
thimble "${node[@]}" --state "$T/flash"
expect "node__stays_with_its_model_when_the_server_fails" 0 'staying with version 1.1' '3 frames'
thimble "${node[@]}"
expect_error "node__without_server_and_model_says_why" 13 'update: .*404'
echo 1.2 >"$T/models/gesture.version"
thimble "${node[@]}" --json
cp "$T/out" "$T/first.json"
[ "$STATUS" -eq 0 ] && [ "$(json '["log"][0]["line"]')" = 'frame 0: gesture 0' ]
ok "node__json_has_what_it_prints" $?
thimble "${node[@]}" --json
cmp -s "$T/out" "$T/first.json"
ok "node__twice_gives_the_same_bytes" $?
thimble "${node[@]}" --stack 1024
expect_error "node__small_stack_overflows_in_its_own_function" 12 'stack overflow.*(needs|in )'

# ---- what a firmware may do, and how it may end ----

build_firmware "$THIMBLE_SOURCE/tests/e2e/firmware/cases.c"
ok "cases__are_built" $?
run_case() { # run_case NAME TEST STATUS PATTERN...
    thimble run --board esp32 --firmware "$T/cases.so" --set "case=$1"
    expect "$2" "${@:3}"
}
run_case prints "printf__and_its_like_are_lines_of_the_report" 0 '\| printf -5 text 0.125 123456789abc$' '\| fprintf x$' \
    '\| puts$' '\| putchar$' '\| fwrite$' '\| in pieces$' '\| $' '\| after an empty line$' '\| tag: logged 123456$' '\| not ended$'
run_case allocates "malloc__and_its_like_are_the_boards" 0
run_case too_large "malloc__of_too_much_is_null" 0 'all NULL'
run_case keeps_time "time__is_the_devices" 0
run_case uses_files "files__give_the_file_systems_codes" 11 'SPIFFS_ERR_NOT_FOUND \(-10002\)'
run_case loses_the_network "network__failure_is_the_runs" 13 'connect: localhost:1'
run_case overflows "stack_overflow__names_task_and_function" 12 'stack overflow in task loopTask: all 8192 bytes are used, in recursion'
run_case null_pointer "null_pointer__names_the_function" 12 'null pointer access at 0x0, in writes_null'
run_case null_in_libc "null_pointer__in_the_c_library_names_the_caller" 12 'null pointer access at 0x0, in cases.so\+0x'
run_case overruns_heap "heap_overrun__is_damage" 12 "heap overrun: byte 1 behind 'firmware' \(24 bytes"
run_case frees_static "free__of_what_is_no_block_is_a_fault" 12 'points to no heap'
run_case divides "division_by_zero__is_told" 12 'division by zero'
run_case asserts "assert__ends_the_board_with_its_text" 12 'assertion failed: .*cases.c:[0-9]+: asserts: zero == 1'
run_case aborts "abort__ends_the_board" 12 'abort\(\) was called'
run_case exits "exit__with_a_status_is_reported" 1 'the firmware returned 3'
run_case system_call "system_call__is_named" 12 'made the system call getppid, which a board does not have'
run_case opens_stream "printing__elsewhere_is_a_fault" 12 'neither stdout nor stderr'
run_case ends_well "main__that_returns_0_is_done" 0

build_firmware "$THIMBLE_SOURCE/tests/e2e/firmware/looper.c"
thimble run --firmware "$T/looper.so" --duration 0.95
expect "loop__runs_until_the_duration_is_over" 0 'error: mine' 'round 10$' ' 0.950 s  end '
! grep -q 'round 11' "$T/out"
ok "loop__does_not_run_longer" $?

# ---- its heap, and its rounds ----

build_firmware "$THIMBLE_SOURCE/tests/e2e/firmware/leaker.c"
thimble run --firmware "$T/leaker.so" --rounds 4 --heap-map
expect "rounds__are_loops_and_a_leak_has_its_owner" 0 'round .* number 4: 3(0|1)[0-9]{2} bytes lost' \
    'leak +3[0-9]+ bytes lost a round \(loop\): the board will die in round [0-9]+, of malloc\(3000\) for loop' 'loop'
thimble run --firmware "$T/leaker.so" --rounds 4 --json
[ "$(json '["rounds"][3]["round"]') $(json '["forecast"]["leak"]')" = '4 loop' ]
ok "rounds__are_in_the_json" $?
thimble run --firmware "$T/leaker.so" --fail-alloc 2
expect_error "fail_alloc__counts_the_firmwares_own" 10 'loop: malloc\(3000\) failed.*allocation 2 of the application was made to fail'
thimble run --firmware "$T/leaker.so"
expect_error "leak__ends_a_board_whose_malloc_gives_null" 10 'loop: malloc\(3000\) failed'
thimble run --board pico --firmware "$T/leaker.so"
expect_error "leak__panics_where_the_platform_does" 10 'PANIC'
thimble run --firmware "$T/cases.so" --rounds 2
expect_error "rounds__want_a_loop" 2 'cases.so has a main\(\): --rounds counts loop\(\)s'
for board in esp32 pico teensy40 nano-33-ble mt3620-m4; do
    thimble run --board $board --firmware "$T/cases.so" --set case=allocates --check-heap
    expect "allocators__of_${board}_serve_all_calls" 0
done
for board in esp32 pico teensy40 mt3620-m4; do # mbed's realloc knows no block of memalign's, on the device too
    thimble run --board $board --firmware "$T/cases.so" --set case=reallocates --check-heap
    expect "realloc__on_${board}_keeps_the_bytes" 0 'no failure'
done

# ---- C++ without its library ----

source_of plus <<<'#include <thimble/firmware.h>
struct thing { char bytes[300000]; };
extern "C" int main(void) { char *small = new char[10]; delete[] small; delete new thing; return 0; }'
if command -v g++ >/dev/null; then
    # shellcheck disable=SC2046
    g++ -x c++ -c -Wall -Wextra -Werror -fno-exceptions -fPIC -o "$T/plus.o" "$T/plus.c" $(pkg-config --cflags thimble) &&
        cc -shared -o "$T/plus.so" "$T/plus.o" $(pkg-config --libs thimble)
    ok "operator_new__firmware_in_cpp_is_built" $?
    thimble run --board nano-33-ble --firmware "$T/plus.so"
    expect_error "operator_new__without_memory_is_the_platforms" 10 'main: operator new\(300000\) failed.*MbedOS Error Info'
    thimble run --board nano-33-ble --firmware "$T/plus.so" --polite-oom --fail-alloc 1
    expect "operator_new__gives_null_where_asked" 0
else
    skip "operator_new" "no g++"
fi

# ---- a model in its flash ----

flash=(--firmware "$T/cases.so" --set case=flash_model --model "$DEMO/gesture.tflite")
thimble run --board nano-33-ble "${flash[@]}"
expect "flash_model__is_in_the_program_flash" 0 'model at 0x[0-9a-f]+, [0-9]+ bytes'
thimble run --board nano-33-ble --firmware "$T/cases.so" --set case=flash_model
expect "flash_model__is_null_without_one" 0 'no model'
head -c 1000000 /dev/zero >"$T/large.tflite"
thimble run --board nano-33-ble --firmware "$T/cases.so" --set case=flash_model --model "$T/large.tflite"
expect_error "flash_model__too_large_is_refused_as_by_a_linker" 11 'region FLASH overflowed by'
thimble run --board nano-33-ble --firmware "$T/cases.so" --set case=no_network
expect_error "network__that_is_not_there_is_told" 13 'nano-33-ble has no network of its own'

# ---- what is no firmware ----

refused() { # refused NAME TEST PATTERN
    thimble run --firmware "$T/$1.so"
    expect_error "$2" 2 "$3"
}
source_of missing <<<'#include <thimble/firmware.h>
void thm_teleport(void);
int main(void) { thm_teleport(); return 0; }'
build_firmware "$T/missing.c"
refused missing "unknown_service__is_named" 'undefined symbol: thm_teleport \(this thimble has no such service'
source_of version <<<'const unsigned thm_firmware_abi = 99; int main(void) { return 0; }'
build_firmware "$T/version.c"
refused version "other_version__is_refused" 'version 99 of the firmware interface, this thimble has version 1'
source_of stranger <<<'int main(void) { return 0; }'
build_firmware "$T/stranger.c"
refused stranger "without_the_header__is_no_firmware" 'does not include <thimble/firmware.h>'
source_of idle <<<'#include <thimble/firmware.h>
void setup(void) {}'
build_firmware "$T/idle.c"
refused idle "without_an_entry__is_refused" 'neither main\(\) nor setup\(\) and loop\(\)'
source_of opener <<<'#include <stdio.h>
#include <thimble/firmware.h>
int main(void) { return fopen("/etc/passwd", "r") != NULL; }'
build_firmware "$T/opener.c"
refused opener "fopen__is_refused_with_what_to_use" 'uses fopen\(\), which a board does not have: .*thm_file_open'
source_of nosy <<<'#include <thimble/firmware.h>
#include <sys/socket.h>
__attribute__((constructor)) static void early(void) { socket(AF_INET, SOCK_STREAM, 0); }
int main(void) { return 0; }'
build_firmware "$T/nosy.c"
thimble run --firmware "$T/nosy.so"
expect_error "constructor__is_in_the_sandbox_too" 12 'made the system call socket'
head -c 4096 /dev/urandom >"$T/noise.so"
refused noise "noise__is_refused" 'noise.so'
head -c 5000 "$T/cases.so" >"$T/cut.so"
refused cut "cut_file__is_refused" 'cut.so: .*damaged'
thimble run --firmware "$T/nosuch.so"
expect_error "missing_file__is_named" 2 'nosuch.so: No such file'
thimble run --firmware "$T/cases.so" --model https://localhost:1/x
expect_error "url_as_flash_model__is_refused" 2 '--model is a file'

# ---- the program has every function of the header ----

missing=
for f in $(grep -oE '\bthm_[a-z_]+\(' "$THIMBLE_SOURCE/emu/firmware/firmware.h" | tr -d '(' | sort -u); do
    case $f in thm_layout_find | thm_board_layout | thm_report_arena | thm_interpreter_* | thm_pack* ) continue ;; esac
    grep -q "^    $f;" "$THIMBLE_SOURCE/emu/firmware/exports.txt" && nm -D --defined-only "$THIMBLE" | grep -q " $f\$" || missing+=" $f"
done
[ -z "$missing" ] || echo "# not exported:$missing"
[ -z "$missing" ]
ok "header__has_only_what_the_program_exports" $?
[ "$(nm -D --defined-only "$THIMBLE" | grep -c ' T malloc\| T thm_hal_')" -eq 0 ]
ok "program__exports_nothing_of_its_inside" $?
finish
