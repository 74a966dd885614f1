# FC-13: 25 KB or 6 KB for a handshake
# Source: tobiasschuerg/InfluxDB-Client-for-Arduino PR 241 (ESP-12F, 30-40 KB free), esp8266/Arduino 7326, 3490 (16709 bytes), PR 4273,
#   4899
# Cause: BearSSL's default buffers are 16709 and 597 bytes, and its second stack is a block of 6 KB
# Remedy: setBufferSizes(512, 512), with a server that keeps to small records when asked (RFC 6066)
# Expected: with 30000 bytes free the default fails and 512/512 connects; a server's larger record ends the session, it does not cut the
#   file short. The board is a Pico W, whose core has the ESP8266's WiFiClientSecure; newlib's malloc is in place of umm_malloc.
. "$(dirname "$0")/../e2e/lib.sh"
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_odr_violation=0

install_thimble && build_firmware "$(dirname "$0")/holes.c"
ok "FC-13__node_is_built" $?
mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/"
serve "$T/models"
node() {
    thimble run --board pico-w --firmware "$T/holes.so" --set "server=$URL/gesture.tflite" --cacert "$CA" --set free=29000 \
        --set hole=30000 "$@"
}

thimble boards pico-w
expect "FC-13__the_board_has_those_buffers" 0 'bearssl: record buffers of 16709 and 597 bytes'
node
expect_error "FC-13__default_buffers_do_not_fit_into_30000" 13 'Unable to allocate memory' '-1000'
node --tls-buffers 512,512 --max-fragment 512
expect "FC-13__small_ones_do" 0 '8736 bytes'
node --tls-buffers 512,512
expect_error "FC-13__a_larger_record_ends_the_session" 13 'receive: .*larger than the board.s buffer' 'BR_ERR_TOO_LARGE'
finish
