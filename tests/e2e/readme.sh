# tests/e2e/readme.sh -- the transcripts of the README and the guides are what the program prints.
. "$(dirname "$0")/lib.sh"

for page in README.md docs/field-guide.md; do
    if [ "$THIMBLE_SANITIZED" = none ]; then
        "$THIMBLE_SOURCE/scripts/transcripts" --check "$page" >"$T/out" 2>"$T/err"
        ok "${page}__transcripts_are_true" $?
    else
        skip "${page}__transcripts_are_true" "stack depths are those of a build without sanitizers"
    fi
done

# The gates of docs/ci.md: the jobs are YAML, and every line of thimble in them does what it says.
python3 - "$THIMBLE_SOURCE/docs/ci.md" >"$T/gates" 2>"$T/err" <<'P'
import re, sys
for block in re.findall(r"```yaml\n(.*?)```", open(sys.argv[1]).read(), re.S):
    try:
        import yaml
        assert isinstance(yaml.safe_load(block), dict)
    except ImportError:
        pass
    for line in block.splitlines():
        if m := re.search(r"(?:run: |- )(thimble .*)", line): print(m[1])
P
ok "ci__jobs_are_yaml" $?
mkdir "$T/models"
cp "$DEMO/keyword.tflite" "$DEMO/gesture.tflite" "$T/models/"
n=0
while IFS= read -r line; do
    (cd "$T" && eval "${line/#thimble/\"\$THIMBLE\"}") >"$T/out" 2>"$T/err" </dev/null || { ok "ci__$line" 1; continue; }
    n=$((n + 1))
done <"$T/gates"
[ "$n" -ge 6 ] && [ -s "$T/fit.xml" ] && [ -s "$T/fit.html" ]
ok "ci__gates_pass_for_models_that_fit" $?
finish
