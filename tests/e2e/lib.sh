# tests/e2e/lib.sh -- TAP for scripts that run the built binary. Source it; end with `finish`.
# Every script has its own temporary folder ($T), which goes with it, as does every server it starts.
set -u
: "${THIMBLE:?the built binary}" "${THIMBLE_SOURCE:?the source tree}"
T=$(mktemp -d)
SERVERS=()
N=0
BAD=0
DEMO=$THIMBLE_SOURCE/demo

cleanup() {
    for pid in "${SERVERS[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
    rm -rf "$T"
}
trap cleanup EXIT

ok() { # ok NAME STATUS
    N=$((N + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $N - $1"
    else
        BAD=$((BAD + 1))
        echo "not ok $N - $1"
        { echo "$1:"; cat "$T/out" "$T/err" 2>/dev/null | head -n 40; } >&2
    fi
}

skip() { # skip NAME WHY
    N=$((N + 1))
    echo "ok $N - $1 # SKIP $2"
}

# thimble ARGUMENT...: its standard output in $T/out, standard error in $T/err, exit status in $STATUS.
thimble() {
    "$THIMBLE" "$@" >"$T/out" 2>"$T/err" </dev/null
    STATUS=$?
}

# expect NAME STATUS [PATTERN...]: the last run ended so, and its output or messages match every (extended) pattern.
expect() {
    local name=$1 want=$2 pattern
    shift 2
    [ "$STATUS" -eq "$want" ] || { echo "exit status $STATUS, expected $want" >&2; ok "$name" 1; return; }
    for pattern in "$@"; do
        cat "$T/out" "$T/err" | grep -qE -- "$pattern" || { echo "nothing matches: $pattern" >&2; ok "$name" 1; return; }
    done
    ok "$name" 0
}

# expect_error NAME STATUS [PATTERN...]: as expect, and the message is exactly one line.
expect_error() {
    [ "$(wc -l <"$T/err")" -eq 1 ] || { echo "not one line of message" >&2; ok "$1" 1; return; }
    expect "$@"
}

# serve DIR [OPTION...]: start a model server on a free port; sets $URL and $CA.
serve() {
    local dir=$1 state=$T/state.$RANDOM
    shift
    rm -f "$T/ready"
    "$THIMBLE" serve "$dir" --port 0 --state "$state" --ready-file "$T/ready" --quiet "$@" >"$T/serve.out" 2>"$T/serve.err" &
    SERVERS+=($!)
    for _ in $(seq 200); do
        [ -s "$T/ready" ] && break
        sleep 0.05
    done
    [ -s "$T/ready" ] || { echo "Bail out! thimble serve did not start: $(cat "$T/serve.err")"; exit 1; }
    URL=https://localhost:$(cat "$T/ready")
    CA=$state/ca.pem
}

# json PATH-EXPRESSION: a value of the JSON in $T/out, by python-like path: json '["arena"]["used"]'
json() { python3 -c "import json,sys; d = json.load(open(sys.argv[1])); print(d$1)" "$T/out"; }

# Install thimble into a folder of its own, where pkg-config finds it.
install_thimble() {
    DESTDIR=$T/root "$MESON" install -C "$THIMBLE_BUILD" --no-rebuild >"$T/out" 2>"$T/err" || return 1
    PKG_CONFIG_PATH=$(dirname "$(find "$T/root" -name thimble.pc)")
    export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR=$T/root
}

# build_firmware NAME.c [FLAG...]: $T/NAME.so, with nothing but what pkg-config says.
build_firmware() {
    # shellcheck disable=SC2046
    cc -O1 -g -Wall -Wextra -shared -fPIC -o "$T/$(basename "$1" .c).so" "$1" "${@:2}" $(pkg-config --cflags --libs thimble) \
        >"$T/out" 2>"$T/err"
}

finish() {
    echo "1..$N"
    [ "$BAD" -eq 0 ]
}
