#!/usr/bin/env python3
"""holdfast-sim run --rare: an estimate does not depend on how it was computed, what ended early keeps what ran, and what
cannot be estimated is refused by name."""

import csv
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
SIM = pathlib.Path(os.environ["HOLDFAST_BUILD"]) / "sim/holdfast-sim"
sys.path.insert(0, str(SOURCE / "tests/lib"))

import tap  # noqa: E402

MACHINES = str(SOURCE / "sim/scenarios/machines-down.yaml")
# Loss is no rarity here: what is asked is how it is reported.
OFTEN = [MACHINES, "--for", "1d", "--set", "churn[0].mean=4h", "--set", "churn[0].for=1h"]


def rare(*arguments, status=0, **options):
    done = subprocess.run([SIM, "run", *arguments, "--rare", "--quiet"], capture_output=True, text=True, timeout=100,
                          stdin=subprocess.DEVNULL, **options)
    assert done.returncode == status, f"exit {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}"
    return done


def row(folder):
    with open(pathlib.Path(folder) / "rare.csv", newline="", encoding="utf-8") as file:
        (found,) = csv.DictReader(file)
    return found, json.loads((pathlib.Path(folder) / "rare.json").read_text(encoding="utf-8"))


@tap.case
def an_estimate_is_a_row_and_the_same_for_any_number_of_processes():
    found = []
    for jobs in "12":
        with tempfile.TemporaryDirectory() as out:
            said = rare(*OFTEN, "--seeds", "3500000700001..3500000700030", "--splits", "2,3", "--jobs", jobs, "--out", out)
            csv_row, figures = row(out)
        assert figures["splits"] == [2, 3] and csv_row["splits"] == "2 3"
        for name in ("seed", "roots", "hits", "worlds", "events"):
            assert int(csv_row[name]) == figures[name], (name, csv_row, figures)
        assert float(csv_row["chance"]) == figures["chance"] and figures["roots"] == 30 and not figures["stopped"]
        assert 0 <= figures["low"] < figures["chance"] < figures["high"] <= 1 and figures["hits"] > 0
        assert figures["entered"][0] == 30 and figures["worlds"] > 30 and "chance that a key is lost" in said.stdout
        del figures["cpu_s"]
        found.append(figures)
    assert found[0] == found[1], found


@tap.case
def counting_and_splitting_agree():
    def chance(*arguments):
        with tempfile.TemporaryDirectory() as out:
            rare(*OFTEN, *arguments, "--out", out)
            return row(out)[1]
    counted = chance("--seeds", "3500000710001..3500000710300", "--splits", "1")
    split = chance("--seeds", "3500000720001..3500000720080", "--splits", "1,2,3")
    assert counted["hits"] == round(counted["chance"] * 300) and counted["worlds"] == 300
    spread = ((counted["error"] * counted["chance"]) ** 2 + (split["error"] * split["chance"]) ** 2) ** 0.5
    assert abs(counted["chance"] - split["chance"]) < 4 * spread < counted["chance"], (counted, split)


@tap.case
def copies_are_chosen_by_trial_runs_when_none_are_named():
    with tempfile.TemporaryDirectory() as out:
        rare(*OFTEN, "--seeds", "3500000730001..3500000730020", "--out", out)
        figures = row(out)[1]
        assert len(figures["splits"]) == 3 and all(copies >= 1 for copies in figures["splits"]), figures
        assert "--overwrite" in rare(*OFTEN, "--seeds", "1..2", "--out", out, status=64).stderr


@tap.case
def what_cannot_be_estimated_is_refused_by_name():
    steady = str(SOURCE / "sim/scenarios/steady-state.yaml")
    assert "it needs `churn`" in rare(steady, status=64).stderr
    assert "it needs `churn`" in rare(MACHINES, "--set", "churn[0].from=4d", status=64).stderr
    assert "within 3 failures of a loss" in rare(MACHINES, "--set", "churn[0].mean=5000w", status=64).stderr
    text = rare(MACHINES, "--splits", "2,2,2,2", status=64).stderr
    assert "4 levels are impossible: with 5 shares of which 3 suffice" in text and "at most 4 failures" in text, text
    for wrong in ("0", "2,,3", "2,", "x", "1001", "-1", "2;3"):
        assert "--splits: numbers from 1 to 1000" in rare(MACHINES, "--splits", wrong, status=64).stderr, wrong
    assert "at most 1000000" in rare(MACHINES, "--seeds", "1..2000000", status=64).stderr
    assert "--until" in rare(MACHINES, "--until", "1h", status=64).stderr
    plain = subprocess.run([SIM, "run", MACHINES, "--splits", "2"], capture_output=True, text=True, timeout=20)
    assert plain.returncode == 64 and "--rare" in plain.stderr


@tap.case
def a_process_of_faults_that_makes_no_sense_is_refused_at_its_line():
    for wrong, word in (("{do: partition, mean: 1h}", "partition is an event"), ("{do: crash, mean: 1h}", "starts again"),
                        ("{do: remove, mean: 1h, for: 1m}", "does not last"), ("{do: join, mean: 1h, replace: 1m}", "replace"),
                        ("{do: crash, for: 1h}", "mean"), ("{do: crash, mean: 1h, for: 1h, shape: 0}", "shape")):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(f"nodes: 6\nchurn:\n  - {wrong}\n")
            file.flush()
            done = subprocess.run([SIM, "check", file.name], capture_output=True, text=True, timeout=20)
            assert done.returncode == 64 and f"{file.name}:3:" in done.stderr and word in done.stderr, done.stderr
    assert "retry_most" in rare(MACHINES, "--set", "timing.retry_least=2h", "--seeds", "1..2", status=64).stderr


@tap.case
def ctrl_c_keeps_the_roots_that_ran():
    with tempfile.TemporaryDirectory() as out:
        program = subprocess.Popen([SIM, "run", *OFTEN, "--rare", "--splits", "1,2,3", "--seeds", "1..1000000", "--jobs", "2",
                                    "--quiet", "--out", out], stdout=subprocess.PIPE, text=True)
        time.sleep(3)
        program.send_signal(signal.SIGINT)
        text, _ = program.communicate(timeout=30)
        assert program.returncode == 3 and "ended early" in text, text
        csv_row, figures = row(out)
        assert figures["stopped"] and csv_row["stopped"] == "1" and 0 < figures["roots"] < 1000000, figures
        again = tempfile.mkdtemp(dir=out)
        rare(*OFTEN, "--splits", "1,2,3", "--seeds", f"1..{figures['roots']}", "--out", again)
        whole = row(again)[1]
        assert [whole[name] for name in ("chance", "hits", "entered")] == [figures[name] for name in ("chance", "hits", "entered")]


@tap.case
def want_of_memory_is_said():
    if "asan" in subprocess.run(["ldd", SIM], capture_output=True, text=True, check=True).stdout:
        return
    done = rare(MACHINES, "--nodes", "20000", "--set", "policy.shares=7", "--seeds", "1..2", "--splits", "1", status=3,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (120 << 20, 120 << 20)))
    assert "out of memory" in done.stderr, done.stderr


if __name__ == "__main__":
    sys.exit(tap.main())
