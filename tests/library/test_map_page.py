"""The page of the map: strangers' names are text, it needs nothing else, hands and keys work."""

import json
import re
import time
from importlib import resources

import numpy as np
import pytest

from menura.library.map import page
from menura.library.map.colours import Scale, classes
from menura.library.map.stored import Map
from menura.library.records import Listed
from tests.browser import Browser, needs_chromium
from tests.conftest import piece, write_wav

EVIL = (
    "<script>window.owned = 1</script>",
    "</script><script>window.owned = 2</script>",
    "<img src=x onerror='window.owned = 3'>",
    "<!--<script>",
    '"><svg onload=window.owned=4>',
    "\u2028 & &lt;b&gt; \\u003c",
    "javascript:window.owned=5",
)


LOCAL = ("file:", "data:", "blob:")  # a browser draws its player with pictures in data:


def rows_of(titles, artists, folder="/elsewhere"):
    return [
        Listed(k, f"{folder}/{k} #?%<b>.wav", title, artist, title, 61.0, {}, *(None,) * 5)
        for k, (title, artist) in enumerate(zip(titles, artists, strict=True), 1)
    ]


def drawn(positions):
    positions = np.asarray(positions, float)
    return Map(
        encoder="planted@1",
        tracks=np.arange(1, len(positions) + 1),
        positions=positions,
        late=np.zeros(len(positions), bool),
        found=0,
        warnings=(),
    )


def write(target, titles, artists, positions, folder="/elsewhere", names=("jazz", "rock")):
    rows = rows_of(titles, artists, folder)
    genres = classes("genre", [names[k % len(names)] for k in range(len(rows))])
    shades = np.linspace(0, 1, len(rows))
    chance = Scale(name="tag:<i>calm</i>", values=shades, low=0.0, high=1.0)
    page.write_page(target, drawn(positions), rows, [genres, chance])
    return target.as_uri()


def test_data_holds_no_mark_that_html_knows_and_comes_back_as_it_was():
    for text in EVIL:
        assert not set("<&\u2028") & set(page.safe_json(text))
        assert json.loads(page.safe_json({text: [text]})) == {text: [text]}


def test_the_page_is_one_file_whose_policy_names_its_scripts_by_hash(tmp_path):
    write(tmp_path / "m.html", EVIL, EVIL, np.eye(7)[:, :2])
    text = (tmp_path / "m.html").read_text("utf-8")
    assert text.count("</script>") == 2 and text.count("<script") == 2
    assert not re.search(r"(src|href)\s*=\s*[\"']|@import|https?:", text)
    script = re.search(r"<script>(.*)</script>", text, re.DOTALL)[1]
    style = re.search(r"<style>(.*)</style>", text, re.DOTALL)[1]
    policy = re.search(r'Policy" content="([^"]*)"', text)[1]
    assert page.hash_of(script) in policy and page.hash_of(style) in policy
    assert "unsafe" not in policy and "default-src 'none'" in policy


@pytest.mark.parametrize("seed", range(5))
def test_positions_survive_the_packing(seed):
    positions = np.random.default_rng(seed).standard_normal((50, 2)) * [7, 2] + 100
    found = page.steps(positions)
    assert found.min() >= 0 and found.max() <= page.STEPS
    side = np.ptp(positions, axis=0).max()
    back = (found - page.STEPS / 2) / page.STEPS * side + (positions.max(0) + positions.min(0)) / 2
    np.testing.assert_allclose(back, positions, atol=side / page.STEPS)


def contrast(one, other):
    def light(colour):
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_points_and_words_stand_out_on_light_and_on_dark():
    web = resources.files("menura.library.map") / "web"
    style, script = (web / "page.css").read_text("utf-8"), (web / "drawing.js").read_text("utf-8")
    grounds = re.findall(r"--ground: (#\w+); --text: (#\w+); --quiet: (#\w+)", style)
    palettes = re.search(r"PALETTE = \{(.*?)\};", script, re.DOTALL)[1].split("dark:")
    rests = re.findall(r"(?:light|dark): \"(#\w+)\"", re.search(r"REST = .*", script)[0])
    assert len(grounds) == len(palettes) == len(rests) == 2
    for (ground, text, quiet), palette, rest in zip(grounds, palettes, rests, strict=True):
        colours = re.findall(r"#\w{6}", palette)
        assert len(colours) == 11
        assert min(contrast(ground, colour) for colour in (*colours, rest)) >= 3  # WCAG 1.4.11
        assert min(contrast(ground, words) for words in (text, quiet)) >= 4.5  # WCAG 1.4.3


# ---------------------------------------------------------------- in a browser
@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


def text_of(browser, name):
    return browser.do(f"document.getElementById('{name}').textContent")


def type_in(browser, text):
    browser.do(
        "(() => { const box = document.getElementById('search'); box.value = "
        f"{json.dumps(text)}; box.dispatchEvent(new Event('input')); }})()"
    )


@needs_chromium
def test_markup_in_names_is_shown_and_never_runs(browser, tmp_path):
    browser.open(write(tmp_path / "m.html", EVIL, EVIL, np.random.default_rng(1).random((7, 2))))
    type_in(browser, "script")
    for k in range(len(EVIL)):
        browser.do(f"choose({k}, {{ centre: true }})")
        assert text_of(browser, "title") == EVIL[k]
        assert browser.do("document.getElementById('open').href").startswith("file:///elsewhere/")
    for colour in ("1", "0"):
        browser.do(
            f"(() => {{ const box = document.getElementById('colour'); box.value = '{colour}'; "
            "box.dispatchEvent(new Event('change')); })()"
        )
    assert browser.do("window.owned") is None
    assert browser.do("document.querySelectorAll('#panel img, #panel svg, #panel i *').length") == 0
    asked = [e for e in browser.events if e["method"] == "Network.requestWillBeSent"]
    assert all(e["params"]["request"]["url"].startswith(LOCAL) for e in asked) and asked
    assert [fault for fault in browser.faults() if "ERR_FILE_NOT_FOUND" not in str(fault)] == []


@needs_chromium
def test_what_escapes_the_escaping_is_stopped_by_the_policy(browser, tmp_path):
    target = tmp_path / "m.html"
    write(target, ["a"], ["b"], [[0, 0]])
    text = target.read_text("utf-8")
    target.write_text(text.replace("</main>", "</main><script>window.owned = 1</script>"), "utf-8")
    browser.open(target.as_uri())
    assert browser.do("window.owned") is None
    assert "violates" in str(browser.faults())


@needs_chromium
@pytest.mark.parametrize("dark", [False, True])
def test_points_are_drawn_where_they_lie_in_their_colours(browser, tmp_path, dark):
    place = write(tmp_path / "m.html", "ab", "ab", [[0, 0], [1, 0.5]])
    browser.open(place, dark=dark, ratio=2)
    pixel = (
        "(track) => [...document.getElementById('points').getContext('2d').getImageData("
        "Math.round(across(track) * ratio), Math.round(down(track) * ratio), 1, 1).data]"
    )
    palette = ["#5ca6ff", "#ff9d5b"] if dark else ["#2571c9", "#cd6418"]
    for track in (0, 1):
        expected = [int(palette[track][k : k + 2], 16) for k in (1, 3, 5)]
        assert browser.do(f"({pixel})({track})")[:3] == expected
    browser.do("document.querySelector('#legend button').click()")
    browser.do("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    dim = np.array(browser.do(f"({pixel})(1)")[:3])
    ground, colour = np.array([20, 23, 27] if dark else [255] * 3), np.array(expected)
    np.testing.assert_allclose(dim, ground + (colour - ground) * 28 / 255, atol=2)


@needs_chromium
def test_mouse_keys_search_and_legend(browser, tmp_path):
    positions = [[0, 0], [1, 0], [0, 1], [1, 1]]
    titles, artists = ["South", "Easter", "North", "Ångström"], ["Ann", "Bo", "Ann", "Cy"]
    browser.open(write(tmp_path / "m.html", titles, artists, positions))
    assert text_of(browser, "about") == "4 tracks, as planted@1 hears them"
    x, y = browser.do("[across(2), down(2)]")
    browser.click(x, y)
    assert text_of(browser, "title") == "North" and "1:01" in text_of(browser, "artist")
    assert browser.do("document.getElementById('tip').textContent").startswith("North\nAnn")
    browser.do("area.focus()")
    browser.press("ArrowRight", shift=True)
    assert text_of(browser, "title") == "Ångström"
    browser.press("ArrowDown", shift=True)
    assert text_of(browser, "title") == "Easter"
    scale = browser.do("view.scale")
    browser.press("+")
    assert browser.do("view.scale") == pytest.approx(1.5 * scale)
    browser.mouse("mouseWheel", x, y, deltaX=0, deltaY=100)
    browser.press("0")
    assert browser.do("view.scale") == pytest.approx(scale)
    type_in(browser, "angstrom")
    assert text_of(browser, "matches") == "1 found"
    assert browser.do("[0, 1, 2, 3].filter(isShown)") == [3]
    browser.do("document.querySelector('#found button').click()")
    assert text_of(browser, "title") == "Ångström"
    browser.press("Escape")
    browser.do("document.querySelectorAll('#legend button')[1].click()")
    assert browser.do("[0, 1, 2, 3].filter(isShown)") == [1, 3]
    browser.press("Escape")
    assert browser.do("[0, 1, 2, 3].filter(isShown).length") == 4


@needs_chromium
def test_the_point_under_the_mouse_stays_there_while_zooming(browser, tmp_path):
    browser.open(write(tmp_path / "m.html", "abc", "abc", [[0, 0], [3, 1], [2, 2]]))
    before = browser.do("[across(1), down(1)]")
    browser.do(f"zoom(7, {before[0]}, {before[1]})")
    assert browser.do("[across(1), down(1)]") == pytest.approx(before, abs=0.1)
    assert browser.do(f"under({before[0]}, {before[1]})") == 1
    assert browser.do("under(across(0), down(0))") == 0


@needs_chromium
def test_what_is_said_of_a_point_goes_when_the_wheel_takes_it_from_the_mouse(browser, tmp_path):
    browser.open(write(tmp_path / "m.html", "abc", "abc", [[0, 0], [3, 1], [2, 2]]))
    x, y = browser.do("[across(1), down(1)]")
    browser.mouse("mouseMoved", x - 4, y)
    assert not browser.do("document.getElementById('tip').hidden")
    browser.mouse("mouseWheel", x - 4, y, deltaX=0, deltaY=-1200)
    assert browser.do("view.scale > 5 * whole && document.getElementById('tip').hidden")


@needs_chromium
def test_names_are_written_whole_or_not_at_all(browser, tmp_path):
    artists = [f"An artist with a long name, {k}" for k in range(40)]
    positions = np.stack([np.linspace(0, 1, 40), np.linspace(0, 0.9, 40)], 1)
    browser.open(write(tmp_path / "m.html", artists, artists, positions), width=900)
    edge = (
        "(() => { const all = document.getElementById('labels'), side = all.width - LEFT; return "
        "all.getContext('2d').getImageData(side, 0, LEFT, all.height).data.some((v) => v); })()"
    )
    for closer in (1, 3):
        browser.do(f"zoom({closer})")
        browser.do("new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d)))")
        assert browser.do(edge.replace("LEFT", "580"))  # some are there
        assert not browser.do(edge.replace("LEFT", "1"))


@needs_chromium
def test_both_ends_of_a_scale_stand_at_its_ends(browser, tmp_path):
    browser.open(write(tmp_path / "m.html", "ab", "ab", [[0, 0], [1, 1]]))
    browser.do(
        "(() => { const box = document.getElementById('colour'); box.value = '1'; "
        "box.dispatchEvent(new Event('change')); })()"
    )
    low, high, left, right = browser.do(
        "(() => { const [bar, ends] = document.getElementById('legend').children, text = (k) => { "
        "const range = new Range(); range.selectNodeContents(ends.children[k]); "
        "return range.getBoundingClientRect(); }, box = bar.getBoundingClientRect(); "
        "return [text(0).left, text(1).right, box.left, box.right]; })()"
    )
    assert (low, high) == pytest.approx((left, right), abs=1)


@needs_chromium
def test_a_click_plays_the_file_and_a_missing_one_is_said(browser, tmp_path):
    write_wav(tmp_path / "1 #?%<b>.wav", piece(1, 3.0))
    place = write(tmp_path / "m.html", "ab", "ab", [[0, 0], [1, 1]], folder=tmp_path)
    browser.open(place)
    for track, condition in (
        (0, "document.getElementById('player').currentTime > 0"),
        (1, "!document.getElementById('trouble').hidden"),
    ):
        browser.click(*browser.do(f"[across({track}), down({track})]"))
        until = time.monotonic() + 10
        while not browser.do(condition):
            assert time.monotonic() < until, condition
            time.sleep(0.05)


@needs_chromium
def test_one_track_has_a_page(browser, tmp_path):
    browser.open(write(tmp_path / "m.html", ["one"], [None], [[5, 5]]))
    assert text_of(browser, "about") == "1 track, as planted@1 hears it"
    browser.do("choose(0, { centre: true })")
    assert browser.faults() == []
