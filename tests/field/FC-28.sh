# FC-28: small files, large clusters
# Source: jkearins/ESP32_mkfatfs issue 4: in an image of 1 MB, packing stops after 241 files of about 300 bytes
# Cause: each file takes a cluster of 4096 bytes; an image of 1 MB has about 250 of them
# Remedy: clusters of 512 bytes
# Expected: full after as many files as there are clusters, less the directory's; about 8 times as many with the remedy
. "$(dirname "$0")/../e2e/lib.sh"

# fill CLUSTER: how many files of 300 bytes go into 1 MB; $CLUSTERS are those of the volume
fill() {
    truncate -s 0 "$T/volume.img" && truncate -s 1M "$T/volume.img"
    printf '%s\n' "format|12|$1|0|" describe "mkdir|d" "fill|d/F|300|1" | tr '|' '\t' | "$FAT_IMAGE" "$T/volume.img" >"$T/out" 2>"$T/err"
    CLUSTERS=$(sed -n 's/^clusters: //p' "$T/out")
    FILES=$(sed -n 's/ files$//p' "$T/out")
}

fill 4096
LARGE=$FILES
[ "$CLUSTERS" -eq 251 ] && [ "$LARGE" -eq $((CLUSTERS - 2)) ]
ok "FC-28__one_cluster_a_file_and_two_for_the_directory" $?
fill 512
[ "$FILES" -ge $((LARGE * 7)) ] && [ "$FILES" -le $((LARGE * 8)) ]
ok "FC-28__clusters_of_512_bytes_hold_8_times_as_many" $?
finish
