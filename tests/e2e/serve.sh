# tests/e2e/serve.sh -- `thimble serve`: starts, says where, stops when asked, refuses what it cannot do.
. "$(dirname "$0")/lib.sh"

mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/"
serve "$T/models"
expect_ready() { grep -q "https://localhost:" "$T/serve.out" && grep -q "ca.pem" "$T/serve.out" && [ -s "$CA" ]; }
expect_ready
ok "serve__says_its_url_and_where_its_ca_is" $?
[ "$(stat -c %a "$(dirname "$CA")"/*key* | sort -u)" = 600 ]
ok "serve__private_keys_are_private" $?
port=${URL##*:}
thimble serve "$T/models" --port "$port" --state "$T/other"
expect_error "serve__port_in_use_is_told" 20 "$port"
for signal in TERM INT; do
    serve "$T/models"
    kill -s $signal "${SERVERS[-1]}"
    wait "${SERVERS[-1]}"
    ok "serve__ends_cleanly_on_SIG$signal" $?
    unset 'SERVERS[-1]'
done
thimble serve "$T/models" --port 70000
expect_error "serve__impossible_port_is_refused" 2 '70000'
thimble serve "$T/models" --fault frob
expect_error "serve__unknown_fault_is_named" 2 'frob'
finish
