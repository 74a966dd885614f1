# tests/e2e/fit_page.sh -- thimble fit --html and --svg: pages and pictures are sound, need nothing, and hold --json's figures.
. "$(dirname "$0")/lib.sh"

"$THIMBLE" zoo "$T" --model vww3_128_128_INT8 >/dev/null
cp "$DEMO/keyword.tflite" "$T/<b>&.tflite"
LC_ALL=C cp "$DEMO/keyword.tflite" "$T/$(printf 'no\377utf\033').tflite"
set -- "$DEMO/keyword.tflite" "$T/vww3_128_128_INT8.tflite" "$T/<b>&.tflite" --board esp32,pico,nucleo-h743zi,feather-m4 --advice
mkdir "$T/tmp"
export TMPDIR=$T/tmp
thimble fit "$@" --json --html "$T/page.html" --svg "$T/svg"
expect "page__is_written_beside_the_json" 0 '"cells"'

cp "$T/out" "$T/page.json"

# check PAGE JSON: is it sound, does it need nothing else, and does it hold the figures?
cat >"$T/check.py" <<'P'
import html.parser, json, re, sys
page, cells = open(sys.argv[1]).read(), json.load(open(sys.argv[2]))["cells"]

class Reader(html.parser.HTMLParser):
    void = {"meta", "link"}
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.pairs, self.pair = [], set(), set(), {}, None
    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        assert tag not in ("script", "iframe", "img"), tag
        assert not any(k.startswith("on") for k in a), a
        for k in ("src", "href"):
            v = a.get(k, "")
            assert v == "" or v.startswith("#") or v == "data:,", v
            if v.startswith("#"): self.links.add(v[1:])
        if "id" in a:
            assert a["id"] not in self.ids
            self.ids.add(a["id"])
            if re.match(r"p\d+-\d+$", a["id"]): self.pair = a["id"]; self.pairs[self.pair] = []
        if tag not in self.void: self.open.append(tag)
    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.void: self.open.pop()
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_data(self, data):
        if self.pair: self.pairs[self.pair] += data.split()

r = Reader()
r.feed(page)
assert not r.open and r.links <= r.ids, (r.open, r.links - r.ids)
assert "http:" not in page.replace("http://www.w3.org/2000/svg", "") and "url(" not in page and "@import" not in page
models = 3
for i, c in enumerate(cells):
    words = r.pairs[f"p{i // models}-{i % models}"]
    for ledger in c["now"], c["fullest"]:
        for k, v in ledger.items():
            assert k in ("t_ns", "beyond") or v == 0 or str(v) in words, (c["board"], c["model"], k, v)
    if c["arena"]: assert str(c["arena"]["min"]) in words
    if c["failure"]: assert c["failure"]["message"].split()[-1] in words
P
python3 "$T/check.py" "$T/page.html" "$T/page.json" 2>"$T/err"
ok "page__is_sound_needs_nothing_and_holds_the_jsons_figures" $?

echo >"$T/out"
python3 - "$T/svg" 2>"$T/err" <<'P'
import os, sys, xml.etree.ElementTree as x
names = os.listdir(sys.argv[1])
kinds = [n.rsplit("-", 1)[1] for n in names]
assert kinds.count("ram.svg") == 12 and kinds.count("flash.svg") == 12 and kinds.count("arena.svg") == 6 and kinds.count("storage.svg") == 11, sorted(names) # a slot that is too small holds nothing
for n in names:
    root = x.parse(f"{sys.argv[1]}/{n}").getroot()
    width, height = (float(v) for v in root.get("viewBox").split()[2:])
    for e in root.iter("{http://www.w3.org/2000/svg}rect"):
        box = [float(e.get(k)) for k in ("x", "y", "width", "height")]
        assert box[0] >= 0 and box[1] >= 0 and box[0] + box[2] <= width + .01 and box[1] + box[3] <= height + .01, (n, box)
P
ok "svg__pictures_are_xml_and_stay_in_their_frame" $?

thimble fit "$T/"no*utf*.tflite --board pico --html "$T/odd.html" --svg "$T/odd" --junit "$T/odd.xml" --json
[ "$STATUS" -eq 0 ] && python3 -c '
import json, os, sys, xml.etree.ElementTree as x
t = sys.argv[1]
assert json.load(open(t + "/out"))["cells"][0]["model"] == "no?utf?"
open(t + "/odd.html", encoding="utf-8").read()
for p in [t + "/odd.xml"] + [f"{t}/odd/{n}" for n in os.listdir(t + "/odd")]: x.parse(p)' "$T" 2>"$T/err"
ok "page__of_a_name_that_is_no_text_is_sound" $?

thimble fit "$DEMO/keyword.tflite" --board pico --html "$T/nosuch/page.html"
expect_error "page__that_cannot_be_written_is_told" 2 'nosuch/page.html' 2>/dev/null

# A storage's map: each unit once, in the colour of what it holds, its owner by name.
python3 - "$T/svg" 2>"$T/err" <<'P'
import re, sys
esp32 = open(sys.argv[1] + "/keyword-esp32-storage.svg").read()
runs = [(int(a), int(b)) for a, b in re.findall(r"<title>pages (\d+) to (\d+)", esp32)]
assert runs[0][0] == 0 and all(b + 1 == c for (_, b), (c, _) in zip(runs, runs[1:])), runs
total = int(re.search(r"(\d+) pages of 256 bytes", esp32).group(1))
assert runs[-1][1] == total - 1 and sum(int(n) for n in re.findall(r">(?:data|free|deleted|metadata): (\d+)<", esp32)) == total
assert "data of /model.tflite" in esp32 or "data of model.tflite" in esp32
P
ok "svg__storage_is_a_map_of_all_its_units" $?
[ -z "$(ls "$T/tmp")" ]
ok "svg__storages_leave_nothing_behind" $?

# In a browser, if there is one: at a phone's and a desktop's width no message on the console, nothing wider than the
# window, and what it has read is the JSON's figures.
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
cat >"$T/frame.html" <<'P'
<!DOCTYPE html><title>-</title><body style="margin:0"><script>
const [width, height] = location.hash.slice(1).split(","), f = document.createElement("iframe");
Object.assign(f.style, { width: width + "px", height: height + "px", border: 0 });
f.onload = () => { document.title = width + " " + f.contentDocument.documentElement.scrollWidth; };
f.src = "page.html";
document.body.append(f);
</script>
P
browse() { # OPTION... URL
    HOME=$T timeout 120 "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$T/browser.$RANDOM" --enable-logging=stderr "$@" >"$T/out" 2>"$T/err"
}
for size in 390,844 1280,900; do
    if [ -z "$browser" ]; then
        skip "page__loads_at_$size" "no Chromium here"
        skip "page__is_not_wider_than_$size" "no Chromium here"
        continue
    fi
    browse --window-size=$size --screenshot="$T/page-$size.png" "file://$T/page.html"
    [ -s "$T/page-$size.png" ] && ! grep -q CONSOLE "$T/err"
    ok "page__loads_at_$size" $?
    browse --allow-file-access-from-files --dump-dom "file://$T/frame.html#$size"
    width=${size%,*}
    grep -qE "<title>$width ([0-9]+)</title>" "$T/out" && [ "$(sed -nE 's/.*<title>[0-9]+ ([0-9]+)<.*/\1/p' "$T/out")" -le "$width" ]
    ok "page__is_not_wider_than_$size" $?
done
if [ -n "$browser" ]; then
    browse --dump-dom "file://$T/page.html"
    python3 "$T/check.py" "$T/out" "$T/page.json" 2>"$T/err"
    ok "page__as_the_browser_has_read_it_holds_the_jsons_figures" $?
else
    skip "page__as_the_browser_has_read_it_holds_the_jsons_figures" "no Chromium here"
fi
finish
