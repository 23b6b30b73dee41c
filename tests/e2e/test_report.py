#!/usr/bin/env python3
"""The report of a run and of a study: what its figures say is what the files say, its files need nothing from outside, and
files that are not as they should be are refused by name, or the half-written line is left out and that is said."""

import csv
import json
import math
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
SIM = pathlib.Path(os.environ["HOLDFAST_BUILD"]) / "sim/holdfast-sim"
sys.path.insert(0, str(SOURCE / "tests/lib"))

import tap  # noqa: E402

SCENARIO = """title: "small & \\"quoted\\""
nodes: 8
for: 50s
crypto: model
ready_min: 0
network: {latency: regions}
policy: {shares: 3, threshold: 2}
events:
  - {at: 20s, do: key, text: tss-db}
  - {at: 30s, do: crash, share: 50%, for: 5s}
  - {at: 48s, do: crash, count: 1}
"""
STUDY = """title: how many <stay>
scenario: small.yaml
settings:
  - {name: "plain, as it is", set: []}
  - {name: lossy, set: [network.loss=2%]}
grid:
  - {field: "events[1].share", name: down, values: [0%, 50%, 100%]}
  - {field: policy.domain_rule, name: rule, values: [0, 2]}
seeds: 3
metrics: [ready, all_open, kept_balance, recovering_least_us, recovering_median_us, recovering_longest_us]
"""
# Of a folder of results and the kind that it is; each test takes a copy.
FOLDERS = tempfile.TemporaryDirectory()
RUN, SWEEP = (pathlib.Path(FOLDERS.name) / name for name in ("run", "sweep"))


def sim(*arguments, status=0, **options):
    done = subprocess.run([SIM, *map(str, arguments)], capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL,
                          **options)
    assert done.returncode == status, f"exit {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}"
    return done


def copy(folder, to):
    to.mkdir()
    for file in folder.iterdir():
        (to / file.name).write_bytes(file.read_bytes())
    return to


def rows(folder, name):
    with open(folder / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def lines(folder, name):
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def report(folder, *options):
    """The figures that a report of a folder has, by their names, and its page."""
    sim("report", folder, "--overwrite", *options)
    page = (folder / "report.html").read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1]
    return {figure["id"]: figure for figure in json.loads(data)["figures"]}, page


def wilson(part, count, z=1.959963984540054):
    middle, half = part + z * z / (2 * count), z * math.sqrt(part * (1 - part) / count + z * z / (4 * count * count))
    return (middle - half) / (1 + z * z / count), (middle + half) / (1 + z * z / count)


def near(a, b):
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9)


def with_folder(test):
    def case():
        with tempfile.TemporaryDirectory() as name:
            test(pathlib.Path(name))
    case.__name__ = test.__name__
    return tap.case(case)


@with_folder
def the_figures_of_a_run_say_what_its_files_say(folder):
    there = copy(RUN, folder / "run")
    figures, page = report(there)
    assert sorted(figures) == ["balance", "bytes", "lanes", "mesh", "messages", "states", "talk", "times"]
    assert "<h1>small &amp; &quot;quoted&quot;</h1>" in page or "<h1>small &amp; \\" in page, page[:3000]
    nodes = rows(there, "nodes.csv")
    # Times: of those that came to it and those that never did, as a part of both.
    lives = [row for row in rows(there, "lives.csv") if row["what"] == "recovering" and row["end"] != "cut"]
    took = sorted(int(row["took_us"]) for row in lives if row["end"] == "done")
    curve = next(c for c in figures["times"]["curves"] if c["name"].startswith("recovering"))
    assert [step["us"] for step in curve["steps"]] == [0] + took and len(took) >= 3
    for come, step in enumerate(curve["steps"]):
        low, high = wilson(come / len(lives), len(lives))
        assert near(step["part"], come / len(lives)) and near(step["low"], max(low, 0)) and near(step["high"], min(high, 1)), step
    # Balance: beside the binomial.
    kept = [int(row["kept"]) for row in nodes]
    p = sum(kept) / len(kept) / (len(kept) - 1)
    for bar in figures["balance"]["bars"]:
        chance = math.comb(len(kept) - 1, bar["kept"]) * p**bar["kept"] * (1 - p)**(len(kept) - 1 - bar["kept"])
        assert bar["nodes"] == kept.count(bar["kept"]) and near(bar["expected"], len(kept) * chance), bar
        below = [sum(math.comb(len(kept), i) * chance**i * (1 - chance)**(len(kept) - i) for i in range(most + 1))
                 for most in range(len(kept) + 1)]
        assert bar["low"] == next(i for i, b in enumerate(below) if b >= 0.025 - 1e-12), bar
        assert bar["high"] == next(i for i, b in enumerate(below) if b >= 0.975 - 1e-12), bar
    # Messages and bytes: all of them, a node and second.
    series, run = rows(there, "series.csv"), rows(there, "run.csv")[0]
    assert sum(int(row["bytes"]) for row in series) == int(run["bytes"])
    for name, columns in (("messages", ("requests", "answers")), ("bytes", ("bytes",))):
        drawn = sum(point["value"] for point in figures[name]["points"])
        told = sum(sum(int(row[c]) for c in columns) / max(int(row["nodes"]), 1) / int(row["span_us"]) * 1e6 for row in series)
        assert near(drawn, told), (name, drawn, told)
    # States: every node is in one at each moment, and each bar is as long as its line says.
    states = figures["states"]
    span = {}
    for point in states["points"]:
        span[point["from_us"]] = span.get(point["from_us"], 0) + point["nodes"]
    assert all(near(value, len(nodes)) for value in span.values()) and len(span) > 250
    assert [fault["label"] for fault in states["faults"]] == ["key: 8 nodes", "crash: 4 nodes", states["faults"][2]["label"]]
    assert [(f["from_us"], f["until_us"]) for f in states["faults"][:2]] == [(20000000, 20000000), (30000000, 35000000)]
    down = [bar for bar in figures["lanes"]["bars"] if figures["lanes"]["states"][bar["state"]] == "down" and bar["from_us"] > 0]
    assert sorted(bar["until_us"] - bar["from_us"] for bar in down) == [2000000] + [5000000] * 4
    # The mesh: as many shares as the node's disk holds, and its own n.
    mesh = figures["mesh"]
    assert len(mesh["owners"]) == int(nodes[mesh["node"]]["kept"]) and len(mesh["holders"]) == 3
    for number in (7,):
        other = report(there, "--node", number)[0]
        assert len(other["mesh"]["owners"]) == int(nodes[number]["kept"]), number
    # Messages: each arrow is a line, from when it was sent to when it arrived.
    log = lines(there, "messages.jsonl")
    arrived = {(line["call"], line["arrived"]): line["at_us"] for line in log if "arrived" in line}
    sent = {}  # of one moment there may be several of a kind
    for line in (line for line in log if "method" in line):
        key = (line["at_us"], line["from"], line["to"], line["method"], line.get("outcome", ""))
        sent.setdefault(key, []).append(arrived.get((line["call"], "answer" if "outcome" in line else "request")))
    restart = next(line for line in lines(there, "timeline.jsonl") if line["what"] == "start" and line["at_us"] > 1000000)
    assert figures["talk"]["marks"] == [{"node": restart["node"], "at_us": restart["at_us"], "text": "its restart"}]
    for arrow in figures["talk"]["arrows"]:
        method = figures["talk"]["methods"][arrow["method"]]
        assert restart["node"] in (arrow["from"], arrow["to"]), arrow
        assert arrow["arrived_us"] in sent[(arrow["sent_us"], arrow["from"], arrow["to"], method, arrow["outcome"])], arrow
    assert report(there, "--at", "10s", "--node", "2")[0]["talk"]["from_us"] == 10000000


@with_folder
def the_figures_of_a_study_have_the_intervals_of_its_table(folder):
    there = copy(SWEEP, folder / "sweep")
    figures, page = report(there)
    assert "<h1>How many &lt;stay&gt;</h1>" in page
    assert list(figures) == ["recovering-distribution", "ready", "all_open", "kept_balance", "recovering_least_us",
                             "recovering_median_us", "recovering_longest_us"]
    settings = rows(there, "settings.csv")
    for name in ("ready", "all_open", "kept_balance"):
        figure, told = figures[name], [row for row in settings if row["metric"] == name]
        assert figure["x"] == {"name": "rule", "number": True, "unit": "", "values": [0, 2]}, figure["x"]
        assert figure["groups"] == ["plain, as it is", "lossy"] and figure["facets"] == ["0%", "50%", "100%"]
        for point, row in zip(figure["points"], told, strict=True):
            assert point["count"] == int(row["count"]) == 3 and point["x"] == int(row["rule"])
            assert figure["groups"][point["group"]] == row["name"] and figure["facets"][point["facet"]] == row["down"]
            assert all(near(point[field], float(row[field])) for field in ("mean", "low", "high")), (point, row)
    for point in figures["all_open"]["points"]:
        low, high = wilson(point["mean"], 3)
        assert near(point["low"], max(low, 0)) and near(point["high"], min(high, 1)), point
    assert len(figures["ready"]["runs"]) == 36 and figures["kept_balance"]["reference"] == 1
    curves = figures["recovering-distribution"]["curves"]
    assert all([point["q"] for point in curve["points"]] == [0, 0.5, 1] for curve in curves)
    told = {row["setting"] for row in settings if row["metric"].startswith("recovering") and row["mean"] != ""}
    assert 4 <= len(curves) <= len(told)  # without a recovery in the middle there is no curve
    for curve in curves:  # a later part takes no less
        means = [point["mean"] for point in curve["points"]]
        assert means == sorted(means), curve


@with_folder
def its_files_need_nothing_from_outside_and_are_the_same_every_time(folder):
    for kind in (RUN, SWEEP):
        there = copy(kind, folder / kind.name)
        _, page = report(there)
        first = {file.name: file.read_bytes() for file in [there / "report.html", *(there / "figures").iterdir()]}
        report(there)
        assert first == {file.name: file.read_bytes() for file in [there / "report.html", *(there / "figures").iterdir()]}
        markup = page.split('<script type="application/json"')[0]
        assert not re.findall(r'(?:src|href)="(?!figures/)[^"]*"|url\(|@import|<link', markup)
        assert "prefers-color-scheme:dark" in markup and "@media print" in markup
        drawn = re.findall(r"<figure data-figure.*?</figure>", markup, re.S)
        assert len(drawn) == len(first) - 1 and all("<svg" in figure for figure in drawn)
        for name, content in first.items():
            if not name.endswith(".svg"):
                continue
            root = xml.etree.ElementTree.fromstring(content)
            assert root.tag == "{http://www.w3.org/2000/svg}svg" and b"var(" not in content and b"undefined" not in content, name
            assert b"NaN" not in content and b"Infinity" not in content, name
            shapes = [e for e in root.iter() if e.tag.rpartition("}")[2] in ("path", "rect", "line", "circle")]
            assert len(shapes) > 3 and root.get("aria-label"), name


@with_folder
def what_is_there_is_kept_and_a_full_disk_is_said(folder):
    there = copy(RUN, folder / "run")
    sim("report", there)
    page = (there / "report.html").read_bytes()
    assert "--overwrite" in sim("report", there, status=64).stderr

    def disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))

    done = sim("report", there, "--overwrite", status=3, preexec_fn=disk)
    assert "report.html cannot be written" in done.stderr and (there / "report.html").read_bytes() == page
    assert "report needs a folder" in sim("report", status=64).stderr


@with_folder
def files_that_are_not_as_they_should_be_are_refused_by_name(folder):
    assert "has no results" in sim("report", folder, status=64).stderr
    number = 0
    for kind, name, change, words in (
            (RUN, "run.csv", lambda t: t + t.split("\n")[1] + "\n", "the one row"), (RUN, "run.csv", lambda t: "", "no heading"),
            (RUN, "run.csv", lambda t: t.replace(",8,", ",x8,"), "run.csv: line 2"), (RUN, "nodes.csv", None, "nodes.csv"),
            (RUN, "lives.csv", lambda t: t.replace("3,placing", "3,4,placing"), "lives.csv: line"),
            (RUN, "lives.csv", lambda t: t.replace("took_us", "took"), "took_us"),
            (RUN, "lives.csv", lambda t: t.replace(",done", "x,done", 1), "lives.csv: line 2"),
            (RUN, "timeline.jsonl", lambda t: t[:50] + "\0" + t[50:], "timeline.jsonl: line"),
            (RUN, "timeline.jsonl", lambda t: "[1]\n" + t, "timeline.jsonl: line 1"), (RUN, "timeline.jsonl", lambda t: "{}\n", "at_us"),
            (RUN, "series.csv", lambda t: t.replace("bytes\n", "octets\n"), "heading"),
            (RUN, "series.csv", lambda t: t.replace("documents,8", "documents,-8", 1), "series.csv: line"),
            (RUN, "messages.jsonl", lambda t: t.replace('"at_us"', '"at"', 1), "at_us"),
            (SWEEP, "settings.csv", None, "not whole yet"), (SWEEP, "settings.csv", lambda t: t.replace("mean", "median", 1), "settings.csv"),
            (SWEEP, "settings.csv", lambda t: t.replace(",ready,", ",../../ready,"), "another build"),
            (SWEEP, "settings.csv", lambda t: "\n".join(t.split("\n")[:-3]) + "\n", "not all metrics"),
            (SWEEP, "settings.csv", lambda t: "\n".join(t.split("\n")[:9] + t.split("\n")[10:]), "settings.csv: line"),
            (SWEEP, "settings.csv", lambda t: t.replace("50%", "51%", 1), "not the labels"),
            (SWEEP, "runs.csv", lambda t: t.replace("\n11,", "\n12,", 1), "runs.csv: line"),
            (SWEEP, "runs.csv", lambda t: t.replace("0%,", "0%", 1), "fields"), (SWEEP, "sweep.txt", lambda t: "x", "sweep.txt"),
            (SWEEP, "runs.csv", lambda t: t.replace("lossy", "loss\udcff", 1), "UTF-8")):
        there = copy(kind, folder / str(number))
        number += 1
        if change is None:
            (there / name).unlink()
        else:
            text = (there / name).read_text(encoding="utf-8")
            assert change(text) != text, (name, words)
            (there / name).write_text(change(text), encoding="utf-8", errors="surrogateescape")
        refused = sim("report", there, status=64)
        assert words in refused.stderr and refused.stderr.count("\n") == 1, (name, words, refused.stderr)
        assert not (there / "report.html").exists() and not (there / "figures").exists(), name
    assert "there are 8 nodes" in sim("report", copy(RUN, folder / "n"), "--node", 8, status=64).stderr
    assert "--at" in sim("report", folder / "n", "--at", "soon", status=64).stderr


@with_folder
def a_half_written_line_is_left_out_and_what_is_missing_is_said(folder):
    there = copy(RUN, folder / "run")
    for name in ("lives.csv", "timeline.jsonl", "series.csv"):
        text = (there / name).read_text(encoding="utf-8")
        (there / name).write_text(text[:-4], encoding="utf-8")
    (there / "messages.jsonl").unlink()
    figures, page = report(there)
    for words in ("line of lives.csv", "line of timeline.jsonl", "line of series.csv", "there is no messages.jsonl"):
        assert words in page, words
    assert "talk" not in figures and len(figures) == 7
    for name in ("lives.csv", "timeline.jsonl", "series.csv"):
        (there / name).unlink()
    figures, page = report(there)
    assert list(figures) == ["balance"] and all(f"there is no {name}" in page for name in ("lives.csv", "timeline.jsonl", "series.csv"))


def main():
    folder = pathlib.Path(FOLDERS.name)
    (folder / "small.yaml").write_text(SCENARIO, encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    sim("run", folder / "small.yaml", "--out", RUN, "--messages", "--quiet")
    sim("sweep", folder / "study.yaml", "--out", SWEEP, "--quiet")
    return tap.main()


if __name__ == "__main__":
    sys.exit(main())
