# tests/e2e/usage.sh -- wrong usage and bad files: exit status 2, one clear line, nothing half-written; help is right.
. "$(dirname "$0")/lib.sh"

usage_error() { # NAME PATTERN ARGUMENT...
    local name=$1 pattern=$2
    shift 2
    thimble "$@"
    expect_error "$name" 2 "$pattern"
}

"$THIMBLE" >"$T/out" 2>"$T/err"
STATUS=$?
expect "no_command__shows_usage_on_stderr" 2 '^usage: thimble'
[ -s "$T/out" ]
ok "no_command__leaves_stdout_empty" $((! $?))
usage_error "unknown_command__is_named" "unknown command 'frobnicate'" frobnicate
usage_error "run__without_a_model_says_so" 'model URL or FILE is missing' run
usage_error "run__unknown_option_is_named" "unknown option '--frob'" run --frob
usage_error "run__option_without_value_is_named" "'--board' needs a value" run --board
usage_error "run__unknown_board_is_named" 'nosuch' run --board nosuch --model https://localhost:1/x
usage_error "run__bad_size_is_named" 'arena.*banana' run --arena banana --model https://localhost:1/x
usage_error "run__missing_input_is_named" 'nosuch.bin' run --model https://localhost:1/x --input "$T/nosuch.bin"
usage_error "run__missing_cacert_is_named" 'nosuch.pem' run --model https://localhost:1/x --cacert "$T/nosuch.pem"
usage_error "run__unknown_storage_is_named" 'floppy' run --model https://localhost:1/x --storage floppy
usage_error "infer__missing_model_is_named" 'nosuch.tflite' infer "$T/nosuch.tflite"
usage_error "heap__missing_log_is_named" 'nosuch.trace' heap replay --allocator esp_multi_heap_tlsf "$T/nosuch.trace"
usage_error "image__missing_image_is_named" 'nosuch.img' image ls "$T/nosuch.img"
usage_error "serve__missing_folder_is_named" 'nosuch' serve "$T/nosuch"
usage_error "zoo__unknown_model_is_named" 'nosuch' zoo "$T/zoo" --model nosuch
usage_error "boards__unknown_board_is_named" 'nosuch' boards nosuch
head -c 100 /dev/urandom >"$T/noise"
usage_error "image__of_noise_is_refused" 'noise' image ls "$T/noise"
thimble run --model http://localhost:1/x.tflite
expect "run__plain_http_is_refused" 2 'https'
printf 'name: x\nbogus: 1\n' >"$T/bad.yaml"
usage_error "run__bad_profile_has_file_and_line" 'bad.yaml:2' run --board "$T/bad.yaml" --model https://localhost:1/x
left=$(ls "$T" | grep -vE '^(out|err|noise|bad.yaml)$')
[ -z "$left" ]
ok "errors__leave_nothing_behind" $?

"$THIMBLE" --help >"$T/out" 2>"$T/err"
STATUS=$?
expect "help__is_asked_for_and_on_stdout" 0 '^usage: thimble'
commands=$(sed -nE 's/^  ([a-z]+) +.*/\1/p' "$T/out")
for c in $commands; do
    thimble "$c" --help
    wide=$(awk 'length > 80 || / $/' "$T/out" | wc -l)
    [ "$STATUS" -eq 0 ] && [ ! -s "$T/err" ] && [ "$wide" -eq 0 ] && grep -q "^usage: thimble $c" "$T/out"
    ok "help__of_${c}_fits_80_columns" $?
    [ -f "$THIMBLE_SOURCE/docs/thimble-$c.1.scd" ]
    ok "man_page__of_${c}_exists" $?
    missing=$(sed -nE 's/^  (-.,|   ) (--[a-z-]+).*/\2/p' "$T/out" | sort -u | while read -r o; do
        [ "$o" = --help ] || grep -qF -- "$o" "$THIMBLE_SOURCE/docs/thimble-$c.1.scd" || echo "$o"
    done)
    [ -z "$missing" ] || echo "# not in the page: $missing"
    [ -z "$missing" ]
    ok "man_page__of_${c}_has_every_option" $?
done
finish
