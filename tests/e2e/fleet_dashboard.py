"""Watch a run that goes on: fleet_dashboard.py URL DATABASE FOLDER-OF-SCREENSHOTS."""
import sqlite3, sys
from browser import Page

url, database, folder = sys.argv[1:]
WORDS = "waiting booting fetching storing running updated failed withheld untouched".split()


def number(page, selector):
    return int(page.run(f"document.querySelector({selector!r}).textContent").replace(",", ""))


def figures_are_those_of(db, page):
    for word in WORDS:
        n, = db.execute("SELECT count(*) FROM boards WHERE outcome=?", (word,)).fetchone()
        assert number(page, f"[data-count={word}]") == n, (word, n)
    for key, sql in (("#done", "1"), ("#updated", "outcome='updated'"), ("#failed", "outcome='failed'")):
        assert number(page, key) == db.execute(f"SELECT count(*) FROM boards WHERE {sql}").fetchone()[0], key
    reasons = [tuple(r) for r in db.execute("SELECT boards, reason FROM failures")]
    told = page.run("[...document.querySelectorAll('.reasons li p')].map(p => [Number(p.firstChild.textContent), p.childNodes[1].textContent.trim()])")
    assert [tuple(t) for t in told] == reasons, (told, reasons)
    assert page.run("[...states]") == [WORDS.index(o) for o, in db.execute("SELECT outcome FROM boards ORDER BY id")]


def canvas_has_the_colour_of(page, id):
    return page.run(f"""(() => {{ const g = groupOf({id}), i = {id} - g.first, s = devicePixelRatio;
        const copy = document.createElement("canvas").getContext("2d", {{ willReadFrequently: true }});
        copy.drawImage(g.canvas, -((i % g.columns) * g.cell + 1) * s, -(Math.floor(i / g.columns) * g.cell + 1) * s);
        const is = [...copy.getImageData(0, 0, 1, 1).data].join();
        copy.fillStyle = colours[states[{id}]]; copy.fillRect(0, 0, 1, 1);
        return is === [...copy.getImageData(0, 0, 1, 1).data].join(); }})()""")


def board_opens(page, db, width):
    id, message = db.execute("SELECT id, message FROM boards WHERE outcome='failed' ORDER BY id LIMIT 1").fetchone()
    page.run(f"document.querySelector('#number').value = {id}; document.querySelector('#find button').click()")
    page.until("document.querySelector('#board .badge.failed') && document.querySelector('#board svg rect')")
    assert message in page.run("document.querySelector('#board').textContent")
    assert page.run("document.querySelector('dialog').getBoundingClientRect().width") <= width
    page.shoot(f"{folder}/board-{width}.png", whole=False)
    page.run("document.querySelector('#close').click()")
    page.until("!document.querySelector('dialog').open && location.hash === ''")
    page.run("groups[0].canvas.focus(); groups[0].canvas.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'}))")
    page.run("groups[0].canvas.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter'}))")
    page.until("document.querySelector('dialog').open && document.querySelector('#board article')")
    page.run("document.querySelector('dialog').close()")


def look(width, height, dark):
    with Page(width, height, dark) as page:
        page.go(url)
        page.until("document.querySelector('#status').dataset.end === 'finished' && states", 120)
        page.run("new Promise(requestAnimationFrame)")
        db = sqlite3.connect(database)
        figures_are_those_of(db, page)
        assert all(canvas_has_the_colour_of(page, id) for id in (0, 77, 159, 160, 199))
        assert page.run("document.documentElement.scrollWidth") <= width, "wider than the screen"
        assert page.run("document.querySelector('#name').textContent") == "</script><b>& fleet"
        assert page.run("document.querySelectorAll('#boards h3')[0].firstChild.textContent.trim()") == "<i>kitchen"
        page.shoot(f"{folder}/dashboard-{width}.png")
        board_opens(page, db, width)
        assert not page.messages, page.messages


look(1280, 900, dark=False)
look(390, 844, dark=True)
