"""holdfast-sim from Python: a scenario in, a run, its results out.

    import holdfast_sim as sim
    result = sim.run({"nodes": 20, "for": "5m", "events": [{"at": "2m", "do": "crash", "share": "30%"}]}, seed=7)
    print(result.row["ready"], [life["took_us"] for life in result.lives if life["what"] == "recovering"])

Needs nothing but Python's standard library; with pandas there, `frame` gives results as data frames. The program is
the one that HOLDFAST_SIM names, or that of the tree in which this file lies, or the one on the path. What columns
mean says holdfast-sim(1).
"""

import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

__all__ = ["Refused", "Result", "Sweep", "frame", "program", "run", "sweep"]

TREE = pathlib.Path(__file__).resolve().parents[2]
# Columns that are words, though a word may consist of digits.
_WORDS = {"build", "trace_hash", "state", "outcome", "what", "end", "kind", "name"}


class Refused(Exception):
    """The program refused its input or could not run; the text is what it said."""


def program():
    """The path of holdfast-sim. Raises Refused when there is none."""
    built = TREE / "build/sim/holdfast-sim"
    found = os.environ.get("HOLDFAST_SIM") or (str(built) if built.is_file() else shutil.which("holdfast-sim"))
    if found is None:
        raise Refused("holdfast-sim is not there: build it with contrib/build --dev, or name it in HOLDFAST_SIM")
    return found


def _value(name, text):
    """A field of CSV as a number where it is one; None where it is empty."""
    if text == "":
        return None
    if name in _WORDS:
        return text
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text):
        return float(text)
    return text


def _table(path):
    """The rows of a CSV file, each a dict."""
    with open(path, newline="", encoding="utf-8") as file:
        return [{name: _value(name, text) for name, text in row.items()} for row in csv.DictReader(file)]


def _lines(path):
    """The objects of a file of JSON lines; none where there is no such file."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _arguments(seed, settings):
    """Options of the program. settings: {"network.loss": "1%"}."""
    sets = [option for key, value in settings.items() for option in ("--set", f"{key}={_text(value)}")]
    return (["--seed", str(seed)] if seed is not None else []) + sets


def _text(value):
    """A value as YAML in one line. A scenario tells 5m, 30% and 7 from a text in quotes, so that what can do without has none."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_text, value)) + "]"
    plain = isinstance(value, str) and re.fullmatch(r"[\w/.][\w/.%+ -]*", value) and value == value.strip()
    return value if plain else json.dumps(value)


class _File:
    """A scenario or study as a file: a path stays where it is, a dict is written into the folder."""

    def __init__(self, what, folder, name):
        self.path = pathlib.Path(folder) / name
        if isinstance(what, dict):
            self.path.write_text(_text(what) + "\n", encoding="utf-8")
        else:
            self.path = pathlib.Path(what)


def _call(arguments):
    """Runs the program; returns its exit status and what it said."""
    done = subprocess.run([program(), *map(str, arguments), "--quiet"], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1, 3):
        raise Refused(done.stderr.strip() or f"holdfast-sim ended with {done.returncode}")
    return done.returncode, done.stdout + done.stderr


class Result:
    """What came of one run.

    ok        every promise was kept, and as many were ready as had to be
    ended     it was ended early, for want of memory or disk
    said      what the program printed
    row       the row of run.csv, a dict; nodes, lives: rows of these files
    series    rows of series.csv: what was sent in a span of time, by kind
    timeline  faults and changes of nodes, one dict each; messages: with messages=True
    """

    def __init__(self, folder, status, said):
        folder = pathlib.Path(folder)
        self.ok, self.ended, self.said = status == 0, status == 3, said
        self.row = _table(folder / "run.csv")[0]
        self.nodes = _table(folder / "nodes.csv")
        self.lives = _table(folder / "lives.csv")
        self.series = _table(folder / "series.csv")
        self.timeline = _lines(folder / "timeline.jsonl")
        self.messages = _lines(folder / "messages.jsonl")

    def took_us(self, what="recovering"):
        """Times of the placings or recoveries that ended well, in microseconds, the shortest first."""
        return sorted(life["took_us"] for life in self.lives if life["what"] == what and life["end"] == "done")


class Sweep:
    """What a study came to: `runs`, a dict a run, and `settings`, one for each setting and metric with its interval;
    `whole` is false, and both are empty, when other shards or an early end have left some to do."""

    def __init__(self, folder, status, said):
        folder = pathlib.Path(folder)
        self.ok, self.ended, self.said = status == 0, status == 3, said
        self.whole = not self.ended and (folder / "runs.csv").exists()
        self.runs = _table(folder / "runs.csv") if self.whole else []
        self.settings = _table(folder / "settings.csv") if self.whole else []


def run(scenario, seed=None, settings=None, out=None, messages=False):
    """Runs a scenario once.

    scenario  the path of a YAML file, or a dict of the same fields
    seed      in place of the scenario's
    settings  {field: value}, as {"network.loss": "1%", "events[0].share": "20%"}
    out       a folder in which its files stay; without it, they are read and gone
    Returns a Result. Raises Refused with what is wrong with the scenario, or with out.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = _File(scenario, folder, "scenario.yaml")
        out = pathlib.Path(folder) / "results" if out is None else out
        arguments = ["run", file.path, "--out", out, *_arguments(seed, settings or {})]
        status, said = _call(arguments + (["--messages"] if messages else []))
        return Result(out, status, said)


def sweep(study, out, jobs=1, seeds=None, settings=None, shard=None):
    """Runs a study, or goes on with one.

    study     the path of a YAML file, or a dict of the same fields; in a dict `scenario` may be a dict too
    out       the folder of its results
    jobs      how many processes; seeds: (first, last), in place of the study's
    shard     (i, n): the i-th part of n
    Returns a Sweep. Raises Refused with what is wrong with the study, or with what is there.
    """
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(study, dict):
            scenario = _File(study["scenario"], folder, "scenario.yaml").path
            study = study | {"scenario": str(scenario.resolve())}
        file = _File(study, folder, "study.yaml")
        arguments = ["sweep", file.path, "--out", out, "--jobs", jobs, *_arguments(None, settings or {})]
        arguments += ["--seeds", f"{seeds[0]}..{seeds[1]}"] if seeds is not None else []
        arguments += ["--shard", f"{shard[0]}/{shard[1]}"] if shard is not None else []
        return Sweep(out, *_call(arguments))


def frame(rows):
    """Rows as a data frame of pandas, which must be installed."""
    import pandas  # noqa: PLC0415: everything else works without it
    return pandas.DataFrame(rows)
