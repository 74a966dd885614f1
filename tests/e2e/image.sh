#!/usr/bin/env bash
# tests/e2e/image.sh -- `thimble image` from outside: files in and out, exit statuses, nothing half done.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
n=0
failed=0

# check NAME STATUS COMMAND...: run it, compare the exit status; its output stays in out and err.
check()
{
    local name=$1 want=$2
    shift 2
    "$@" >o.tmp 2>e.tmp </dev/null
    local got=$?
    if [ "$1" = "$THIMBLE" ]; then # the next checks look at them
        mv o.tmp out
        mv e.tmp err
    fi
    n=$((n + 1))
    if [ "$got" -eq "$want" ]; then
        echo "ok $n - $name"
    else
        echo "not ok $n - $name: status $got, expected $want"
        sed 's/^/# /' err
        failed=1
    fi
}

mkdir -p d/sub
head -c 30000 /dev/urandom >d/model.tflite
echo hello >d/sub/x
cat >p.csv <<'CSV'
# Name, Type, SubType, Offset, Size
nvs,    data, nvs,    0x9000, 0x5000
app0,   app,  ota_0,  ,       1M
spiffs, data, spiffs, ,       256K
CSV

check "create makes a volume" 0 "$THIMBLE" image create v.img --size 64K
check "create does not overwrite" 2 "$THIMBLE" image create v.img --size 64K
check "create needs a size" 2 "$THIMBLE" image create w.img
check "create makes a flash with files" 0 "$THIMBLE" image create f.img --size 2M --table p.csv d
check "ls lists them" 0 "$THIMBLE" image ls f.img
check "... by name" 0 grep -q ' 30000 /model.tflite$' out
check "ls with the partition's name" 0 "$THIMBLE" image ls f.img:spiffs --json
check "... as JSON" 0 grep -q '"name": "/sub/x"' out
check "a wrong partition names the right ones" 2 "$THIMBLE" image ls f.img:data
check "..." 0 grep -q 'nvs, app0, spiffs' err
check "get writes the file" 0 "$THIMBLE" image get f.img model.tflite got
check "... unchanged" 0 cmp got d/model.tflite
check "cat writes to standard output" 0 "$THIMBLE" image cat f.img sub/x
check "..." 0 cmp out d/sub/x
check "put replaces" 0 "$THIMBLE" image put f.img d/sub/x /model.tflite
check "..." 0 "$THIMBLE" image get f.img /model.tflite got
check "..." 0 cmp got d/sub/x
check "put takes standard input" 0 bash -c '"$THIMBLE" image put f.img - /in < d/model.tflite'
check "..." 0 bash -c '"$THIMBLE" image cat f.img in | cmp - d/model.tflite'
check "df shows the device's numbers" 0 "$THIMBLE" image df f.img
check "..." 0 grep -q '^bytes: 233681 total' out

cp f.img before.img
head -c 300000 /dev/urandom >big
head -c 3000000 /dev/zero >many
check "put of too much is the board's failure" 11 "$THIMBLE" image put f.img big
check "... with code, need and what is free" 0 grep -Eq 'SPIFFS_ERR_FULL -10001.*300000 bytes need [0-9]+ .* of 233681 are free' err
check "... and changes nothing" 0 cmp f.img before.img
check "rm of one that is not there removes none" 2 "$THIMBLE" image rm f.img in nosuch
check "..." 0 cmp f.img before.img
check "rm removes" 0 "$THIMBLE" image rm f.img in
check "..." 2 "$THIMBLE" image cat f.img in
check "a name too long is refused" 2 "$THIMBLE" image put f.img d/sub/x /0123456789012345678901234567890123
check "check finds nothing" 0 "$THIMBLE" image check f.img

# The second lookup entry gone: that data page is listed by an index, but not in use.
check "a file in the volume" 0 "$THIMBLE" image put v.img d/model.tflite
printf '\000\000' | dd of=v.img bs=1 seek=2 conv=notrunc status=none
check "check finds a hole in the table" 1 "$THIMBLE" image check v.img
check "check repairs" 0 "$THIMBLE" image check --repair v.img
check "... for good" 0 "$THIMBLE" image check v.img
check "... and the file is whole" 0 "$THIMBLE" image get v.img model.tflite got
check "..." 0 cmp got d/model.tflite
check "create packs a folder" 0 "$THIMBLE" image create t.img --size 256K d
check "get -r gives it back" 0 "$THIMBLE" image get -r t.img / back
check "... unchanged" 0 diff -r d back
check "get -r of a part" 0 "$THIMBLE" image get -r t.img sub part
check "..." 0 diff -r d/sub part
check "get -r of nothing" 2 "$THIMBLE" image get -r t.img nosuch part2
check "tree draws folders" 0 "$THIMBLE" image tree t.img
check "..." 0 grep -q '^└── sub/$' out
check "... and what is in them" 0 grep -q '^    └── x  6$' out
check "tree as JSON" 0 "$THIMBLE" image tree t.img --json
check "..." 0 jq -e '.entries[1].entries[0].size == 6' out
check "put -r stores a folder under its name" 0 "$THIMBLE" image put -r t.img d/sub
check "... or another" 0 "$THIMBLE" image put -r t.img d/sub other/place
check "..." 0 "$THIMBLE" image cat t.img other/place/x
check "mv renames" 0 "$THIMBLE" image mv t.img other/place/x y
check "..." 0 "$THIMBLE" image cat t.img /y
check "mv of nothing" 2 "$THIMBLE" image mv t.img nosuch z
check "rm of a folder needs -r" 2 "$THIMBLE" image rm t.img sub
check "rm -r removes it" 0 "$THIMBLE" image rm -r t.img sub
check "... and only it" 0 "$THIMBLE" image ls t.img --json
check "..." 0 jq -e '[.files[].name] | sort == ["/model.tflite", "/y"]' out
check "a flat file system has no directories" 2 "$THIMBLE" image mkdir t.img x
check "dump shows superblock and map" 0 "$THIMBLE" image dump f.img
check "... the partitions" 0 grep -q '0x00110000     262144  data/spiffs      spiffs' out
check "... the geometry" 0 grep -q '^page size: 256$' out
check "... the pages" 0 grep -Eq '^ +0  m[#mx.]{15}$' out
check "... without colour in a file" 1 grep -q $'\033' out
check "dump of one page" 0 "$THIMBLE" image dump t.img --hex 0
check "... is 16 lines" 0 [ "$(grep -c '^000000[0-9a-f]0' out)" -eq 16 ]
check "dump of a page that is not there" 2 "$THIMBLE" image dump t.img --hex 1024
check "wear by the blocks' numbers" 0 "$THIMBLE" image wear t.img
check "..." 0 grep -q '^64 blocks of 4096 bytes' out
head -c 2048 /dev/zero >f.img.wear
printf '\007' | dd of=f.img.wear bs=1 seek=$((272 * 4)) conv=notrunc status=none # the partition's first sector
check "wear by the counters beside the image" 0 "$THIMBLE" image wear f.img --json
check "..." 0 jq -e '.source == "counters" and .maximum == 7 and (.erases | length) == 64 and .erases[0] == 7' out
check "... with the chip's endurance" 0 "$THIMBLE" image wear f.img --board esp32
check "..." 0 grep -q '^endurance: 100000 erases' out
check "repair of what is right" 0 "$THIMBLE" image repair t.img
check "create as a board has it" 0 "$THIMBLE" image create b.img --board esp32
check "..." 0 [ "$(stat -c %s b.img)" -eq $((0x160000)) ]
head -c $((0x290000)) /dev/zero | tr '\0' '\377' >dump.img
cat b.img >>dump.img
head -c $((0x10000)) /dev/zero >>dump.img
check "a dump without a table" 2 "$THIMBLE" image ls dump.img
check "... is read as its board's" 0 "$THIMBLE" image put dump.img d/sub/x --board esp32:spiffs
check "..." 0 "$THIMBLE" image cat dump.img x --board esp32
check "a storage that the board has not" 2 "$THIMBLE" image ls dump.img --board esp32:sd
printf '\353\166\220EXFAT   ' >x.img
truncate -s 64K x.img
check "exFAT is refused by name" 2 "$THIMBLE" image ls x.img
check "..." 0 grep -q 'exFAT' err
check "a file system that there is not" 2 "$THIMBLE" image ls t.img --fs zfs
check "an image that is in use is not changed" 20 flock t.img "$THIMBLE" image put t.img d/sub/x
check "... but read" 0 flock t.img "$THIMBLE" image ls t.img
mkdir state && cp f.img state/flash.bin
check "a state folder stands for its flash" 0 "$THIMBLE" image ls state:spiffs
check "... which a board uses" 20 flock state "$THIMBLE" image put state d/sub/x
if "$THIMBLE" image create card.img --fs fat --mbr --size 16M d 2>err; then
    check "a card's partition is found" 0 "$THIMBLE" image ls -r card.img
    check "... by its number, too" 0 "$THIMBLE" image cat card.img:1 sub/x
    check "..." 0 cmp out d/sub/x
    check "... and shown" 0 "$THIMBLE" image dump card.img:p1
    check "..." 0 grep -q '^a card with a master boot record of 16777216 bytes' out
    check "... clusters, too" 0 "$THIMBLE" image dump card.img --hex 0
    check "..." 0 [ "$(sed 1d out | cut -c 11-58 | tr -d ' \n')" = "$(head -c 2048 d/model.tflite | od -An -v -tx1 | tr -d ' \n')" ]
    check "a partition that the card has not" 2 "$THIMBLE" image ls card.img:p2
    check "a card's table changes with the volume only" 0 "$THIMBLE" image put card.img d/sub/x sub/y
fi
check "--mbr is for cards" 2 "$THIMBLE" image create w.img --fs spiffs --mbr --size 16M
check "a name that leads out" 0 "$THIMBLE" image put t.img d/sub/x ../up
check "... stays in" 2 "$THIMBLE" image get -r t.img / leads
check "... and says why" 0 grep -q "cannot be a name on this computer" err
for fs in eefs fat littlefs; do
    "$THIMBLE" image create $fs.img --fs $fs --size 2M d 2>&1 | grep -q 'unknown file system' && continue
    check "$fs: packs a folder, and is found" 0 "$THIMBLE" image get -r $fs.img / $fs.out
    check "... unchanged" 0 diff -r d $fs.out
    check "$fs: df" 0 "$THIMBLE" image df $fs.img --json
    check "..." 0 jq -e --arg fs $fs '.fs == $fs and .volume == 2097152 and .used > 30000 and .free > 0' out
    check "$fs: put into a folder" 0 "$THIMBLE" image put $fs.img d/model.tflite sub/m
    check "$fs: replaces" 0 "$THIMBLE" image put $fs.img d/model.tflite sub/x
    check "..." 0 "$THIMBLE" image cat $fs.img sub/x
    check "..." 0 cmp out d/model.tflite
    check "$fs: mv" 0 "$THIMBLE" image mv $fs.img sub/m sub/n
    check "$fs: too much" 11 "$THIMBLE" image put $fs.img many
    check "$fs: rm -r" 0 "$THIMBLE" image rm -r $fs.img sub
    check "..." 0 "$THIMBLE" image tree $fs.img --json
    check "..." 0 jq -e '[.entries[].name] == ["model.tflite"]' out
    check "$fs: check" 0 "$THIMBLE" image check $fs.img
    check "$fs: dump" 0 "$THIMBLE" image dump $fs.img
    check "..." 0 grep -q "^file system: $fs" out
    check "$fs: wear" 0 "$THIMBLE" image wear $fs.img
done
check "rubbish is not an image" 2 "$THIMBLE" image ls big
check "a folder is not an image" 2 "$THIMBLE" image ls d
check "no such image" 2 "$THIMBLE" image ls nosuch.img
check "no verb" 2 "$THIMBLE" image
check "unknown verb" 2 "$THIMBLE" image fly f.img
check "too few arguments" 2 "$THIMBLE" image cat f.img

printf '# fs=spiffs\n# config: {"page_size": 256, "block_size": 4096, "phys_erase_size": 4096, "image_size": 65536, "obj_name_len": 32, "meta_len": 4}\n#n\top\tres\textra\tused\n0\tmount\t0\t-\t0\n1\twrite /a 5 1\t5\tsize=5\t502\n' >t.trace
check "replay of a right trace" 0 "$THIMBLE" image replay t.trace
sed 's/502$/503/' t.trace >u.trace
check "replay stops at a difference" 1 "$THIMBLE" image replay u.trace
check "... and says where and what" 0 grep -q 'u.trace:5: used: expected 503, got 502' err
check "replay of something else" 2 "$THIMBLE" image replay p.csv
check "help" 0 "$THIMBLE" image --help
check "... within 80 columns" 1 grep -Eq '^.{81}' out

echo "1..$n"
exit $failed
