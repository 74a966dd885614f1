# tests/e2e/exec.sh -- `thimble exec`: real programs and our own under a board's memory, with room and without.
. "$(dirname "$0")/lib.sh"
PROBE=$THIMBLE_TOOLS/exec_probe

# exec_json OPTIONS... -- PROGRAM...: as thimble exec; the report is in $T/report.json, too.
exec_json() {
    rm -f "$T/report.json"
    thimble exec --json "$T/report.json" "$@"
}
report() { python3 -c "import json,sys; d = json.load(open(sys.argv[1])); print(d$1)" "$T/report.json"; }
is() { # is NAME PYTHON-CONDITION: it holds for the report d
    python3 -c "import json,sys; d = json.load(open(sys.argv[1])); sys.exit(not ($2))" "$T/report.json"
    ok "$1" $?
}

# -- real programs: a limit under which they run, one under which malloc's NULL makes them end by themselves ------------
if command -v jq >/dev/null; then
    thimble exec --heap 2M --stack 64K -- jq -n '[range(100)] | add'
    expect "jq__runs_in_2_mb" 0 '^4950$' 'requests [0-9]+, 0 failed'
    thimble exec --board esp32 --stack 64K -- jq -n '1+1'
    expect "jq__tells_that_an_esp32_is_too_small" 134 '^error: cannot allocate memory' 'malloc of [0-9]+ bytes failed' 'at jv_mem_alloc'
else
    skip "jq__" "no jq"
fi
if command -v xz >/dev/null; then
    seq 5000 >"$T/numbers"
    thimble exec --heap 4M --stack 64K -- xz -0 -k "$T/numbers"
    [ "$STATUS" -eq 0 ] && xz -dc "$T/numbers.xz" | cmp -s - "$T/numbers"
    ok "xz__compresses_in_4_mb" $?
    rm -f "$T/numbers.xz"
    thimble exec --board esp32 --stack 64K -- xz -6 -k "$T/numbers"
    expect "xz__gets_enomem_on_an_esp32" 1 'Cannot allocate memory' 'failed .request [0-9]+.: [0-9]+ bytes were free'
    [ ! -e "$T/numbers.xz" ]
    ok "xz__that_failed_wrote_nothing" $?
else
    skip "xz__" "no xz"
fi
SQL='create table t(x); with recursive c(x) as (select 1 union all select x+1 from c limit 3000) insert into t select x from c; select sum(x) from t;'
if command -v sqlite3 >/dev/null; then
    thimble exec --heap 400K --stack 64K -- sqlite3 :memory: "$SQL"
    expect "sqlite3__runs_in_400_kb" 0 '^4501500$' ', 0 failed'
    thimble exec --heap 80K --stack 64K -- sqlite3 :memory: "$SQL"
    [ "$STATUS" -ne 0 ] && [ "$STATUS" -lt 128 ] && grep -q 'out of memory' "$T/err" && grep -q 'bytes failed' "$T/err"
    ok "sqlite3__says_out_of_memory_in_80_kb" $?
else
    skip "sqlite3__" "no sqlite3"
fi
if command -v re2c >/dev/null; then
    printf '/*!re2c\n re2c:define:YYCTYPE = char;\n re2c:yyfill:enable = 0;\n [0-9]+ { return 1; }\n * { return 0; }\n*/\n' >"$T/scan.re"
    thimble exec --heap 16M --stack 256K -- re2c "$T/scan.re" -o "$T/scan.c"
    expect "re2c__runs_in_16_mb" 0 'requests [0-9]+, 0 failed'
    grep -q 'return 1' "$T/scan.c"
    ok "re2c__wrote_its_scanner" $?
    thimble exec --heap 24K --stack 256K -- re2c "$T/scan.re" -o "$T/scan2.c"
    [ "$STATUS" -ne 0 ] && grep -q 'bytes failed (request' "$T/err"
    ok "re2c__fails_in_24_kb_and_the_request_is_told" $?
else
    skip "re2c__" "no re2c"
fi

# -- programs of our own -------------------------------------------------------------------------------------------------
TFLITE=$THIMBLE_TOOLS/exec_tflite
if [ -x "$TFLITE" ]; then
    "$TFLITE" "$DEMO/keyword.tflite" 20000 >"$T/free.out"
    exec_json -- "$TFLITE" "$DEMO/keyword.tflite" 20000
    [ "$STATUS" -eq 0 ] && cmp -s "$T/out" "$T/free.out"
    ok "tflite__gives_the_same_output_on_an_esp32" $?
    is "tflite__needs_what_it_asked_for" '20000 + 11744 < d["heap"]["peak"] < 45000 and d["requests"]["failed"] == 0'
    thimble exec --heap 30K -- "$TFLITE" "$DEMO/keyword.tflite" 20000
    expect "tflite__fails_where_it_should" 3 '^no memory for the arena$' 'malloc of 20000 bytes failed' 'exec_tflite.c:[0-9]+'
    exec_json -- "$TFLITE" "$DEMO/keyword.tflite" 150000
    is "tflite__enough_bytes_in_pieces_are_not_enough" 'd["requests"]["failures"][0]["largest"] < 150000 < d["requests"]["failures"][0]["free"]'
else
    skip "tflite__" "the interpreter is built with sanitizers"
fi
CXX=$THIMBLE_TOOLS/exec_cxx
if [ -x "$CXX" ]; then
    thimble exec --stack 16K -- "$CXX" 1000
    expect "cxx__runs_and_its_new_handler_is_asked" 0 'mean 2.997 of 1000' 'operator new\[\] of 3000 bytes failed'
    thimble exec --stack 16K --heap 40K -- "$CXX" 10000
    expect "cxx__new_throws_bad_alloc" 3 '^std::bad_alloc$' 'operator new of 32768 bytes failed'
else
    skip "cxx__" "no C++ compiler"
fi

# -- what the board offers: the same as thimble run's boards have ------------------------------------------------------
for profile in "$THIMBLE_SOURCE"/profiles/boards/*.yaml; do
    board=$(basename "$profile" .yaml)
    exec_json --board "$board" -- "$PROBE" idle
    is "${board}__gives_a_program_its_heap" 'd["exit_status"] == 0 and d["heap"]["largest_at_start"] > 0'
done
serve "$DEMO"
thimble run --board esp32 --model "$URL/keyword.tflite" --cacert "$CA"
cp "$T/out" "$T/run.out"
boot=$(awk '$3 == "boot" { print $4, $5 }' "$T/run.out")
exec_json --board esp32 -- "$PROBE" idle
[ "$(report '["heap"]["free_at_start"]') $(report '["heap"]["largest_at_start"]')" = "$boot" ]
ok "esp32__has_the_heap_that_thimble_run_has_after_boot" $?
network=$(awk '$3 == "network" { print $4, $5 }' "$T/run.out")
exec_json --board esp32 --with-network -- "$PROBE" idle
[ "$(report '["heap"]["free_at_start"]') $(report '["heap"]["largest_at_start"]')" = "$network" ]
ok "with_network__has_the_heap_that_is_left_then" $?

# -- the calls, in both word sizes --------------------------------------------------------------------------------------
probes() { # WORD PROBE
    local w=$1 p=$2
    thimble exec --stack 32K -- "$p" calls
    expect "calls_${w}__give_what_they_promise" 0 ', 3 failed'
    exec_json --stack 32K -- "$p" churn 20000
    is "churn_${w}__keeps_contents_and_alignment" 'd["exit_status"] == 0 and d["requests"]["count"] == 20000'
    thimble exec -- "$p" leak 1000
    expect "leak_${w}__ends_in_null" 3 '^NULL in round 230$' 'at leak \(exec_probe.c:[0-9]+\)' 'by main'
    thimble exec -- "$p" dive 20
    expect "stack_${w}__overflow_is_told_as_such" 12 'stack overflow: main used more than 8192 bytes' 'dive \(exec_probe.c' 'was stopped there'
    exec_json -- "$p" dive 4
    is "stack_${w}__depth_is_measured" '4000 < d["stack"]["used"] < 6500 and d["stack"]["size"] == 8192'
    thimble exec --stack 64K -- "$p" dive 20
    expect "stack_${w}__can_be_larger" 0 'of 65536 bytes at most'
    thimble exec -- "$p" overrun 40
    expect "overrun_${w}__is_found_at_the_next_free" 12 'the heap is damaged at 0x3ff' 'at overrun'
    thimble exec -- "$p" twice 100
    expect "double_free_${w}__ends_as_on_the_board" 12 'damaged|no block in use' 'at twice'
    thimble exec --heap 64K -- "$p" beyond 100000
    expect "beyond_${w}__the_region_is_a_fault" 12 'past the end of heap region heap, at 0x20010000' 'at beyond'
    exec_json --stack 32K -- "$p" threads 8
    is "threads_${w}__are_serialised_and_counted" 'd["exit_status"] == 0 and d["threads"] == 9 and d["requests"]["count"] > 16000'
    exec_json --stack 32K -- "$p" signals 100
    is "signals_${w}__in_the_middle_of_malloc_do_no_harm" 'd["exit_status"] == 0 and d["requests"]["live_at_end"] == 0'
    exec_json --stack 32K -- "$p" forks 500000
    is "fork_${w}__the_childs_failure_is_not_ours" 'd["exit_status"] == 3 and d["requests"]["failed"] == 0'
    exec_json --stack 32K -- "$p" execs 40000
    is "exec_${w}__is_followed" 'd["exit_status"] == 0 and d["requests"]["largest"] == 40000 and d["requests"]["count"] == 1'
    thimble exec -- "$p" segv 0
    expect "segv_${w}__the_programs_own_handler_answers" 42
    thimble exec -- "$p" segv 20
    expect "segv_${w}__a_handler_does_not_hide_an_overflow" 12 'stack overflow: main used more than 8192'
    exec_json -- "$p" maps 100000
    is "mmap_${w}__is_told" 'd["exit_status"] == 0 and d["past_malloc"] == 100000 and d["heap"]["peak"] == 0'
    thimble exec --stack 32K -- "$p" leaves 7
    expect "exit_${w}__handlers_still_have_a_heap" 7 'ended with status 7'
    exec_json --stack 32K -- "$p" quick 5
    is "_exit_${w}__has_a_report" 'd["exit_status"] == 5 and d["heap"]["free_at_end"] < d["heap"]["free_at_start"]'
}
probes 64 "$PROBE"
thimble exec --stack 32K -- "$PROBE" spawns
expect "children__that_become_other_programs_are_free" 0 'ended with status 0'
thimble exec --align 0 -- "$PROBE" overrun 2
expect "align_0__leaves_no_padding_that_hides_an_overrun" 12 'the heap is damaged'
if [ -x "${PROBE}_32" ]; then
    probes 32 "${PROBE}_32"
    thimble exec -- "${PROBE}_32" take 1000
    ! grep -q '64-bit' "$T/err"
    ok "report_32__says_nothing_of_64_bits" $?
    exec_json -- "${PROBE}_32" take 1000
    is "align_32__is_the_allocators_own" 'd["padding_at_peak"] == 0 and d["bits"] == 32 and d["heap"]["peak"] == 1028'
else
    skip "32_bit__" "this compiler makes no 32-bit programs"
fi

# -- every allocator ----------------------------------------------------------------------------------------------------
for allocator in $("$THIMBLE" heap allocators | awk '{ print $1 }'); do
    sed "s/^  name: esp_multi_heap_tlsf_light.*/  name: $allocator/" "$THIMBLE_SOURCE/profiles/boards/esp32.yaml" >"$T/other.yaml"
    thimble exec --board "$T/other.yaml" --heap 200K --stack 32K -- "$PROBE" calls
    expect "${allocator}__calls_give_what_they_promise" 0 ', 3 failed'
    thimble exec --board "$T/other.yaml" --heap 200K -- "$PROBE" churn 20000
    expect "${allocator}__keeps_contents_and_alignment" 0 ', 0 failed'
    thimble exec --board "$T/other.yaml" --heap 200K -- "$PROBE" leak 1000
    expect "${allocator}__ends_in_null" 3 '^NULL in round (19[0-9]|20[0-4])$'
done

# -- options and statuses -----------------------------------------------------------------------------------------------
thimble exec -- "$PROBE" take 1000
expect "report_64__tells_what_64_bits_cost" 0 '64-bit +pointers' 'align +[0-9]+ bytes of the peak'
thimble exec --quiet -- "$PROBE" take 1000
[ "$STATUS" -eq 0 ] && [ ! -s "$T/err" ]
ok "quiet__says_nothing_when_nothing_failed" $?
thimble exec --quiet -- "$PROBE" take 300000
expect "quiet__still_tells_a_failure" 3 'malloc of 300000 bytes failed'
thimble exec --stack 32K --error-exitcode 99 -- "$PROBE" calls
expect "error_exitcode__replaces_a_status_of_0" 99 '3 failed'
thimble exec --error-exitcode 99 -- "$PROBE" take 1000
expect "error_exitcode__leaves_success_alone" 0
thimble exec -- "$PROBE" crash 9
expect "signal__is_128_and_its_number" 137 'killed by signal 9'
sed 's/^  overflow: canary.*/&\n  tasks_max: 4/; s/^name: .*/name: few/' "$THIMBLE_SOURCE/profiles/boards/esp32.yaml" >"$T/few.yaml"
thimble exec --board "$T/few.yaml" --stack 32K --error-exitcode 98 -- "$PROBE" threads 8
expect "tasks_max__more_threads_are_told" 98 '9 threads at once: the board has at most 4 tasks'
exec_json --charge-startup -- "$PROBE" idle
is "charge_startup__counts_constructors" '5000 < d["heap"]["peak"] < 8000 and d["requests"]["count"] > 0'
exec_json -- "$PROBE" idle
is "startup__is_told_and_not_charged" 'd["heap"]["peak"] == 0 and d["startup"] >= 5000'
echo "plain words" | "$THIMBLE" exec --heap 400K --stack 32K -- cat >"$T/out" 2>"$T/err"
STATUS=$?
expect "standard_streams__are_the_programs" 0 '^plain words$'

# -- what cannot be run --------------------------------------------------------------------------------------------------
thimble exec
expect_error "usage__without_a_program" 2 'the program is missing'
thimble exec --stack 32K "$PROBE" take 1000 --quiet
expect "options__end_at_the_program" 0 'ended with status 0'
thimble exec -- nosuchprogram
expect_error "missing_program__is_127_as_with_env" 127 'nosuchprogram: no such program'
echo text >"$T/text"
thimble exec -- "$T/text"
expect_error "not_executable__is_126_as_with_env" 126 'may not be executed'
chmod +x "$T/text"
thimble exec -- "$T/text"
expect_error "no_elf__is_refused" 2 'no ELF program'
printf '#!/bin/sh\n' >"$T/script"
chmod +x "$T/script"
thimble exec -- "$T/script"
expect_error "script__is_refused_with_advice" 2 'it is a script: .*/bin/sh SCRIPT'
thimble exec -- "$THIMBLE_TOOLS/exec_static" idle
expect_error "static__is_refused" 2 'linked statically'
cp "$PROBE" "$T/setuid" && chmod u+s "$T/setuid"
thimble exec -- "$T/setuid" idle
expect_error "setuid__is_refused" 2 'setuid'
head -c 200 "$PROBE" >"$T/cut" && chmod +x "$T/cut"
thimble exec -- "$T/cut"
expect_error "cut_off_elf__is_refused" 2 'cut: it is'
thimble exec --heap 10 -- "$PROBE" idle
expect_error "heap__too_small_for_the_allocator" 2 'too small'
thimble exec --align 12 -- "$PROBE" idle
expect_error "align__that_is_no_power_of_two" 2 "align '12'"
thimble exec --json "$T/nosuch/report.json" --quiet -- "$PROBE" idle
expect_error "json__into_a_missing_folder_is_named" 2 'nosuch/report.json'
THIMBLE_EXEC=0 LD_PRELOAD=$(dirname "$THIMBLE")/preload/libthimble-preload.so "$PROBE" take 1000000
ok "library__without_thimble_does_nothing" $?
finish
