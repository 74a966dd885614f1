#!/usr/bin/env bash
# tests/bench/fleet.sh THIMBLE FOLDER [BOARDS...] -- full boards (boot, fetch, store on SPIFFS, load, infer) as a fleet: how many a second,
# what a board costs this PC by step, and the memory of many at once. BOARDS: sizes of the fleets; default: 100 1000 10000. Judges nothing.
set -euo pipefail
thimble=$1 work=$2
sizes=("${@:3}")
[ ${#sizes[@]} -gt 0 ] || sizes=(100 1000 10000)
here=$(cd "$(dirname "$0")" && pwd)
kws=${THIMBLE_SHARED:-$here/../../../shared}/models/kws_ref.tflite # 54 KB
[ -f "$kws" ] || kws=$here/../../demo/spotter-smart.tflite
mkdir "$work/models"
cp "$kws" "$work/models/kws.tflite"
cd "$work"

scenario() { # scenario NAME SERVER
    printf 'name: %s\ngroups:\n  - {name: all, board: esp32, count: 1, model: kws.tflite, timeout_ms: 60000}\nserver: %s\n' "$1" "$2" >"$1.yaml"
}

measure() { # measure NAME BOARDS OPTION...
    printf '%-8s %6s boards: ' "$1" "$2"
    rm -f run.db*
    "$thimble" fleet run "$1.yaml" -o run.db --boards "$2" --quiet --stats "${@:3}" 2>&1 >/dev/null | sed 's/^on this PC: //'
}

scenario offline '{folder: models, offline: true}'
scenario https '{folder: models}'
for name in offline https; do
    for n in "${sizes[@]}"; do measure $name "$n"; done
done
measure https 1000 --jobs 1000

# A server that stops in the middle of the body keeps a thousand alive, until all are.
alive=1000
"$thimble" serve models --port 0 --state state --ready-file ready --quiet --fault stall=50000 >/dev/null &
server=$!
trap 'kill $server' EXIT
until [ -s ready ]; do sleep 0.1; done
scenario stalled "{url: \"https://localhost:$(cat ready)/{model}\", cacert: state/ca.pem}"
"$thimble" fleet run stalled.yaml -o stalled.db --boards $alive --jobs $alive --quiet --stats >/dev/null 2>stats &
fleet=$!
children() { echo "$(<"/proc/$1/task/$1/children")"; }
boards() { children "$(children $fleet | tr -d ' ')" 2>/dev/null | wc -w; }
for _ in $(seq 240); do
    [ "$(boards)" -lt $alive ] || break
    sleep 0.5
done
sleep 3 # for the last ones to get so far, and a look at the memory
kill -TERM $fleet && sleep 0.3 && kill -TERM $fleet 2>/dev/null
wait $fleet 2>/dev/null || true
printf 'alive    %6s boards: ' $alive
sed 's/.*memory: //' stats
