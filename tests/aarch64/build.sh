#!/bin/sh
# Configure (once) and compile the build for aarch64: build.sh SOURCE FOLDER STAMP [MESON-OPTION...]. Quiet unless it fails.
set -eu
source=$1 folder=$2 stamp=$3
shift 3
log=$folder.log
run() { "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }
[ -f "$folder/build.ninja" ] ||
    run meson setup "$folder" "$source" --cross-file "$source/scripts/cross/aarch64.ini" "$@"
run ninja -C "$folder"
touch "$stamp"
