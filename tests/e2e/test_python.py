#!/usr/bin/env python3
"""contrib/python as a researcher uses it: a scenario in, a run, its results out; and what is wrong is said."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/python")]
os.environ["HOLDFAST_SIM"] = str(BUILD / "sim/holdfast-sim")

import holdfast_sim as sim  # noqa: E402
import tap  # noqa: E402

SMALL = {"nodes": 6, "for": "40s", "crypto": "model", "ready_min": 0, "policy": {"shares": 3, "threshold": 2},
         "network": {"handshakes": False}, "events": [{"at": "20s", "do": "crash", "share": "50%", "for": "5s"}]}


@tap.case
def a_scenario_as_a_dict_gives_a_row_nodes_lives_and_a_timeline():
    result = sim.run(SMALL, seed=7, messages=True)
    assert result.ok and not result.ended and "hash" in result.said
    assert result.row["seed"] == 7 and result.row["nodes"] == 6 == len(result.nodes)
    assert isinstance(result.row["trace_hash"], str) and isinstance(result.row["kept_mean"], float)
    assert result.row["recoveries"] == len(result.took_us()) == 3 and len(result.took_us("placing")) == 6
    assert result.took_us()[0] == result.row["recovering_least_us"]
    assert {line["fault"] for line in result.timeline if "fault" in line} == {"crash"}
    assert sum(line["requests"] + line["answers"] for line in result.series) == result.row["messages"]
    assert sum(line["bytes"] for line in result.series) == result.row["bytes"]
    sent = [line for line in result.messages if "method" in line]
    assert len(sent) == result.row["messages"]
    arrived = {(line["call"], line["arrived"]): line["at_us"] for line in result.messages if "arrived" in line}
    for line in sent:  # what arrives was sent before
        key = (line["call"], "answer" if "outcome" in line else "request")
        assert line["method"] == "datagram" or key not in arrived or arrived[key] >= line["at_us"], line


@tap.case
def the_same_run_from_a_file_with_settings_and_a_folder_that_stays():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        first = sim.run(SMALL, 3, {"events[0].share": "100%"}, out=folder / "one")
        again = sim.run(folder / "one/scenario.yaml")  # the scenario as it was run, with its seed and settings
        assert first.row["trace_hash"] == again.row["trace_hash"] and first.row["recovering_never"] == 6
        assert (folder / "one/run.csv").exists()
        try:
            sim.run(SMALL, out=folder / "one")
        except sim.Refused as refused:
            assert "is there already" in str(refused)
        else:
            raise AssertionError("results were written over")


@tap.case
def a_study_as_a_dict_and_its_shards():
    study = {"title": "how many stay", "scenario": SMALL, "seeds": 3, "metrics": ["ready", "recovering_median_us"],
             "grid": [{"field": "events[0].share", "name": "down", "values": ["0%", "50%"]}]}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        whole = sim.sweep(study, folder / "whole", jobs=2)
        assert whole.whole and len(whole.runs) == 6 and whole.runs[0]["down"] == "0%"
        assert whole.runs[0]["recovering_median_us"] is None  # none recovered
        assert [row["count"] for row in whole.settings if row["metric"] == "ready"] == [3, 3]
        assert not sim.sweep(study, folder / "parts", shard=(1, 2)).whole
        assert sim.sweep(study, folder / "parts", shard=(2, 2)).runs == whole.runs
        assert len(sim.sweep(study, folder / "more", seeds=(1, 4)).runs) == 8


@tap.case
def what_is_wrong_is_refused_in_the_programs_words():
    for wrong, words in (({"nodes": 5, "nods": 3}, "nods"), (SMALL | {"for": "5 parsecs"}, "for")):
        try:
            sim.run(wrong)
        except sim.Refused as refused:
            assert words in str(refused), refused
        else:
            raise AssertionError(f"{wrong} was run")
    broken = sim.run(SMALL | {"ready_min": "100%"}, settings={"events[0].for": "0s"})
    assert not broken.ok and "must" in broken.said  # a broken promise is a result


@tap.case
def pandas_is_asked_for_only_where_frames_are():
    try:
        import pandas  # noqa: F401, PLC0415
    except ImportError:
        try:
            sim.frame([{"a": 1}])
        except ImportError:
            return
        raise AssertionError("a frame without pandas") from None
    assert list(sim.frame([{"a": 1, "b": None}, {"a": 2, "b": 3}])["a"]) == [1, 2]


@tap.case
def the_experiment_of_the_guide_runs_as_it_stands():
    guide = (SOURCE / "sim/README.md").read_text(encoding="utf-8")
    block = guide.split("## An experiment in Python\n")[1].split("\n\n    ", 1)[1].split("\n\n`run`")[0]
    code = "\n".join(line.removeprefix("    ") for line in ("    " + block).split("\n"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=200, check=False,
                          env=os.environ | {"PYTHONPATH": str(SOURCE / "contrib/python")})
    said = re.findall(r"^(\d)% lost: (\d+) recoveries, half of them within \d+ ms$", done.stdout, re.M)
    assert [loss for loss, _ in said] == ["0", "1", "5"] and said[0][1] == "10", done


@tap.case
def the_example_is_a_study_of_some_thirty_lines():
    example = SOURCE / "contrib/python/threshold.py"
    assert example.read_text(encoding="utf-8").count("\n") < 40
    done = subprocess.run([sys.executable, example, "12", "2"], capture_output=True, text=True, timeout=200, check=True)
    found = re.findall(r"n = (\d), k = (\d): (\d+) of 12 must survive", done.stdout)
    assert [row[:2] for row in found] == [("3", "2"), ("5", "3"), ("7", "4")], done.stdout
    assert all(int(k) <= int(survivors) <= 12 for _, k, survivors in found), done.stdout


if __name__ == "__main__":
    sys.exit(tap.main())
