# tests/e2e/nginx.sh -- boards at a server that is not ours: nginx as a plain user, in the test's folder, on the loopback.
. "$(dirname "$0")/lib.sh"

nginx=$(PATH=$PATH:/usr/sbin command -v nginx)
if [ -z "$nginx" ]; then
    skip "nginx__serves_boards" "nginx is not installed"
    finish
    exit
fi

ca() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" -keyout "$T/$1.key" -out "$T/$1.pem" 2>/dev/null
}
leaf() { # NAME CA [KEY-ALGORITHM...]
    openssl req -newkey "${3:-rsa:2048}" -nodes -subj "/CN=$1" -keyout "$T/$1.key" -out "$T/$1.csr" 2>/dev/null
    openssl x509 -req -in "$T/$1.csr" -CA "$T/$2.pem" -CAkey "$T/$2.key" -CAcreateserial -days 2 -out "$T/$1.pem" \
        -extfile <(echo subjectAltName=DNS:localhost,IP:127.0.0.1) 2>/dev/null
}
configure() { # PORT
    cat >"$T/nginx.conf" <<EOF
daemon off;
master_process off;
pid $T/nginx.pid;
error_log $T/nginx.err;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $T/tmp; proxy_temp_path $T/tmp; fastcgi_temp_path $T/tmp; uwsgi_temp_path $T/tmp; scgi_temp_path $T/tmp;
    ssl_certificate $T/server.pem;
    ssl_certificate_key $T/server.key;
    ssl_client_certificate $T/boards.pem;
    ssl_verify_client optional;
    map \$http_range \$when { "" models; default later; }
    server {
        listen 127.0.0.1:$1 ssl;
        root $T/models;
        location /chunked/ { alias $T/models/; ssi on; ssi_types *; }
        location /moved/ { rewrite ^/moved/(.*)\$ /\$1 redirect; }
        location /loop/ { return 302 https://localhost:$1\$request_uri; }
        location /plain/ { return 302 http://localhost:$1/; }
        location /members/ { if (\$ssl_client_verify != SUCCESS) { return 403; } alias $T/models/; }
        location /old/ { return 410; }
        location ~ ^/changed/(.*)\$ { alias $T/\$when/\$1; }
    }
}
EOF
}
start() {
    local port
    for _ in $(seq 20); do
        port=$((20000 + RANDOM % 20000))
        configure "$port"
        "$nginx" -c "$T/nginx.conf" -e "$T/nginx.err" >"$T/nginx.out" 2>&1 &
        SERVERS+=($!)
        for _ in $(seq 100); do
            curl --noproxy '*' -s -o /dev/null --cacert "$T/mine.pem" "https://localhost:$port/" && break
            kill -0 "${SERVERS[-1]}" 2>/dev/null || break
            sleep 0.05
        done
        kill -0 "${SERVERS[-1]}" 2>/dev/null && { URL=https://localhost:$port; return 0; }
        unset 'SERVERS[-1]'
    done
    echo "Bail out! nginx did not start: $(cat "$T/nginx.err" "$T/nginx.out")"
    exit 1
}

mkdir "$T/models" "$T/later" "$T/tmp"
cp "$DEMO/gesture.tflite" "$T/models/"
cp "$DEMO/watcher.tflite" "$T/later/gesture.tflite"
ca mine && ca boards && leaf server mine && leaf board boards && leaf stranger mine
start
fetch() { local path=$1; shift; thimble run --board esp32 --model "$URL/$path" --cacert "$T/mine.pem" "$@"; }

fetch gesture.tflite --json
expect "nginx__serves_a_board" 0 '"content_length": 8736' '"key_type": "RSA-2048"'
fetch chunked/gesture.tflite
expect "nginx__chunked_body_is_whole" 0 'length not told' '8736 bytes'
fetch moved/gesture.tflite
expect "nginx__redirect_is_followed" 0
fetch loop/gesture.tflite
expect_error "nginx__redirect_loop_ends" 13 'more than 10 redirects'
fetch plain/gesture.tflite
expect_error "nginx__redirect_to_http_is_not_followed" 13 'no https URL'
fetch old/gesture.tflite
expect_error "nginx__410_is_told" 13 'status 410'
fetch missing.tflite
expect_error "nginx__404_is_told" 13 'status 404'
fetch members/gesture.tflite --cert "$T/board.pem" --key "$T/board.key"
expect "nginx__client_certificate_opens_the_door" 0
fetch members/gesture.tflite
expect_error "nginx__without_one_it_stays_closed" 13 'status 403'
fetch members/gesture.tflite --cert "$T/stranger.pem" --key "$T/stranger.key"
expect_error "nginx__a_stranger_s_is_an_error" 13 'status 400'
kept() { # NAME: the board has the file, byte for byte
    "$THIMBLE" image get "$T/state/flash.bin" /model.tflite "$T/kept" 2>/dev/null
    cmp -s "$T/kept" "$T/models/gesture.tflite"
    ok "$1" $?
    rm -rf "$T/state" "$T/kept"
}
fetch gesture.tflite --net-fault cut=3000,times=2 --retries 3 --resume --state "$T/state"
expect "nginx__goes_on_where_a_board_was_cut" 0 'connection 2, from byte 3000' 'connection 3, from byte 6000' '8736 bytes received'
kept "nginx__and_the_file_is_the_same"
fetch gesture.tflite --range 2000 --net-fault cut=1500,times=2 --retries 3 --resume --state "$T/state" --trace "$T/trace"
expect "nginx__serves_parts" 0 'HTTPS 206, 8736 bytes' 'connection 2, from byte 1500'
[ "$(grep -c '"event":"http"' "$T/trace")" -ge 5 ]
ok "nginx__one_request_a_part" $?
kept "nginx__and_parts_make_the_file"
fetch changed/gesture.tflite --net-fault cut=3000,times=1 --retries 3 --resume --state "$T/state"
expect "nginx__s_If_Range_tells_of_another_file" 0 'connection 2, from byte 3000' 'connection 3, from byte 0, .*sends all of it: it has changed'
kept "nginx__and_the_board_begins_again"
fetch chunked/gesture.tflite --net-fault cut=3000,times=1 --retries 3 --resume --state "$T/state"
expect "nginx__has_no_ranges_of_what_it_makes" 0 'connection 3, from byte 0, .*there are no ranges'
kept "nginx__and_the_board_begins_that_again"
fetch gesture.tflite --max-fragment 1024
expect "nginx__sends_small_records" 0
fetch gesture.tflite --tls bearssl --tls-buffers 512,512 --max-fragment 512
expect "nginx__is_for_boards_with_small_buffers" 0
fetch gesture.tflite --tls bearssl --tls-buffers 512,512
expect_error "nginx__sends_large_records_to_who_does_not_ask" 13 'BR_ERR_TOO_LARGE'
finish
