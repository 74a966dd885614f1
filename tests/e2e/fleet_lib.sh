# tests/e2e/fleet_lib.sh -- what the tests of fleets share: a folder with a model, scenarios, looks at a database.
. "$(dirname "$0")/lib.sh"
export TMPDIR=$T # of the fleet's own server
cd "$T" || exit 1
mkdir models
cp "$DEMO/keyword.tflite" models/keyword.tflite

# scenario NAME BOARDS SERVER: $T/NAME.yaml
scenario() {
    cat >"$T/$1.yaml" <<END
name: $1
seed: 11
groups:
  - {name: kitchen, board: esp32, count: $(($2 * 4 / 5)), model: keyword.tflite, switch_on_s: 600, skew_s: 30}
  - {name: hall, board: esp32-s3, count: $(($2 / 5)), model: keyword.tflite, store: ab-crc}
server: $3
rollout:
  version: "1.1"
  poll_s: 3600
  waves:
    - {name: canary, percent: 10}
    - {name: rest, percent: 95, at_s: 86400}
faults:
  - {kind: power-cut, percent: 8}
  - {kind: full-storage, percent: 8, value: 1}
  - {kind: bad-blocks, percent: 8}
  - {kind: bit-flips, percent: 4, value: 100000}
  - {kind: cut-link, percent: 8, value: 2000}
  - {kind: failed-alloc, percent: 8}
  - {kind: bad-link, percent: 8}
END
}

content() { sqlite3 "$1" 'SELECT * FROM boards ORDER BY id' | sha256sum; }
same() { [ -n "$(sqlite3 "$1" 'SELECT 1 FROM boards LIMIT 1')" ] && [ "$(content "$1")" = "$(content "$2")" ]; }
count() { sqlite3 "$1" "SELECT count(*) FROM boards WHERE $2"; }
sound() { [ "$(sqlite3 "$1" 'PRAGMA integrity_check')" = ok ]; }
