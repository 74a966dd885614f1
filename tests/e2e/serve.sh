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

# what it serves beside files
get() { curl --noproxy '*' -s --cacert "$CA" "$@"; }
serve "$T/models"
[ "$(get "$URL/healthz")" = ok ]
ok "serve__says_that_it_is_well" $?
"$THIMBLE" serve "$T/models" --port 0 --state "$T/log.state" --ready-file "$T/log.ready" >"$T/log.out" 2>"$T/log" &
SERVERS+=($!)
for _ in $(seq 200); do [ -s "$T/log.ready" ] && break; sleep 0.05; done
curl --noproxy '*' -s --cacert "$T/log.state/ca.pem" -r 0-9 -o /dev/null "https://localhost:$(cat "$T/log.ready")/gesture.tflite"
for _ in $(seq 100); do [ -s "$T/log" ] && break; sleep 0.05; done
grep -qE '^(127.0.0.1|::1) - - \[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} \+0000\] "GET /gesture.tflite HTTP/1.1" 206 10$' "$T/log"
ok "serve__logs_in_the_common_format" $?

# a certificate of one's own, and clients that must show theirs
make_ca() { # NAME: $T/NAME.pem and its key
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" -keyout "$T/$1.key" -out "$T/$1.pem" 2>/dev/null
}
make_leaf() { # NAME CA: signed by it, for localhost
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout "$T/$1.key" -out "$T/$1.csr" 2>/dev/null
    openssl x509 -req -in "$T/$1.csr" -CA "$T/$2.pem" -CAkey "$T/$2.key" -CAcreateserial -days 2 -out "$T/$1.pem" \
        -extfile <(echo subjectAltName=DNS:localhost,IP:127.0.0.1) 2>/dev/null
}
make_ca mine && make_ca boards && make_leaf server mine && make_leaf board boards && make_leaf stranger mine
run_own() { thimble run --model "$URL/gesture.tflite" --cacert "$T/mine.pem" "$@"; }
serve "$T/models" --cert "$T/server.pem" --key "$T/server.key"
run_own
expect "own_certificate__is_shown" 0
serve "$T/models" --cert "$T/server.pem" --key "$T/server.key" --client-ca "$T/boards.pem"
run_own --cert "$T/board.pem" --key "$T/board.key"
expect "client_certificate__opens_the_door" 0
run_own --trace "$T/trace" --cert "$T/board.pem" --key "$T/board.key"
grep -q '"own certificate and key"' "$T/trace"
ok "client_certificate__is_in_the_board_s_heap" $?
run_own
expect_error "client_certificate__missing_is_403" 13 'status 403'
run_own --cert "$T/stranger.pem" --key "$T/stranger.key"
expect_error "client_certificate__of_another_ca_is_not_taken" 13 'status 403|alert|cut'
run_own --cert "$T/board.pem"
expect_error "client_certificate__needs_its_key" 2 'key'
serve "$T/models" --cert "$T/server.pem" --key "$T/server.key" --client-ca "$T/boards.pem" --client-optional
run_own
expect "client_certificate__may_be_left_out_where_it_is_optional" 0
run_own --cert "$T/stranger.pem" --key "$T/stranger.key"
expect_error "client_certificate__that_is_shown_must_be_right" 13 'status 403|alert|cut'
thimble serve "$T/models" --cert "$T/server.pem" --key "$T/board.key"
expect_error "own_certificate__with_another_key_is_refused" 2 'is not the key'
thimble serve "$T/models" --cert "$T/server.pem"
expect_error "own_certificate__without_a_key_is_refused" 2 'go together'
thimble serve "$T/models" --client-ca "$DEMO/gesture.tflite"
expect_error "client_ca__that_is_none_is_refused" 2 'gesture.tflite'

# every fault: what the board says, twice the same
fault() { # FAULT STATUS PATTERN...
    local name=${1%%=*} status=$2
    serve "$T/models" --fault "$1"
    shift 2
    thimble run --model "$URL/gesture.tflite" --cacert "$CA" --timeout 1000 --json
    cp "$T/out" "$T/first"
    thimble run --model "$URL/gesture.tflite" --cacert "$CA" --timeout 1000 --json
    expect "fault_${name}__is_the_board_s_experience" "$status" "$@"
    cmp -s "$T/first" "$T/out"
    ok "fault_${name}__comes_the_same_again" $?
}
fault tls-alert 13 'MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE'
fault chunked 0 'length not told'
fault gzip 14 '1f 8b|gzip'
fault length=5000 14 'message'
fault length=20000 13 'cut after 8736 of 20000'
fault corrupt=4 14 'message'
fault duplicate=1000:100 14 'message'
fault drop=1000:100 14 'message'
fault drip=400000 0 '"exit_status": 0'
fault status=503 13 'status 503'
fault redirect-loop 13 'redirects'
fault cut=3000 13 'cut after 3000 of 8736'
fault stall=3000 13 'no byte for 1000 ms'
fault expired 13 'BADCERT_EXPIRED'
fault wrong-host 13 'BADCERT_CN_MISMATCH'
fault self-signed 13 'BADCERT_NOT_TRUSTED'
fault rsa 0 '"key_type": "RSA-2048"'
fault intermediate 0 '"exit_status": 0'
fault status=404 13 'status 404'
fault no-length 0 '"content_length": -1'
fault delay=100 0 '"exit_status": 0'
fault no-range 0 '"exit_status": 0' # what it does to boards that resume: retries.sh
# every fault that there is
for name in $(sed -nE 's/^ \* ([a-z-]+)[^a-z].*/\1/p' "$THIMBLE_SOURCE/netlink/server_faults.h" | sort -u); do
    grep -qE "^fault $name([= ]|$)" "$0" || { echo "no test of '$name'" >&2; ok "fault_${name}__has_a_test" 1; }
done

# posts
status() { get -o /dev/null -w '%{http_code}' "$@"; }
serve "$T/models"
[ "$(status -d x "$URL/t")" = 405 ]
ok "post__is_refused_without_a_file_for_it" $?
serve "$T/models" --posts "$T/posts"
head -c 65537 /dev/zero | tr '\0' y >"$T/large"
[ "$(status -d '{"a":1}' "$URL/t") $(status --data-binary $'x\ny' "$URL/u") $(status -d '' "$URL/t") $(status --data-binary "@$T/large" "$URL/t")" = '204 204 204 413' ]
ok "post__is_taken_up_to_64_kilobytes" $?
[ "$(cat "$T/posts")" = "$(printf '{"a":1}\nx y\n')" ] && [ "$(wc -l <"$T/posts")" -eq 3 ]
ok "post__each_body_is_a_line" $?
[ "$(status "$URL/gesture.tflite") $(status -X PUT -d x "$URL/t")" = '200 405' ]
ok "post__leaves_other_methods_alone" $?
thimble serve "$T/models" --posts "$T/nowhere/posts"
expect_error "post__file_that_cannot_be_made_is_named" 20 'nowhere/posts: No such file'
finish
