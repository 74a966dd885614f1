# FC-27: two arrays on an 8 KB stack
# Source: espressif/arduino-esp32 issue 2918 (2019): two int[1000] in setup(), task stack 8192: reboot; as globals fine
# Cause: 8000 bytes of arrays and the frames of the calls above and below are more than 8192
# Remedy: static data, or a larger stack (configurable since pull request 6025)
# Expected: the overflow is told and ends the program; both remedies work. Frames are this PC's, the arrays the report's.
. "$(dirname "$0")/../e2e/lib.sh"
ARRAYS=$THIMBLE_TOOLS/two_arrays

thimble exec --board esp32 -- "$ARRAYS" stack
expect "FC-27__two_arrays_overflow_an_8_kb_stack" 12 'stack overflow: main used more than 8192 bytes'
thimble exec --board esp32 -- "$ARRAYS" static
expect "FC-27__as_static_data_they_fit" 0 '^1998$'
thimble exec --board esp32 --stack 16384 -- "$ARRAYS" stack
expect "FC-27__with_a_larger_stack_they_fit" 0 '^1998$'
finish
