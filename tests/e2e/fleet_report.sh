# tests/e2e/fleet_report.sh -- thimble fleet report --html --traces: pages are sound, hold the database's figures and lead to the boards.
. "$(dirname "$0")/lib.sh"
export TMPDIR=$T
cd "$T" || exit 1
mkdir models "the pages"
cp "$DEMO/keyword.tflite" models/keyword.tflite
cat >fleet.yaml <<'END'
name: report
seed: 11
groups:
  - {name: "<b>&kitchen", board: esp32, count: 80, model: keyword.tflite, switch_on_s: 600, skew_s: 30}
  - {name: hall, board: esp32-s3, count: 20, model: keyword.tflite, store: ab-crc}
server: {folder: models, offline: true}
rollout: {poll_s: 3600, waves: [{name: canary, percent: 10}, {name: rest, percent: 95, at_s: 86400}]}
faults:
  - {kind: power-cut, percent: 12}
  - {kind: bad-blocks, percent: 12}
  - {kind: failed-alloc, percent: 12}
END
thimble fleet run fleet.yaml -o fleet.db
thimble fleet report fleet.db --html "the pages/fleet.html" --traces "the traces"
expect "report__is_written_with_traces" 0
[ "$(echo fleet.db*)" = fleet.db ]
ok "report__leaves_nothing_beside_the_database" $?
thimble fleet report fleet.db --html again.html --traces "again"
same=0
for f in "the traces"/*; do cmp -s "$f" "again/$(basename "$f")" || same=1; done
ok "traces__are_the_same_every_time" $same

python3 - 2>err <<'END'
import glob, html.parser, json, os, sqlite3, urllib.parse
db = sqlite3.connect("fleet.db")

class Reader(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.open, self.links, self.text = [], [], ""
        self.folder = os.path.dirname(path)
        self.feed(open(path, encoding="utf-8").read())
        assert not self.open, self.open
    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        assert tag not in ("script", "iframe", "img", "b&kitchen") and not any(k.startswith("on") for k in a)
        if tag == "a": self.links.append(os.path.join(self.folder, urllib.parse.unquote(a["href"])))
        if tag not in ("meta", "link"): self.open.append(tag)
    def handle_startendtag(self, tag, attrs): pass
    def handle_endtag(self, tag): assert self.open.pop() == tag, tag
    def handle_data(self, data): self.text += data

page = Reader("the pages/fleet.html")
assert page.links and all(os.path.exists(l) for l in page.links), page.links[:3]
linked = {int(os.path.basename(l).split(".")[0]) for l in page.links}
slow = {i for i, in db.execute("SELECT id FROM slowest")}
example = {i for i, in db.execute("SELECT example FROM failures")}
assert slow | example <= linked, (slow | example) - linked
for boards, reason in db.execute("SELECT boards, reason FROM failures"): assert f"{boards} {reason}" in page.text, reason
updated, = db.execute("SELECT count(*) FROM boards WHERE outcome='updated'").fetchone()
assert f"{updated} updated" in page.text and "<b>&kitchen" in page.text
for link in set(page.links):
    board, id = Reader(link), int(os.path.basename(link).split(".")[0])
    outcome, message = db.execute("SELECT outcome, message FROM boards WHERE id=?", (id,)).fetchone()
    assert outcome in board.text and message in board.text and "not as it was" not in board.text and "Heap " in board.text
    assert all(os.path.exists(l) for l in board.links) and board.links
    events = [json.loads(line)["event"] for line in open(board.links[0])]
    assert events[0] and ("exit" in events or message), link
END
ok "report__has_the_databases_figures_and_every_link_leads_somewhere" $?
id=$(sqlite3 fleet.db "SELECT min(example) FROM failures")
thimble fleet replay fleet.db --board "$id" --trace one.jsonl
grep -v '"event":"heap_block"' "the traces/$id.jsonl" | sed 's/"seq":[0-9]*,//' >with
sed 's/"seq":[0-9]*,//' one.jsonl >without
cmp -s with without
ok "traces__are_what_replay_writes_with_the_heaps_blocks" $?
thimble fleet report fleet.db --html nosuch/page.html --traces tr
expect_error "report__into_a_folder_that_is_not_there_is_refused" 2 'nosuch/page.html'
thimble fleet report fleet.db --traces nosuch/tr
expect_error "traces__into_a_folder_that_cannot_be_made_are_refused" 2 'nosuch/tr'
rm models/keyword.tflite
thimble fleet report fleet.db --html page.html
expect "report__without_traces_needs_no_model" 0
thimble fleet report fleet.db --html page.html --traces tr
expect_error "traces__without_the_model_are_refused" 2 'keyword.tflite'

if python3 -c 'import sys; sys.path.insert(0, sys.argv[1]); import browser; sys.exit(browser.find() is None)' "$THIMBLE_SOURCE/tests/e2e"; then
    PYTHONPATH=$THIMBLE_SOURCE/tests/e2e python3 - "$T" "${SCREENSHOTS:-$T}" 2>err <<'END'
import sys
from browser import Page
for width, height in ((1280, 900), (390, 844)):
    with Page(width, height, width < 600) as p:
        p.go(f"file://{sys.argv[1]}/the%20pages/fleet.html")
        p.until("document.readyState === 'complete' && document.querySelectorAll('svg').length > 5")
        assert p.run("document.documentElement.scrollWidth") <= width
        p.shoot(f"{sys.argv[2]}/report-{width}.png")
        p.run("document.querySelector('ol a').click()")
        p.until("document.querySelector('article .badge.failed') && document.querySelector('.heap rect')")
        assert p.run("document.documentElement.scrollWidth") <= width
        p.run("document.querySelector('article a').click()")
        p.until("location.pathname.endsWith('.jsonl')")
        assert not p.messages, p.messages
END
    ok "browser__the_trace_is_two_clicks_away_and_nothing_complains" $?
else
    skip "browser__the_trace_is_two_clicks_away_and_nothing_complains" "no Chromium here"
fi

# ---- some views ----

thimble fleet report fleet.db waves failures
expect "views__that_are_asked_for_are_printed" 0 '^Rollout' '^Failures'
! grep -q '^Boards' out
ok "views__that_are_not_are_left_out" $?
thimble fleet report --json fleet.db wear
[ "$STATUS" -eq 0 ] && [ "$(jq -r 'keys | join(" ")' out)" = 'boards scenario seed wear' ]
ok "views__in_json_too" $?
thimble fleet report fleet.db nosuch
expect_error "views__unknown_is_named" 2 "unknown view 'nosuch'"
thimble fleet check "$DEMO/fleet.yaml"
expect "check__demo_is_good" 0 '40 boards in 2 groups'
finish
