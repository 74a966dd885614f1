# tests/e2e/readme.sh -- the README's transcripts are what the program prints.
. "$(dirname "$0")/lib.sh"

if [ "$THIMBLE_SANITIZED" = none ]; then
    "$THIMBLE_SOURCE/scripts/transcripts" --check >"$T/out" 2>"$T/err"
    ok "readme__transcripts_are_true" $?
else
    skip "readme__transcripts_are_true" "stack depths are those of a build without sanitizers"
fi
finish
