# tests/e2e/mount.sh -- `thimble mount` with the tools that people use on folders.
. "$(dirname "$0")/lib.sh"

M=$T/m
mkdir "$M"
unmount_all() {
    fusermount3 -u "$M" 2>/dev/null || fusermount3 -uz "$M" 2>/dev/null
    cleanup
}
trap unmount_all EXIT

skip_all() { # skip_all WHY
    skip "mount" "$1"
    finish
    exit
}
[ -w /dev/fuse ] || skip_all "no /dev/fuse"
command -v fusermount3 >/dev/null || skip_all "no fusermount3 (package fuse3)"
mkdir -p "$T/d/sub/deep"
thimble image create "$T/probe.img" --size 64K
thimble mount "$T/probe.img" "$M"
grep -q 'this build has no FUSE' "$T/err" && skip_all "built without FUSE"
expect "mount__of_a_volume_succeeds" 0
thimble mount -u "$M"
expect "mount__unmount_succeeds" 0

# yes_no NAME COMMAND...: it succeeds.
succeeds() {
    local name=$1
    shift
    "$@" >"$T/out" 2>"$T/err" </dev/null
    ok "$name" $?
}
# refused NAME PATTERN COMMAND...: it fails, and says so.
refused() {
    local name=$1 pattern=$2
    shift 2
    "$@" >"$T/out" 2>"$T/err" </dev/null && { ok "$name" 1; return; }
    grep -q -- "$pattern" "$T/err"
    ok "$name" $?
}
mounted() { thimble mount "$@" "$M" && [ "$STATUS" -eq 0 ]; } # mounted [OPTION]... IMAGE
unmounted() { thimble mount -u "$M" && [ "$STATUS" -eq 0 ]; }

head -c 40000 /dev/urandom >"$T/d/model.tflite"
echo hello >"$T/d/sub/x"
: >"$T/d/sub/empty"
for i in $(seq 30); do head -c $((i * 37)) /dev/urandom >"$T/d/sub/deep/$i"; done
cat >"$T/p.csv" <<'C'
nvs,    data, nvs,    0x9000, 0x5000
app0,   app,  ota_0,  ,       1M
spiffs, data, spiffs, ,       512K
C
thimble image create "$T/f.img" --size 2M --table "$T/p.csv" "$T/d"
cp "$T/f.img" "$T/before.img"

# ---- reading ----
mounted "$T/f.img"
ok "read__whole_flash_is_mounted_by_its_only_volume" $?
succeeds "read__diff_finds_the_same_files" diff -r -x .thimble "$T/d" "$M"
succeeds "read__cp_takes_everything" cp -r "$M/sub" "$T/copy"
succeeds "read__the_copy_is_the_same" diff -r "$T/d/sub" "$T/copy"
succeeds "read__rsync_takes_everything" rsync -a --checksum "$M/sub/" "$T/synced/"
succeeds "read__what_rsync_took_is_the_same" diff -r "$T/d/sub" "$T/synced"
[ "$(find "$M" -path "$M/.thimble" -prune -o -type f -print | wc -l)" -eq 33 ]
ok "read__find_sees_every_file" $?
tar -C "$M" --exclude=.thimble -cf - . | tar -C "$T" -xf - --one-top-level=untarred
diff -r "$T/d" "$T/untarred" >"$T/out"
ok "read__tar_packs_everything" $?
[ "$(stat -c %s "$M/model.tflite")" -eq 40000 ] && [ "$(stat -c %F "$M/sub/deep")" = directory ]
ok "read__stat_tells_size_and_kind" $?
cmp -s <(dd if="$M/model.tflite" bs=777 skip=11 count=5 status=none) <(dd if="$T/d/model.tflite" bs=777 skip=11 count=5 status=none)
ok "read__dd_reads_from_the_middle" $?
want=$(md5sum <"$T/d/model.tflite")
readers=()
for i in 1 2 3 4 5 6; do
    (for _ in 1 2 3 4 5; do [ "$(md5sum <"$M/model.tflite")" = "$want" ] || exit 1; done
        diff -r -x .thimble "$T/d" "$M") &
    readers+=($!)
done
bad=0
for pid in "${readers[@]}"; do wait "$pid" || bad=1; done
ok "read__six_readers_at_once_read_right" $bad
thimble image df "$T/f.img" --json
[ "$(df -B1 --output=size,used,avail "$M" | tail -n 1 | tr -s ' ' | sed 's/^ //')" = "$(json '["total"]') $(json '["used"]') $(json '["free"]')" ]
ok "read__df_tells_the_devices_bytes" $?
for name in mount partitions superblock map wear check; do
    [ -s "$M/.thimble/$name" ] && [ "$(wc -c <"$M/.thimble/$name")" -eq "$(stat -c %s "$M/.thimble/$name")" ]
    ok "read__text_${name}_has_its_size" $?
done
succeeds "read__text_partitions_has_the_table" grep -q 'data/spiffs *spiffs$' "$M/.thimble/partitions"
succeeds "read__text_superblock_has_the_geometry" grep -q '^page size: 256$' "$M/.thimble/superblock"
succeeds "read__text_check_has_the_findings" grep -q '^0 findings$' "$M/.thimble/check"
refused "read__writing_is_refused" 'Read-only file system' touch "$M/new"
refused "read__removing_is_refused" 'Read-only file system' rm "$M/sub/x"
thimble image put "$T/f.img" "$T/d/sub/x" /late
succeeds "read__a_change_of_the_image_is_seen" cmp "$M/late" "$T/d/sub/x"
unmounted
ok "read__unmounts" $?
cp "$T/before.img" "$T/f.img"

# ---- writing ----
mounted --rw "$T/f.img:spiffs"
ok "write__is_mounted" $?
thimble image put "$T/f.img" "$T/d/sub/x"
expect_error "write__image_commands_are_refused_meanwhile" 20 'f.img: is mounted for writing'
thimble image ls "$T/f.img"
expect "write__image_can_be_looked_at_meanwhile" 0 '/sub/x'
succeeds "write__cp_stores_a_folder" cp -r "$T/d/sub" "$M/cp"
succeeds "write__rsync_stores_a_folder" rsync -a "$T/d/sub/deep" "$M/rs/"
tar -C "$T/d" -cf - sub | tar -C "$M/cp" -xf - --no-same-owner
succeeds "write__tar_unpacks" diff -r "$T/d/sub" "$M/cp/sub"
printf J | dd of="$M/sub/x" bs=1 seek=0 conv=notrunc status=none
echo world >>"$M/sub/x"
[ "$(cat "$M/sub/x")" = "$(printf 'Jello\nworld')" ]
ok "write__changes_within_and_appends" $?
truncate -s 3 "$M/cp/x" && truncate -s 9 "$M/cp/x"
[ "$(od -An -c "$M/cp/x" | tr -d ' \n')" = 'hel\0\0\0\0\0\0' ]
ok "write__truncate_cuts_and_fills_with_zeros" $?
succeeds "write__mv_renames_a_file" mv "$M/model.tflite" "$M/cp/m"
succeeds "write__mv_replaces_a_file" mv "$M/cp/m" "$M/cp/x"
succeeds "write__mv_renames_a_folder" mv "$M/cp/deep" "$M/moved"
succeeds "write__what_moved_is_the_same" diff -r "$T/d/sub/deep" "$M/moved"
succeeds "write__rm_removes_a_folder" rm -r "$M/cp/sub"
succeeds "write__mkdir_and_rmdir" rmdir "$(mktemp -d "$M/XXXX")"
refused "write__rmdir_of_a_full_folder_is_refused" 'not empty' rmdir "$M/moved"
refused "write__a_long_name_is_refused" 'File name too long' touch "$M/0123456789012345678901234567890123"
refused "write__texts_are_not_written" 'Permission denied\|Operation not permitted' touch "$M/.thimble/new"
exec 7<"$M/moved/30"
rm "$M/moved/30"
cmp -s - "$T/d/sub/deep/30" <&7
ok "write__a_removed_file_can_be_read_on" $?
exec 7<&-
refused "write__a_full_board_says_so" 'No space left on device' dd if=/dev/zero of="$M/big" bs=1K count=2000
[ "$(stat -c %s "$M/big")" -eq "$(sed -n 's/^\([0-9]*\) bytes.*/\1/p' "$T/err")" ]
ok "write__what_fitted_is_there" $?
succeeds "write__room_comes_back" rm "$M/big"
unmounted
ok "write__unmounts" $?
thimble image check "$T/f.img"
expect "write__the_image_is_sound" 0 '^0 findings'
thimble image get -r "$T/f.img" moved "$T/got"
cp -r "$T/d/sub/deep" "$T/deep"
rm "$T/deep/30"
succeeds "write__image_reads_what_was_written" diff -r "$T/deep" "$T/got"
thimble image get "$T/f.img" /cp/x "$T/x"
succeeds "write__and_what_replaced_another" cmp "$T/x" "$T/d/model.tflite"

# ---- a board ----
sample=$(find "$DEMO/gesture-samples" -name '*.bin' | sort | head -n 1)
thimble run --model "$DEMO/gesture.tflite" --storage spiffs --state "$T/state" --input "$sample"
mounted --rw "$T/state"
ok "board__its_folder_is_mounted" $?
cp "$DEMO/gesture.tflite" "$M/second"
thimble run --model storage:/second --state "$T/state" --input "$sample"
expect_error "board__does_not_run_while_it_is_written" 20 'mounted for writing'
unmounted
wear=$(od -An -v -tu4 "$T/state/flash.bin.wear" | tr -s ' ' '\n' | sort -n | tail -n 1)
thimble run --model storage:/second --state "$T/state" --input "$sample"
expect "board__reads_what_was_written" 0 'model copied to RAM, 8736 bytes' 'output '
[ "$wear" -ge 1 ]
ok "board__erase_counters_count_on" $?
(flock 9 && exec sleep 60) 9<"$T/state" >/dev/null 2>&1 & # as a run does
SERVERS+=($!)
for _ in $(seq 100); do flock -n "$T/state" true || break; sleep 0.05; done
thimble mount --rw "$T/state" "$M"
expect_error "board__is_not_written_while_it_runs" 20 'a board runs on it'
mounted "$T/state"
succeeds "board__is_looked_at_while_it_runs" cmp "$M/second" "$DEMO/gesture.tflite"
kill "${SERVERS[-1]}" && wait "${SERVERS[-1]}" 2>/dev/null
ls "$M" >"$T/before"
thimble run --model "$DEMO/gesture.tflite" --storage spiffs --file /third --state "$T/state" --input "$sample"
expect "board__runs_while_it_is_looked_at" 0 'model copied to RAM, 8736 bytes'
succeeds "board__what_it_has_stored_is_seen" cmp "$M/third" "$DEMO/gesture.tflite"
! grep -q third "$T/before" && ls "$M" | grep -q third
ok "board__and_listed" $?
unmounted

# ---- every file system ----
mkdir -p "$T/few/sub/deep" # EEFS has 64 files at most
cp "$T/d/model.tflite" "$T/few/" && cp "$T/d/sub/x" "$T/few/sub/" && cp "$T/d/sub/deep/"[345] "$T/few/sub/deep/"
for fs in spiffs eefs fat littlefs; do
    thimble image create "$T/$fs.img" --fs $fs --size 2M "$T/few"
    [ "$STATUS" -eq 2 ] && grep -q 'unknown file system' "$T/err" && { skip "${fs}__" "not in this build"; continue; }
    mounted --rw "$T/$fs.img"
    succeeds "${fs}__reads_what_was_packed" diff -r -x .thimble "$T/few" "$M"
    succeeds "${fs}__cp_stores_a_folder" cp -r "$T/few" "$M/copy"
    succeeds "${fs}__rsync_stores_a_folder" rsync -r "$T/few/" "$M/synced"
    (head -c 3000 "$T/few/model.tflite" && echo end) >"$M/twice" && echo again >>"$M/twice"
    cmp -s "$M/twice" <(head -c 3000 "$T/few/model.tflite" && printf 'end\nagain\n')
    ok "${fs}__a_file_grows" $?
    succeeds "${fs}__mv_renames_a_folder" mv "$M/copy" "$M/moved"
    succeeds "${fs}__mv_replaces_a_file" mv "$M/twice" "$M/moved/sub/x"
    succeeds "${fs}__rm_removes_a_folder" rm -r "$M/synced"
    mkdir "$M/folder" && rmdir "$M/folder" && [ ! -e "$M/folder" ]
    ok "${fs}__mkdir_and_rmdir" $?
    refused "${fs}__a_name_too_long_is_told" 'File name too long' touch "$M/$(printf 'n%.0s' $(seq 256))"
    refused "${fs}__full_is_told" 'No space left on device' dd if=/dev/zero of="$M/big" bs=4K count=1000
    rm -f "$M/big"
    grep -q '^0 findings$' "$M/.thimble/check" && [ -s "$M/.thimble/map" ] && [ -s "$M/.thimble/superblock" ]
    ok "${fs}__texts_tell_of_it" $?
    unmounted
    thimble image get -r "$T/$fs.img" moved "$T/$fs.out"
    cp -r "$T/few" "$T/$fs.want" && (head -c 3000 "$T/few/model.tflite" && printf 'end\nagain\n') >"$T/$fs.want/sub/x"
    succeeds "${fs}__image_reads_what_was_written" diff -r "$T/$fs.want" "$T/$fs.out"
    thimble image check "$T/$fs.img"
    expect "${fs}__the_image_is_sound" 0 '^0 findings'
done
thimble image create "$T/s.img" --fs slots --size 128K
mounted --rw "$T/s.img"
cp "$T/d/model.tflite" "$M/model" && cp "$T/d/sub/x" "$M/model" && cmp "$M/model" "$T/d/sub/x" && cmp "$M/model.old" "$T/d/model.tflite"
ok "slots__hold_two_payloads" $?
unmounted

# ---- names that no folder can show as they are ----
thimble image create "$T/n.img" --size 64K
for name in a a/b ../up x//y .thimble/z; do thimble image put "$T/n.img" "$T/d/sub/x" $name; done
mounted "$T/n.img"
[ "$(cd "$M" && find . -path ./.thimble -prune -o -type f -print | sort | tr '\n' ' ')" = './%../up ./%.thimble/z ./a% ./a/b ./x/%/y ' ]
ok "names__get_a_sign_and_can_all_be_read" $?
succeeds "names__are_found" cmp "$M/%../up" "$T/d/sub/x"
unmounted

# ---- bad images ----
for fs in spiffs eefs fat littlefs; do
    [ -e "$T/$fs.img" ] || continue
    thimble image create "$T/bad.img" --fs $fs --size 256K "$T/few"
    for seed in 1 2 3 4; do
        python3 - "$T/bad.img" "$T/$fs.$seed" $seed <<'P'
import random, sys
random.seed(int(sys.argv[3]))
data = bytearray(open(sys.argv[1], "rb").read())
for _ in range(300):  # most of it where the file system keeps its tables
    data[random.randrange(random.choice([4096, 32768, len(data)]))] = random.randrange(256)
open(sys.argv[2], "wb").write(data)
P
        thimble mount --rw --fs $fs "$T/$fs.$seed" "$M"
        if [ "$STATUS" -eq 0 ]; then
            {
                find "$M" -maxdepth 6 -type f -exec md5sum {} +
                cp "$T/few/sub/x" "$M/new"
                timeout 20 rm -rf "${M:?}"/*
                df "$M"
            } >"$T/out" 2>&1
            unmounted
            ok "bad__${fs}_${seed}_is_survived" $?
        else
            expect_error "bad__${fs}_${seed}_is_refused_in_a_line" "$STATUS"
            [ "$STATUS" -eq 11 ] || [ "$STATUS" -eq 2 ]
            ok "bad__${fs}_${seed}_is_the_images_fault" $?
        fi
    done
done
head -c 65536 /dev/urandom >"$T/rubbish"
thimble mount "$T/rubbish" "$M"
expect_error "bad__rubbish_is_no_image" 2 'no known file system'
thimble mount "$T/nosuch.img" "$M"
expect_error "bad__no_such_image" 2 'No such file'
thimble mount "$T/f.img" "$T/nosuch"
expect_error "bad__no_such_folder" 2 'No such file'
thimble mount -u "$M"
expect_error "bad__unmount_of_nothing" 2 'nothing that thimble has mounted'
thimble mount "$T/f.img"
expect_error "bad__no_folder" 2 'an image and a folder are needed'

mounted --rw "$T/f.img"
(cd "$M" && "$THIMBLE" mount -u "$M" 2>"$T/err"; [ $? -eq 20 ] && grep -q 'does a program still use it' "$T/err")
ok "unmount__of_a_folder_in_use_is_refused" $?
kill "$(sed -n 's/^process: //p' "$M/.thimble/mount")"
for _ in $(seq 100); do grep -q " $M fuse" /proc/mounts || break; sleep 0.05; done
! grep -q " $M fuse" /proc/mounts
ok "unmount__by_a_signal" $?
finish
