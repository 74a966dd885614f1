# FC-12: -0x7F00 with 56 to 68 KB free
# Source: espressif/esp-idf issue 11854 (C3, BLE and MQTT up, 56308 free at the start of the update), SignalK/SensESP 865 (C3, about
#   68 KB free, 16 KB in and 16 KB out), espressif/esp-idf 3869
# Cause: no free block holds a record buffer of 16717 bytes
# Remedy: smaller or asymmetric buffers, where the server keeps its records small
# Expected: MBEDTLS_ERR_SSL_ALLOC_FAILED, -0x7F00 or -32512, with what is free and the largest block. The board is an S3: the same
#   allocator and library; the heap's holes are made as the reports say it was left.
. "$(dirname "$0")/../e2e/lib.sh"
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_odr_violation=0

install_thimble && build_firmware "$(dirname "$0")/holes.c"
ok "FC-12__node_is_built" $?
mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/"
serve "$T/models"
node() { thimble run --board esp32-s3 --firmware "$T/holes.so" --set "server=$URL/gesture.tflite" --cacert "$CA" "$@"; }

for free in 56308 68000; do
    node --set free=$free --set hole=16000 --json
    code=$(json '["failed"]["code"]')
    have=$(json '["failed"]["have"]')
    [ "$STATUS" -eq 13 ] && [ "$code" = -32512 ] && [ "$have" -ge $((free - 4000)) ]
    ok "FC-12__${free}_free_in_holes_are_not_enough" $?
done
node --set free=56308 --set hole=16000
expect_error "FC-12__the_message_has_the_code_and_the_block" 13 '-0x7F00' 'input record buffer needs 16717 bytes' 'largest block is 16[0-9]{3}'
node --set free=56308 --set hole=17000
expect "FC-12__in_larger_holes_the_same_is_enough" 0 '8736 bytes'
node --set free=56308 --set hole=16000 --tls-buffers 4096,4096 --max-fragment 4096
expect "FC-12__smaller_buffers_help" 0 '8736 bytes'
finish
