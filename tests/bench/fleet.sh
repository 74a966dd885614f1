#!/usr/bin/env bash
# tests/bench/fleet.sh THIMBLE FOLDER [BOARDS] -- full boards (boot, fetch, store on SPIFFS, load, infer) as a fleet: how many a second,
# what a board costs this PC, and the memory of many at once. Judges nothing.
set -euo pipefail
thimble=$1 work=$2 boards=${3:-1000}
here=$(cd "$(dirname "$0")" && pwd)
kws=${THIMBLE_SHARED:-$here/../../../shared}/models/kws_ref.tflite # 54 KB
[ -f "$kws" ] || kws=$here/../../demo/spotter-smart.tflite
mkdir "$work/models"
cp "$kws" "$work/models/kws.tflite"
cd "$work"

scenario() { # scenario NAME SERVER
    printf 'name: %s\ngroups:\n  - {name: all, board: esp32, count: %s, model: kws.tflite, timeout_ms: 60000}\nserver: %s\n' "$1" "$boards" "$2" >"$1.yaml"
}

measure() { # measure NAME OPTION...
    printf '%-8s %6s boards: ' "$1" "${3-$boards}"
    "$thimble" fleet run "$1.yaml" -o "$work/$RANDOM$RANDOM.db" --quiet --stats "${@:2}" 2>&1 >/dev/null | sed 's/^on this PC: //'
}

# The proportional memory (shared pages in parts) of a process and all below it, KiB, and how many they are.
tree() { local p; echo "$1"; for p in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do tree "$p"; done; }
memory() { tree "$1" | while read -r p; do awk '/^Pss:/ { print $2 }' "/proc/$p/smaps_rollup" 2>/dev/null || true; done |
    awk '{ s += $1; n++ } END { print s + 0, n + 0 }'; }

scenario offline '{folder: models, offline: true}'
scenario https '{folder: models}'
for n in 100 "$boards" $((boards * 10)); do measure offline --boards "$n"; done
measure https --boards "$boards"

# A server that stops in the middle of the body keeps them all alive.
"$thimble" serve models --port 0 --state state --ready-file ready --quiet --fault stall=50000 >/dev/null &
server=$!
trap 'kill $server' EXIT
until [ -s ready ]; do sleep 0.1; done
scenario stalled "{url: \"https://localhost:$(cat ready)/{model}\", cacert: state/ca.pem}"
"$thimble" fleet run stalled.yaml -o stalled.db --boards "$boards" --jobs "$boards" --quiet >/dev/null &
fleet=$!
sleep 1
best="0 0"
while [ "${best#* }" -lt $((boards + 2)) ] && kill -0 $fleet 2>/dev/null; do
    now=$(memory $fleet)
    [ "${now#* }" -gt "${best#* }" ] && best=$now
    sleep 1
    [ $((SECONDS)) -lt 300 ] || break
done
kill -TERM $fleet && sleep 0.3 && kill -TERM $fleet
wait $fleet 2>/dev/null || true
echo "alive    ${best#* } processes at once: $((${best% *} / 1024)) MiB resident in all (shared pages counted once)"
