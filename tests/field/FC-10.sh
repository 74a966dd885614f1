# FC-10: what is left of "320 KB" at link time
# Source: espressif/arduino-esp32 issue 1163 (2018): a static array of 96000 links, one of 128000 overflows by 24064;
#         mikecarper/MeshCore pull request 9 (2026): dram0_0_seg has 124580 bytes where Bluetooth is linked
# Cause: static data has one segment of the ESP32's RAM, the runtime's own comes first (20644 bytes then)
# Remedy: malloc, or PSRAM
# Expected: 103936 bytes link; 128000 are refused with the bytes over, before anything runs
. "$(dirname "$0")/../e2e/lib.sh"
sed -e 's/^name: .*/name: esp32-bt/' \
    -e 's/^linker: .*/linker: {segment: dram0_0_seg, end: 0x3FFDC200, heap: dram1}/' \
    -e 's/name: ".data, .bss", base: 0x3FFB0000, size: 0xD400/name: "Bluetooth, .data, .bss", base: 0x3FFB0000, size: 0x12C00/' \
    -e 's/name: dram1, type: DRAM, base: 0x3FFBD400, size: 142336/name: dram1, type: DRAM, base: 0x3FFC2C00, size: 119808/' \
    "$THIMBLE_PROFILES/boards/esp32.yaml" >"$T/esp32-bt.yaml"
run=(run --board "$T/esp32-bt.yaml" --model "$DEMO/gesture.tflite")

thimble "${run[@]}" --static-arena 103936
expect "FC-10__103936_bytes_link" 0 ' infer ' 'arena +103936 bytes at 0x3ffc2c00'
thimble "${run[@]}" --static-arena 128000
expect_error "FC-10__128000_bytes_do_not" 10 "region 'dram0_0_seg' overflowed by 24064 bytes" '103936 are left'
[ ! -s "$T/out" ]
ok "FC-10__nothing_has_run_then" $?
thimble "${run[@]}" --static-data 96000 --static-arena 8000
expect_error "FC-10__other_static_data_counts_too" 10 'overflowed by 64 bytes'
finish
