# tests/e2e/huge.sh -- a model as the C array of 147 MB that its header is: streamed through 1 KB, decoded, stored; never held whole.
. "$(dirname "$0")/lib.sh"

name=wav2letter_pruned_int8
mkdir "$T/www"
thimble zoo "$T/www" --model $name --header
expect "zoo__writes_the_header" 0
[ "$(stat -c %s "$T/www/$name.cc")" -gt 143000000 ]
ok "header__is_larger_than_143_MB" $?
serve "$T/www"

# fetch FILE: over a chunk of 1 KB onto a card; its low water of heap is $LOW, the most that a process of it held $RESIDENT KiB
fetch() {
    python3 - "$THIMBLE" run --board esp32 --storage sd --chunk 1024 --model "$URL/$1" --cacert "$CA" --state "$T/state" --json \
        >"$T/out" 2>"$T/err" <<'P'
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
P
    STATUS=$?
    RESIDENT=$(tail -n 1 "$T/err")
    LOW=$(json '["steps"][-1]["heap_low_water"]')
}
fetch $name.cc
[ "$STATUS" -eq 10 ] && [ "$(json '["failed"]["need"]')" = 23815520 ] # it is stored; then OTA-TinyML's malloc of all of it fails
ok "header__is_stored_before_its_model_does_not_fit_into_the_heap" $?
"$THIMBLE" image get "$T/state/sd.bin" /model.tflite "$T/kept" 2>>"$T/err"
cmp -s "$T/kept" "$T/www/$name.tflite"
ok "header__is_decoded_to_the_model" $?
rm -rf "$T/state" "$T/kept" "$T/www/$name.cc"
of_header=$LOW
echo "# ${RESIDENT} KiB resident at most, of which a card with 23 MB written"
[ "$THIMBLE_SANITIZED" != none ] || [ "$RESIDENT" -lt 65536 ]
ok "header__is_never_held_by_the_PC" $?
fetch $name.tflite
[ "$STATUS" -eq 10 ] && [ "$of_header" = "$LOW" ]
ok "header__takes_no_more_of_the_boards_heap_than_the_file" $?
finish
