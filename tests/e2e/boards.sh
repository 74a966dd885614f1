# `thimble boards`: what a person and what a program get to see.
n=0
ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi; }
out=$(mktemp -d) && trap 'rm -rf "$out"' EXIT

"$THIMBLE" boards > "$out/list" && grep -q '^esp32 ' "$out/list" && grep -q '^esp32-s3-psram ' "$out/list"
ok $? "list__names_the_shipped_boards"

wide=0
for args in "" --keys --help $("$THIMBLE" boards | sed -nE 's/^([a-z0-9-]+) +[a-z0-9+-]+ [0-9.]+ MHz.*/\1/p'); do
    LC_ALL=C "$THIMBLE" boards $args > "$out/text" || wide=1
    LC_ALL=C awk 'length > 80 || /[^ -~]/ { bad = 1 } END { exit bad }' "$out/text" || wide=1
done
ok $wide "text__is_ascii_within_80_columns_in_the_c_locale"

LC_ALL=C.UTF-8 "$THIMBLE" boards esp32 | grep -q '█▒'
ok $? "map__has_block_characters_in_a_utf8_locale"

LC_ALL=C "$THIMBLE" boards esp32 > "$out/map"
grep -q '3FFE4350 .* diram1 *113840 ' "$out/map" && grep -q '00290000 .* spiffs .* 1408K ' "$out/map" &&
    grep -q 'malloc: 277680 in 4$' "$out/map" && grep -q 'largest block 110580$' "$out/map" && grep -q '16717 and 16717 bytes' "$out/map"
ok $? "map__shows_heaps_partitions_and_figures"

"$THIMBLE" boards --json > "$out/a" && "$THIMBLE" boards --json > "$out/b" && cmp -s "$out/a" "$out/b"
ok $? "json__is_the_same_bytes_each_time"

if command -v python3 > /dev/null; then
    python3 - "$out/a" << 'END'
import json, sys
boards = {b["name"]: b for b in json.load(open(sys.argv[1]))["boards"]}
b = boards["esp32"]
assert b["totals"]["heap_bytes"] == sum(h["size"] for h in b["heaps"])
assert b["heaps"][3] == {"name": "diram1", "type": "D/IRAM", "base": 0x3FFE4350, "size": 113840, "at_startup": True}
assert b["application"]["boot_largest"] == b["application"]["network_largest"] == 110580
assert boards["pico"]["network"]["link"] is None and boards["pico"]["application"]["network_free"] == 0
assert b["cores"][0]["clock_hz"] == 240000000 and b["flash"]["partitions"][4]["size"] == 0x160000
END
    ok $? "json__parses_and_has_the_profile"
else
    n=$((n + 1)); echo "ok $n - json__parses_and_has_the_profile # SKIP no python3"
fi

missing=0
for key in $("$THIMBLE" boards --keys | sed -n 's/^\([a-z].*\)  (.*)$/\1/p'); do
    tr -d '\\' < "$THIMBLE_SOURCE/docs/thimble-profile.5.scd" | grep -qF "*$key*" || { echo "# undocumented: $key"; missing=1; }
done
ok $missing "manual__has_every_key"

"$THIMBLE" boards no-such-board 2> "$out/err" > "$out/stdout"
[ $? = 2 ] && [ ! -s "$out/stdout" ] && [ "$(wc -l < "$out/err")" = 1 ]
ok $? "unknown_board__is_one_line_and_status_2"

mkdir "$out/boards" && sed 's/base: 0x3FFE4350/base: 0x3FFE3F00/' "$THIMBLE_SOURCE/profiles/boards/esp32.yaml" > "$out/boards/wrong.yaml"
"$THIMBLE" --profile-dir "$out" boards 2> "$out/err" > "$out/list"
[ $? = 2 ] && grep -q '^esp32-s3 ' "$out/list" &&
    grep -q 'wrong.yaml:[0-9]*: heaps\[3\].base: .*overlaps heaps\[2\]' "$out/err" && [ "$(wc -l < "$out/err")" = 1 ]
ok $? "list__reports_a_wrong_profile_and_shows_the_others"

"$THIMBLE" boards esp32 esp32-s3 2> /dev/null; [ $? = 2 ] && { "$THIMBLE" boards --keys esp32 2> /dev/null; [ $? = 2 ]; }
ok $? "usage__of_two_boards_or_keys_with_a_board_is_status_2"
echo "1..$n"
