# FC-31: 65536 x 65536 = 0 bytes
# Source: tensorflow/tflite-micro issues 3551, 3588, 3637 (2026)
# Cause: a shape's product in an int wraps to 0 (65536 x 65537: to 65536): a small tensor, and a kernel that writes past it
# Remedy: check the product
# Expected: the model is refused (14), on every board, and nothing is written out of bounds
. "$(dirname "$0")/../e2e/lib.sh"
for kind in wrap wrap-near; do
    "$THIMBLE_TOOLS/make_field_model" $kind >"$T/$kind.tflite"
    thimble infer "$T/$kind.tflite"
    expect_error "FC-31__${kind}_is_refused" 14 "tensor's shape is negative or too large"
done
thimble fit "$T/wrap.tflite" "$T/wrap-near.tflite" --json
python3 - "$T/out" 2>"$T/err" <<'P'
import json, sys
bad = [(c["board"], c["exit_status"], c["failure"]) for c in json.load(open(sys.argv[1]))["cells"] if c["exit_status"] != 14]
assert not bad, bad
P
ok "FC-31__every_board_refuses_both" $?
finish
