#!/usr/bin/env python3
"""The status page in a real browser: what a person sees in the hours that matter, by real daemons; and what no name, size or
lie can do to it, by a daemon that is played. With HOLDFAST_PICTURES in the environment, pictures go to that folder."""

import json
import os
import pathlib
import re
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from browser import Browser  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402
from played import Played, every_text  # noqa: E402

PROGRAMS = Programs(BUILD)
PICTURES = os.environ.get("HOLDFAST_PICTURES")
LOOKS = {"desk": {}, "desk-dark": {"dark": True}, "phone": {"width": 390, "height": 844}, "phone-dark": {"width": 390, "height": 844, "dark": True}}
HOSTILE = ["<script>window.hit=1</script>", "<img src=x onerror=\"window.hit=1\">", "</script><script>window.hit=1</script>",
           "javascript:window.hit=1", "\u202egnp.exe", "{{constructor.constructor('window.hit=1')()}}", "a" * 4000, "<!--", "&lt;b&gt;", "\x07\x1b[31m'\"`"]


def port_of(node):
    return int(re.findall(r"\bevent=metrics\b.*?\bport=(\d+)", node.log.read_text())[-1])


def mesh(nodes=7, **more):
    return Mesh(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-browser-")), PROGRAMS, nodes=nodes, **({"shares": 5, "threshold": 2, "quorum": 3} | more))


def sound(browser):
    """Nothing is wrong with what is shown: no complaint, nothing run that is not the page's, nothing wider than the window."""
    said = browser.said()
    assert not said, said
    assert browser.run("return window.hit") is None
    assert browser.run("return document.querySelectorAll('img,iframe,object,link,form,a').length") == 0
    assert browser.run("return document.querySelectorAll('script').length") == 2
    wide = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{wide} pixels wider than the window"
    # What a screen reader is told of pictures, and that each section has a heading.
    assert browser.run("return [...document.querySelectorAll('svg,[role=img]')].filter(e => e.closest('.uplot') === null && !e.getAttribute('aria-label')).length") == 0
    assert browser.run("return [...document.querySelectorAll('section')].every(e => e.querySelector('h1,h2'))")
    low = browser.run(CONTRAST)
    assert not low, low


# Texts whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3).
CONTRAST = r"""
const parse = (c) => (c.match(/[\d.]+/g) || []).map(Number);
const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0.99) return c; } return [255, 255, 255]; };
const found = [];
for (const e of document.querySelectorAll('#page *')) {
  if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || e.closest('svg, .uplot') || !e.getClientRects().length) continue;
  const a = light(parse(getComputedStyle(e).color)), b = light(behind(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) found.push([e.className, e.textContent.slice(0, 30), Math.round(ratio * 10) / 10]);
}
return found;
"""


def look_at(url, name, wanted, looks=("desk", "phone-dark")):
    for look in looks:
        with Browser(**LOOKS[look]) as browser:
            browser.open(url)
            for text in wanted:
                browser.until(f"return document.body.innerText.includes({json.dumps(text)})", f"{name}: {text}", 60)
            sound(browser)
            if PICTURES:
                browser.picture(pathlib.Path(PICTURES) / f"{name}-{look}.png")


@tap.case
def the_hours_that_matter_by_real_daemons():
    with mesh() as m:
        m.make("metrics: {port: 0, page: true}\n")
        node = m.nodes[0]
        url = f"http://127.0.0.1:{port_of(node)}/"
        until(lambda: "ready" in (node.state() or ""), 60, node.tail)
        look_at(url, "healthy", ["yes", "ready", "more may go before a restart locks the key"], LOOKS)
        # It goes on by itself, an explanation that is read stays open, and the reader keeps the place.
        with Browser() as browser:
            browser.open(url)
            holders = [p["operator"] for p in node.status()["providers"]]
            lost = next(n for n in m.nodes if f"operator{n.number}" in holders)
            lost.kill()
            browser.until("return document.body.innerText.includes('operator%d cannot be reached')" % lost.number, "it is told", 90)
            browser.until("const d = document.querySelector('details summary'); if (d) { d.focus(); d.click(); } return d !== null", "an explanation", 60)
            assert "What to do:" in browser.text()
            before = browser.run("return document.querySelectorAll('.moments li').length")
            lost.start()
            browser.until(f"return document.querySelectorAll('.moments li').length > {before}", "the life line grows", 90)
            sound(browser)
            node.kill()
            browser.until("return document.body.innerText.includes('NO ANSWER for')", "a page that is old says so", 60)
            if PICTURES:
                browser.picture(pathlib.Path(PICTURES) / "no-answer-desk.png")


@tap.case
def locked_by_a_power_cut_and_recovering():
    with mesh() as m:
        m.make("metrics: {port: 0, page: true}\n")
        for node in m.nodes:
            node.kill()
        node, other = m.nodes[:2]
        node.start()
        node.wait("recovering", 60)
        look_at(f"http://127.0.0.1:{port_of(node)}/", "recovering", ["recovering", "locked", "cannot be reached"])
        for each in m.nodes[1:]:
            each.start()
        node.wait_status(lambda s: s["key"]["outlook"] == "stuck", "it says that all are locked", 60)
        look_at(f"http://127.0.0.1:{port_of(node)}/", "power-cut", ["NOT BY ITSELF", "locked themselves", "in danger"], ("desk", "phone"))


def real_data(size=5):
    """What a real daemon says of itself."""
    with mesh(nodes=size, shares=3, threshold=2, quorum=2) as m:
        m.make("metrics: {port: 0, page: true}\n")
        # Of four others three keep its shares: one of these.
        gone = m.nodes[0].status()["providers"][0]["operator"]
        next(n for n in m.nodes if f"operator{n.number}" == gone).kill()
        m.nodes[0].wait_status(lambda s: s["warnings"] or s["state"] == "degraded", "somebody is missing", 60)
        done = m.nodes[0].command("page")
        assert done.returncode == 0, done
        return json.loads(done.stdout.decode().partition('id="data">')[2].partition("</script>")[0])


@tap.case
def no_text_becomes_markup_and_no_script_runs():
    data = real_data()
    for at, hostile in enumerate(HOSTILE):
        wrong = every_text(data, lambda text, hostile=hostile: hostile)
        with Played(PROGRAMS, wrong) as played, Browser(**LOOKS["desk" if at % 2 else "phone"]) as browser:
            browser.open(played.url)
            browser.until("return !document.getElementById('live').hidden", hostile)
            sound(browser)
            if hostile.isprintable() and len(hostile) < 100:
                assert hostile in browser.text(), browser.text()
            if PICTURES and at in (1, 6):
                browser.picture(pathlib.Path(PICTURES) / f"hostile-{at}.png")
        with Played(PROGRAMS, wrong) as played, Browser(script=False) as browser:
            browser.open(played.url)
            assert browser.run("return window.hit") is None
            assert browser.run("return document.querySelectorAll('img,iframe,object,link,form,a').length") == 0


@tap.case
def a_node_that_says_what_is_none_breaks_nothing_but_its_own_page():
    for lie in ({}, {"status": None}, {"status": {"warnings": 3, "providers": "x"}}, {"status": [], "members": {}, "reasons": 7}):
        with Played(PROGRAMS, lie) as played, Browser() as browser:
            browser.open(played.url)
            assert browser.run("return window.hit") is None and "What expires" in browser.text(), browser.text()


@tap.case
def a_black_start_under_way_says_whose_answers_are_missing():
    data = real_data()
    data["status"] |= {"state": "recovering", "open": False, "exit_status": 3, "says": "collecting shares from its providers",
                       "quorum": {"wanted": True, "sealed": True, "openable": True, "open": True, "have": 1, "need": 3, "lost": False}}
    data["status"]["key"] |= {"outlook": "stuck", "says": "NOT BY ITSELF: 3 of 3 providers are locked themselves"}
    with Played(PROGRAMS, data) as played:
        look_at(played.url, "blackstart", ["1 of 3 answers of share holders are here", "NOT BY ITSELF", "not known while this node is locked"], ("desk",))


@tap.case
def a_thousand_members_have_room():
    data = real_data()
    states = ["member"] * 17 + ["suspect", "unreachable", "leaving"]
    data["members"] = [dict(data["members"][i % 5], self=i == 0, operator=f"operator {i}", account=f"{i:064x}", state=states[i % 20], index=0)
                       for i in range(1000)]
    holder = data["status"]["providers"][0]
    data["status"]["providers"] = [dict(holder, operator=f"operator {i}", index=i + 1, error=None if i % 3 else "connect", answered=bool(i % 3))
                                   for i in range(32)]
    with Played(PROGRAMS, data) as played:
        look_at(played.url, "thousand", ["1000 validators: 850 there, 50 suspect, 50 unreachable, 50 leaving"])
        with Browser() as browser:
            browser.open(played.url)
            browser.until("return !document.getElementById('live').hidden", "drawn")
            assert browser.run("return document.querySelectorAll('.dots g').length") == 1000
            took = browser.run("const t = performance.now(); dispatchEvent(new Event('resize')); return performance.now() - t")
            assert took < 2000, took


if __name__ == "__main__":
    sys.exit(tap.main())
