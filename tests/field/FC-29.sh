# FC-29: a file of 0 bytes after a reset
# Source: bakerstu/openmrn issue 306: a configuration on an SD card has 0 bytes after a restart; espressif/arduino-esp32 issue 1173;
#   greiman/SdFat issue 81: lost chains
# Cause: FatFs writes size and first cluster into the directory when a file is closed or synchronised, and not before
# Remedy: fsync(), or close, after every change that matters
# Expected: power lost before that: the entry has 0 bytes, its clusters are allocated and nobody's; once closed, the file is there
. "$(dirname "$0")/../e2e/lib.sh"
IMG=$T/volume.img

fat() { tr '|' '\t' | "$FAT_IMAGE" "$IMG" "$@" >"$T/out" 2>"$T/err"; }
fresh() { truncate -s 0 "$IMG" && truncate -s 16M "$IMG" && echo 'format|16|2048|0|' | fat; }

last=-1
for cut in {0..40}; do
    fresh
    echo 'put|CONFIG.BIN|6563|1' | fat "$cut" && break
    last=$cut
done
[ "$last" -ge 4 ]
ok "FC-29__writing_the_file_takes_several_programs" $?
fresh
echo 'put|CONFIG.BIN|6563|1' | fat "$last" # the very last one: all data are on the card
echo "extract|$T/files" | fat && [ -e "$T/files/CONFIG.BIN" ] && [ ! -s "$T/files/CONFIG.BIN" ]
ok "FC-29__without_the_last_one_the_file_is_empty" $?
echo check | fat
[ $? -eq 1 ] && grep -q '^4 clusters (8192 bytes) are allocated and belong to no file' "$T/out"
ok "FC-29__and_its_clusters_are_lost" $?
printf '%s\n' repair check 'put|CONFIG.BIN|6563|1' check "extract|$T/files" | fat && [ "$(wc -c <"$T/files/CONFIG.BIN")" -eq 6563 ]
ok "FC-29__closed_it_is_there" $?
finish
