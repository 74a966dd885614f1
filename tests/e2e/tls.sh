# tests/e2e/tls.sh -- whom a board trusts, what time it takes it to be, and what its TLS library can take.
. "$(dirname "$0")/lib.sh"

mkdir "$T/models"
cp "$DEMO/gesture.tflite" "$T/models/"
serve "$T/models"
fetch() { thimble run --board esp32 --model "$URL/gesture.tflite" --cacert "$CA" "$@"; }
SERVER_PEM=$(dirname "$CA")/server.pem

# the clock
fetch --clock unset
expect_error "clock__unset_makes_the_certificate_one_of_the_future" 13 'not yet valid' '-0x2700' 'BADCERT_FUTURE'
fetch --clock unset --json
[ "$(json '["failed"]["code"]')" = -9984 ]
ok "clock__the_code_is_the_library_s" $?
fetch --clock 4102444800
expect_error "clock__of_2100_makes_it_expired" 13 'expired' 'BADCERT_EXPIRED'
fetch --clock "$(date +%s)"
expect "clock__that_is_right_connects" 0
fetch --clock sntp
expect "clock__from_the_network_connects" 0 'sntp: the clock is set'
fetch --clock unset --tls bearssl
expect_error "clock__unset_is_told_in_bearssl_s_words" 13 'BR_ERR_X509_EXPIRED \(54\)'
fetch --clock yesterday
expect_error "clock__that_is_none_is_refused" 2 'yesterday'

# the pin
key=$(openssl x509 -in "$SERVER_PEM" -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
leaf=$(openssl x509 -in "$SERVER_PEM" -noout -fingerprint -sha256 | cut -d= -f2)
fetch --pin "sha256/$key"
expect "pin__the_key_in_base64_fits" 0
fetch --pin "sha256/$leaf"
expect "pin__the_certificate_in_hexadecimal_fits" 0
fetch --pin "sha256/$(printf '0%.0s' $(seq 64))"
expect_error "pin__another_one_ends_the_connection_and_tells_which_it_was" 13 "sha256/${key//+/\\+}" 'BADCERT_OTHER'
fetch --pin sha256/abc
expect_error "pin__that_is_none_is_refused" 2 'abc'

# the board's own storage has the CAs
fetch --ca-on-storage /ca.pem
expect "ca_file__is_read_before_the_connection" 0 'certificate .*/ca.pem read, [0-9]+ bytes'
fetch --ca-on-storage /ca.pem --trace "$T/trace"
grep -q '"CA file"' "$T/trace"
ok "ca_file__is_a_block_of_the_board_s_heap" $?
fetch --ca-on-storage /ca.pem --state "$T/state"
expect "ca_file__stays_with_the_storage" 0
thimble run --board esp32 --model "$URL/gesture.tflite" --ca-on-storage /ca.pem --state "$T/state"
expect "ca_file__is_there_at_the_next_start" 0
thimble run --board esp32 --model "$URL/gesture.tflite" --ca-on-storage /ca.pem
expect_error "ca_file__missing_is_the_board_s_failure" 11 'ca.pem'
fetch --ca-on-storage /ca.pem --storage none
expect_error "ca_file__needs_a_storage" 2 'storage'
sed "s/^M/!/" "$CA" >"$T/damaged.pem"
thimble run --board esp32 --model "$URL/gesture.tflite" --cacert "$T/damaged.pem" --ca-on-storage /ca.pem
expect_error "ca_file__damaged_is_the_board_s_failure" 13 'CA file'
thimble run --firmware "$T/none.so" --ca-on-storage /ca.pem
expect_error "ca_file__is_read_by_the_built_in_firmware_only" 2 'built-in firmware'
serve "$T/models" --fault self-signed
fetch --ca-on-storage /ca.pem
expect_error "ca_file__does_not_have_a_self_signed_server" 13 'BADCERT_NOT_TRUSTED'
serve "$T/models" --fault wrong-host
fetch
expect_error "certificate__for_another_host_is_told_so" 13 'BADCERT_CN_MISMATCH'

# fragments: mbedTLS does not put a handshake message together
serve "$T/models" --fault rsa
fetch --max-fragment 512
expect_error "max_fragment__mbedtls_cannot_read_a_certificate_in_pieces" 13 '-0x7080' 'the limit is 512'
fetch --max-fragment 1024 --trace "$T/small"
expect "max_fragment__that_holds_the_certificate_connects" 0
fetch --trace "$T/large"
block() { sed -nE "s/.*\"alloc\",\"what\":\"$2\".*\"bytes\":([0-9]+).*/\1/p" "$1" | head -n 1; } # TRACE WHAT
[ "$(block "$T/small" 'input record buffer')" = 16717 ] && [ "$(block "$T/large" 'input record buffer')" = 16717 ]
ok "max_fragment__does_not_shrink_mbedtls_s_buffers" $?
serve "$T/models" --fault rsa --fault intermediate
fetch --max-fragment 1024
expect_error "max_fragment__two_certificates_need_more" 13 '-0x7080'
fetch --max-fragment 2048
expect "max_fragment__of_2048_is_enough_for_two" 0
fetch --tls bearssl --max-fragment 512
expect "max_fragment__bearssl_puts_messages_together" 0
fetch --max-fragment 1000
expect_error "max_fragment__that_is_none_is_refused" 2 '1000'

# buffers
fetch --tls bearssl --tls-buffers 512,512 --max-fragment 512
expect "buffers__small_ones_do_with_small_records" 0
fetch --tls bearssl --tls-buffers 1024 --storage none
expect_error "buffers__a_larger_record_ends_the_connection" 13 'BR_ERR_TOO_LARGE \(6\)'
fetch --tls-buffers 4096
expect_error "buffers__and_is_an_invalid_record_for_mbedtls" 13 '-0x7200' 'the limit is 4096'
thimble run --board pico-w --model "$URL/gesture.tflite" --cacert "$CA" --trace "$T/trace"
expect "bearssl__is_what_a_pico_w_has" 0
[ "$(block "$T/trace" 'second stack')" = 6400 ] && [ "$(block "$T/trace" 'input record buffer')" = 16709 ]
ok "bearssl__has_its_blocks_in_the_board_s_heap" $?
thimble run --board pico-w --model "$URL/gesture.tflite" --cacert "$CA" --net-fault expired
expect_error "bearssl__has_words_of_its_own" 13 'BR_ERR_X509_EXPIRED \(54\)'
thimble run --board pico-w --model "$URL/gesture.tflite" --cacert "$CA" --net-fault refused
expect_error "bearssl__and_its_users_http_client_too" 13 'HTTPC_ERROR_CONNECTION_FAILED \(-1\)'
fetch --tls-buffers 100
expect_error "buffers__too_small_are_refused" 2 '100'
fetch --tls wolfssl
expect_error "tls__unknown_stack_is_named" 2 'wolfssl'
thimble run --board feather-m4 --coprocessor --model "$URL/gesture.tflite" --cacert "$CA" --max-fragment 512
expect_error "tls__of_a_coprocessor_is_not_the_board_s" 2 'no TLS of its own'
finish
