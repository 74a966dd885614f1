# FAT volumes against dosfstools and mtools: ours pass fsck.fat and mtools reads the same bytes; theirs are read and
# written by us and still pass. fat_image.c is the hand on our side.
. "$(dirname "$0")/lib.sh"
FAT=$THIMBLE_TOOLS/fat_image
export PATH=$PATH:/sbin:/usr/sbin MTOOLS_SKIP_CHECK=1 TZ=UTC LC_ALL=C.UTF-8
for tool in mkfs.fat fsck.fat mcopy mdir mdel mmd; do
    command -v $tool >/dev/null && continue
    skip "fat__${tool}_is_not_installed" "needs dosfstools and mtools"
    finish
    exit
done
IMG=$T/volume.img

# make SIZE: an empty file, for a volume
make() { rm -f "$IMG" && truncate -s "$1" "$IMG"; }
# fat [CUT] <COMMANDS: words separated by '|'
fat() { tr "|" "\t" | "$FAT" "$IMG" "$@" >"$T/out" 2>"$T/err"; }
clean() { fsck.fat -n "$IMG" >"$T/out" 2>&1; }
# same_files: mtools reads the same tree as we do
same_files() {
    rm -rf "$T/ours" "$T/theirs" && mkdir "$T/theirs"
    echo "extract|$T/ours" | fat || return 1
    mcopy -s -n -Q -i "$IMG" '::/*' "$T/theirs" >"$T/out" 2>"$T/err" || return 1
    diff -r "$T/ours" "$T/theirs" >"$T/out" 2>&1
}

# ---- volumes that we make ----

# busy: many files, long names, deep directories, holes and what lies in them
busy() {
    local i dir=
    for i in {1..60}; do echo "put|file number $i with a long name.tflite|$((i * 137))|$i"; done
    for i in {1..12}; do dir="$dir/deep $i" && echo "mkdir|$dir" && echo "put|$dir/MODEL$i.BIN|$((i * 600))|$i"; done
    echo "mkdir|models"
    for i in {1..90}; do echo "put|models/m$i.tfl|$((i * 11))|$i"; done
    for i in {1..60..2}; do echo "rm|FILE NUMBER $i with a long name.TFLITE"; done
    echo "put|in the holes.bin|90000|7"
    for i in {1..5}; do echo "append|A.LOG|700|$i" && echo "append|b.log|900|$i"; done
    echo "mv|models/m7.tfl|moved out of there.tfl"
    echo "mv|deep 1/deep 2/deep 3|models/deep three"
    echo "trunc|in the holes.bin|33000"
    echo "trunc|b.log|9000"
    echo "put|lower.txt|10|1"
    echo "put|UPPER.txt|10|1"
    echo "put|Größe ändern.csv|100|2"
    echo "put|模型.bin|100|3"
    echo "put|.profile|5|1"
    echo "put|many.dots.in.it.tar.gz|5|1"
    echo "put|+plus,comma=equal[].x|5|1"
    echo "check"
}

for layout in '12 2M 0' '12 3M 1024' '16 16M 0' '16 5M 512' '32 40M 512' '32 300M 0'; do
    read -r bits size cluster <<<"$layout"
    name="ours__FAT${bits}_of_${size}_clusters_${cluster}"
    make "$size"
    { echo "format|$bits|$cluster|0|models" && busy; } | fat
    ok "${name}_takes_everything" $?
    clean
    ok "${name}_passes_fsck" $?
    same_files
    ok "${name}_is_read_by_mtools" $?
    mdir -/ -b -i "$IMG" :: 2>"$T/err" | sed 's,^::/,,; s,/$,,' | sort >"$T/names"
    (cd "$T/ours" && find . -mindepth 1 | sed 's,^\./,,' | sort) | diff - "$T/names" >"$T/out"
    ok "${name}_lists_the_same_names" $?
done

for layout in '12 1M 512' '16 5M 512' '32 40M 512'; do
    read -r bits size cluster <<<"$layout"
    make "$size"
    { printf '%s\n' "format|$bits|$cluster|0|" "mkdir|d" "fill|d/f|$((${size%M} * 10000))|3" check; } | fat && clean && same_files
    ok "ours__FAT${bits}_full_to_the_last_cluster" $?
done

make 5M
{ printf '%s\n' "format|16|512|32|" && for i in {1..32}; do echo "put|F$i.BIN|10|$i"; done; } | fat && clean
ok "ours__32_root_entries_hold_32_files" $?
echo "put|G.BIN|10|1" | fat
[ $? -eq 2 ] && grep -q 'FR_DENIED' "$T/err" && clean
ok "ours__a_full_root_directory_is_FR_DENIED" $?

# ---- volumes that they make ----

words() { od -An -v -tx1 -j"$1" -N"$2" "$IMG"; }
layout() { # what the boot sector says of the layout, but for the hidden sectors, serial and label
    words 11 17
    words 32 "$1"
    words 510 2
}
same=0
for options in '0 64K' '0 1M' '0 1440K' '0 2880K' '0 3M' '0 4M' '0 5M' '0 8M' '0 15M' '0 32M' '0 33M' '0 64M' '0 128M' \
    '0 256M' '0 300M' '0 511M' '0 512M' '0 1G' '0 9G' '0 33G' '12 15M' '12 40M' '16 15361K' '32 40M' '32 300M' '16 256M'; do
    read -r bits size <<<"$options"
    force=()
    [ "$bits" -eq 0 ] || force=(-F "$bits")
    make "$size"
    mkfs.fat "${force[@]}" "$IMG" >"$T/out" 2>&1 || { echo "mkfs.fat $options" >&2; same=1; continue; }
    extent=7 # up to the serial number
    [ "$(words 22 2)" != ' 00 00' ] || extent=35
    layout $extent >"$T/theirs.txt"
    make "$size"
    echo "format|$bits|0|0|" | fat
    layout $extent | diff - "$T/theirs.txt" >"$T/out" || { echo "layout differs: $options" >&2; same=1; }
    clean || { echo "fsck: $options" >&2; same=1; }
done
ok "format__lays_out_what_mkfs_fat_does" $same

mkdir -p "$T/tree/sub/sub sub" "$T/tree/empty"
for i in {1..40}; do head -c $((i * 997)) </dev/urandom >"$T/tree/some file $i.bin"; done
cp "$T/tree/some file 40.bin" "$T/tree/sub/sub sub/Forty.Bin"
cp "$T/tree/some file 3.bin" "$T/tree/sub/Überlänge.dat"
for options in '-F 12 -s 1 1500K' '-F 12 3M' '-F 16 -s 1 6M' '-F 16 16M' '-F 32 -s 1 40M' '-F 16 -S 1024 32M' '-F 12 -S 4096 8M' '-f 1 -F 16 16M'; do
    # shellcheck disable=SC2086
    set -- $options
    size=${!#}
    make "$size"
    name="theirs__${options// /_}"
    # shellcheck disable=SC2086
    mkfs.fat ${options% *} "$IMG" >"$T/out" 2>&1 &&
        mcopy -s -i "$IMG" "$T/tree"/* :: >"$T/out" 2>&1 &&
        mdel -i "$IMG" '::/some file 1*.bin' >"$T/out" 2>&1 &&
        mcopy -i "$IMG" "$T/tree/some file 40.bin" '::/in the holes.bin' >"$T/out" 2>&1
    ok "${name}_is_made" $?
    same_files
    ok "${name}_is_read" $?
    printf '%s\n' "rm|some file 2.bin" "put|ours too, in the holes.bin|50000|1" "append|IN THE HOLES.BIN|5000|2" "mkdir|sub/ours" \
        "mv|some file 33.bin|sub/ours/thirty-three" "trunc|some file 38.bin|100" "rm|empty" check | fat && clean && same_files
    ok "${name}_is_written" $?
done

# ---- damage: our check agrees with fsck.fat, and what we mend it finds clean ----

cuts=0
agree=0
for layout in '12 1M' '16 5M' '32 40M'; do
    read -r bits size <<<"$layout"
    make "$size"
    printf '%s\n' "format|$bits|512|0|" "put|old.bin|3000|1" "mkdir|d" "put|d/keep.bin|5000|2" | fat
    cp --sparse=always "$IMG" "$T/before.img"
    for cut in {0..40}; do
        cp --sparse=always "$T/before.img" "$IMG"
        printf '%s\n' "put|old.bin|2500|3" "mkdir|d/a new directory" "put|d/a new directory/another.bin|4000|4" "mv|d/keep.bin|kept elsewhere.bin" \
            "rm|old.bin" | fat "$cut"
        [ $? -eq 3 ] && cuts=$((cuts + 1))
        clean
        theirs=$?
        echo check | fat
        [ $? -eq $theirs ] || { echo "FAT$bits cut at $cut: fsck.fat says $theirs" >&2; cat "$T/out" >&2; agree=1; }
        printf 'repair\ncheck\n' | fat && clean || { echo "FAT$bits cut at $cut: not mended" >&2; agree=1; }
    done
done
[ $cuts -gt 60 ] && [ $agree -eq 0 ]
ok "check__agrees_with_fsck_after_power_cuts" $?

# poke NAME OFFSET HEX...: change bytes of a volume with two files, then compare verdicts and mend
poke() {
    local name=$1 off=$2 theirs
    make 5M
    printf '%s\n' "format|16|512|64|" "put|A.BIN|2000|1" "put|a long name.bin|2000|2" "mkdir|d" "put|d/x|600|3" | fat
    printf "$3" | dd of="$IMG" bs=1 seek="$off" conv=notrunc status=none
    [ -z "${4:-}" ] || printf "$4" | dd of="$IMG" bs=1 seek="$5" conv=notrunc status=none
    clean
    theirs=$?
    echo check | fat
    [ $? -eq 1 ] && [ $theirs -ne 0 ] && printf 'repair\ncheck\n' | fat && clean
    ok "check__finds_and_mends_$name" $?
}
FAT1=512 FAT2=$((512 * 41)) ROOT=$((512 * 81))
[ "$(echo 'format|16|512|64|' | { make 5M; fat; }; words 22 2)" = ' 28 00' ]
ok "check__the_volume_to_poke_is_laid_out_as_thought" $?
both() { poke "$1" $((FAT1 + $2)) "$3" "$3" $((FAT2 + $2)); }
both a_cross_link 14 '\x03\x00'
both a_chain_that_ends_early 4 '\xff\xff'
both a_chain_into_nowhere 4 '\xf0\xff'
both a_chain_into_a_free_cluster 4 '\x00\x10'
both a_chain_in_a_circle 8 '\x02\x00'
both lost_clusters $((300 * 2)) '\x2d\x01\xff\xff'
both a_dirty_volume 2 '\xff\x7f'
poke tables_that_differ $((FAT2 + 4)) '\xff\xff'
poke a_size_too_large $((ROOT + 28)) '\x00\x90'
poke a_size_too_small $((ROOT + 28)) '\x10\x00'
poke a_size_of_0 $((ROOT + 28)) '\x00\x00'
poke a_dirty_mark 37 '\x01'
finish
