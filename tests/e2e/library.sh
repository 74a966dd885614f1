# tests/e2e/library.sh -- libthimble in programs of one's own: installed, built with pkg-config and make alone, run, and failing.
. "$(dirname "$0")/lib.sh"

install_thimble
ok "install__into_a_folder_of_its_own" $?
# As if that were the prefix.
unset PKG_CONFIG_SYSROOT_DIR
PREFIX=$T/root$(pkg-config --variable=prefix thimble)
sed -i "s|^prefix=.*|prefix=$PREFIX|" "$PKG_CONFIG_PATH/thimble.pc"
THIMBLE_EMULATOR=$(find "$T/root" -name libthimble-emulator.so)
export THIMBLE_EMULATOR
[ -d "$(pkg-config --variable=demodir thimble)" ]
ok "pkg_config__knows_the_demo_models" $?

# A sanitized emulator wants a program that is one, too.
san=
[ "$THIMBLE_SANITIZED" = none ] || san=-fsanitize=$THIMBLE_SANITIZED
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_odr_violation=0
unset CMOCKA_MESSAGE_OUTPUT # of our own tests

# ---- the headers ----

bad=
for h in $(cd "$PREFIX/include" && find thimble -name '*.h'); do
    echo "#include <$h>" >"$T/alone.c"
    for language in "cc -xc -std=c11" "c++ -xc++ -std=c++17"; do
        command -v "${language%% *}" >/dev/null || continue
        # shellcheck disable=SC2046,SC2086
        $language -Wall -Wextra -pedantic -Werror -fsyntax-only "$T/alone.c" $(pkg-config --cflags thimble) >"$T/out" 2>"$T/err" || bad+=" $h"
    done
done
[ -z "$bad" ] || echo "# not alone:$bad"
[ -z "$bad" ]
ok "headers__compile_alone_as_c_and_cpp" $?

# ---- what is exported ----

{ echo thm_device_api_1; sed -n 's/^ *\([A-Za-z_0-9]*\);.*/\1/p' "$THIMBLE_SOURCE/emu/firmware/exports.txt"; } | sort >"$T/wanted"
nm -D --defined-only "$THIMBLE_EMULATOR" | sed 's/.* //' | sort >"$T/exported"
cmp -s "$T/wanted" "$T/exported"
ok "emulator__exports_its_entry_and_a_firmwares_services_alone" $?
diff "$T/wanted" "$T/exported" >&2

missing=
for f in $(grep -oE '\bthm_device_[a-z_]+\(' "$PREFIX/include/thimble/device.h" | tr -d '(' | sort -u); do
    nm --defined-only "$(find "$PREFIX" -name libthimble.a)" 2>/dev/null | grep -q " T $f\$" || missing+=" $f"
    grep -q "$f" "$THIMBLE_SOURCE/docs/thimble.3.scd" || missing+=" $f(page)"
done
[ -z "$missing" ] || echo "# missing:$missing"
[ -z "$missing" ]
ok "header__has_only_what_the_library_has_and_the_man_page_tells" $?

# ---- the example ----

cp -r "$THIMBLE_SOURCE/docs/examples" "$T/examples"
make -C "$T/examples" >"$T/out" 2>"$T/err" && make -C "$T/examples" firmware_test CFLAGS="-O1 -g -Wall -Wextra $san" >"$T/out" 2>"$T/err" &&
    [ ! -s "$T/err" ]
ok "example__is_built_without_a_warning" $?
check() { # the example's tests, as make check runs them
    make -C "$T/examples" check >"$T/out" 2>"$T/err" </dev/null
    STATUS=$?
}
variant() { # variant FILE SED: the example with a fault in it
    cp "$THIMBLE_SOURCE/docs/examples/$1" "$T/examples/$1"
    sed -i "$2" "$T/examples/$1"
    ! cmp -s "$THIMBLE_SOURCE/docs/examples/$1" "$T/examples/$1" &&
        make -C "$T/examples" >"$T/out" 2>"$T/err" && make -C "$T/examples" firmware_test CFLAGS="-O1 -g $san" >"$T/out" 2>"$T/err" && check
    cp "$THIMBLE_SOURCE/docs/examples/$1" "$T/examples/$1"
}
check
expect "example__tests_pass" 0 '\[  PASSED  \] 9 test\(s\)' '[0-9]+ boards switched on'
grep '^# .*boards' "$T/out"
variant firmware_test.c 's/"ab-crc"/"overwrite"/'
expect "example__fails_where_a_power_cut_loses_the_model" 2 'FAILED.*power_cut__at_every_operation'
variant firmware_test.c 's/, RING);/, WING);/'
expect "example__fails_where_the_label_is_another" 2 'FAILED.*model__fits_and_knows_a_ring'
variant gesture_node.c 's|"/model.new"|"/a-name-that-is-too-long-for-the-file-system"|'
expect "example__fails_where_the_firmware_is_broken" 2 'FAILED.*node__takes_the_newer_model'

# ---- the test in docs/ci.md ----

mkdir -p "$T/tests" "$T/models"
cp "$DEMO/keyword.tflite" "$T/models/"
{
    printf '#include <%s.h>\n' setjmp stdarg stddef stdint cmocka thimble/device
    sed -n '/^```c$/,/^```$/p' "$THIMBLE_SOURCE/docs/ci.md" | grep -v '^```'
    echo 'int main(void) { const struct CMUnitTest t[] = { cmocka_unit_test(update__survives_a_power_cut_anywhere) };'
    echo 'return cmocka_run_group_tests(t, NULL, NULL); }'
} >"$T/tests/page.c"
# shellcheck disable=SC2046,SC2086
cc -O1 -g -Wall -Wextra -Werror $san -o "$T/tests/page" "$T/tests/page.c" $(pkg-config --cflags --libs thimble cmocka) >"$T/out" 2>"$T/err" &&
    (cd "$T/tests" && ./page >"$T/out" 2>"$T/err" </dev/null)
ok "ci__test_of_the_page_passes" $?

# ---- programs around it ----

probe() { # probe NAME STATUS PATTERN... -- ARGUMENT...
    local name=$1 want=$2 patterns=()
    shift 2
    while [ "$1" != -- ]; do patterns+=("$1"); shift; done
    shift
    "$T/probe" "$@" >"$T/out" 2>"$T/err" </dev/null
    STATUS=$?
    expect "$name" "$want" "${patterns[@]}"
}
build_firmware "$THIMBLE_SOURCE/tests/e2e/firmware/cases.c"
cat >"$T/plus.cpp" <<'END'
#include <thimble/firmware.h>
extern "C" int main(void) { delete[] new char[10]; char *all = new char[300000]; delete[] all; return 0; }
END
# shellcheck disable=SC2046
c++ -fno-exceptions -fPIC -c -o "$T/plus.o" "$T/plus.cpp" $(pkg-config --cflags thimble) && cc -shared -o "$T/plus.so" "$T/plus.o" $(pkg-config --libs thimble)
for language in "cc -xc -std=gnu11" "c++ -xc++ -std=gnu++17"; do
    as=${language%% *}
    # shellcheck disable=SC2046,SC2086
    $language -O1 -g -Wall -Wextra -Werror $san -o "$T/probe" "$THIMBLE_SOURCE/tests/e2e/library/probe.c" -xnone $(pkg-config --cflags --libs thimble)
    ok "probe__is_built_with_$as" $?
    probe "model_in_flash__works_from_$as" 0 'arena 5[0-9]{3} of 5[0-9]{3}, low water below, output int8 4, label [0-3], version 1\.0\.0' \
        '^0 0 : $' -- works "$DEMO/gesture.tflite"
    probe "firmware__has_its_services_from_$as" 0 '^0 0 : ' -- firmware "$T/cases.so"
    probe "cpp_firmware__has_the_boards_operator_new_from_$as" 0 '^1 10 .*operator new\(300000\) failed' -- firmware "$T/plus.so"
done
probe "many_boards__leave_nothing_open" 0 '^descriptors 0$' '^0 0 : $' -- repeats "$DEMO/gesture.tflite"
probe "copy__is_a_device_of_its_own" 0 '^0$' '^1 1[0-9] ' -- copies "$DEMO/gesture.tflite"
probe "mistakes__the_first_is_told" 0 "^2 2 : esp32 has no storage 'nvram'" -- errs_twice
probe "mistakes__no_model_is_one" 0 '^2 2 : .*neither a model nor a firmware' -- has_nothing
probe "mistakes__missing_file_is_one" 0 '^2 2 : .*nosuch.tflite: No such file' -- works "$T/nosuch.tflite"
ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 probe "pc__that_fails_is_not_the_board" 0 '^3 20 : ' -- no_descriptors "$DEMO/gesture.tflite"
THIMBLE_EMULATOR=/nowhere.so probe "emulator__that_is_missing_is_told" 3 'trouble: /nowhere.so: ' -- works
THIMBLE_EMULATOR=libm.so.6 probe "emulator__that_is_none_is_told" 3 "trouble: .*thm_device_api_1" -- works
if [ "$THIMBLE_SANITIZED" = none ]; then
    # shellcheck disable=SC2046
    cc -O1 -g -fsanitize=address,undefined -o "$T/probe" "$THIMBLE_SOURCE/tests/e2e/library/probe.c" $(pkg-config --cflags --libs thimble)
    probe "sanitized_program__works_with_a_plain_emulator" 0 '^0 0 : $' -- repeats "$DEMO/gesture.tflite"
else
    skip "sanitized_program" "the emulator is one itself"
fi
finish
