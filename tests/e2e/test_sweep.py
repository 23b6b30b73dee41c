#!/usr/bin/env python3
"""A study as a researcher runs it: over processes and machines, killed and gone on with, with what is wrong named. Its
rows are the same bytes however they came about."""

import csv
import math
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

SCENARIO = """title: small
nodes: 4
for: 20s
crypto: model
ready_min: 0
network: {handshakes: false}
policy: {shares: 3, threshold: 2}
events:
  - {at: 5s, do: crash, share: 50%}
  - {at: 10s, do: key, text: tss-db}
"""
STUDY = """title: how many stay
scenario: small.yaml
set: [policy.domain_rule=2]
settings:
  - {name: "plain, as it is", set: []}
  - {name: lossy, set: [network.loss=1%]}
grid:
  - {field: "events[0].share", name: down, values: [0%, 25%, 100%]}
seeds: 5
metrics: [ready, keys, placing_median_us]
"""
RUNS = 2 * 3 * 5
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("OMPI_", "SLURM_"))}


def sweep(folder, *arguments, status=0, env=None, **options):
    done = subprocess.run([SIM, "sweep", folder / "study.yaml", "--quiet", *arguments], capture_output=True, text=True,
                          timeout=100, stdin=subprocess.DEVNULL, env=CLEAN | (env or {}), **options)
    assert done.returncode == status, f"exit {done.returncode}: {done.stdout[-800:]}{done.stderr[-800:]}"
    return done


def studied(test):
    """A case in a folder of its own, with the study in it."""
    def case():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "small.yaml").write_text(SCENARIO, encoding="utf-8")
            (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
            test(folder)
    case.__name__ = test.__name__
    return tap.case(case)


def rows(file):
    with open(file, newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def whole(folder, name="whole"):
    sweep(folder, "--out", folder / name)
    return (folder / name / "runs.csv").read_bytes()


@studied
def a_row_a_run_by_setting_and_seed_and_an_interval_a_metric(folder):
    whole(folder)
    runs = rows(folder / "whole/runs.csv")
    assert [(int(row["setting"]), int(row["seed"])) for row in runs] == [(s, i) for s in range(6) for i in range(1, 6)]
    assert {row["name"] for row in runs} == {"plain, as it is", "lossy"}
    assert [row["down"] for row in runs[::5]] == ["0%", "25%", "100%"] * 2
    for row in runs:
        assert row["ok"] == "1" and len(row["trace_hash"]) == 16
        assert int(row["ready"]) <= {"0%": 4, "25%": 3, "100%": 0}[row["down"]]
    for row in rows(folder / "whole/settings.csv"):
        values = [float(run[row["metric"]]) for run in runs if run["setting"] == row["setting"]]
        assert int(row["count"]) == 5 and math.isclose(float(row["mean"]), sum(values) / 5, rel_tol=1e-5), row
        assert float(row["least"]) <= float(row["mean"]) <= float(row["most"])
    assert "\ntitle how many stay\n" in (folder / "whole/sweep.txt").read_text(encoding="utf-8")
    alone = subprocess.run([SIM, "run", folder / "small.yaml", "--seed", "3", "--set", "policy.domain_rule=2", "--set",
                            "events[0].share=25%", "--quiet"], capture_output=True, text=True, timeout=60)
    assert runs[7]["trace_hash"] in alone.stdout, alone  # a run of the study is the run that `run` makes


@studied
def the_same_bytes_however_the_runs_are_spread(folder):
    wanted = whole(folder)
    sweep(folder, "--out", folder / "jobs", "--jobs", "3")
    for shard in (2, 3, 1):
        sweep(folder, "--out", folder / "shards", "--shard", f"{shard}/3")
    for rank in range(2):
        said = sweep(folder, "--out", folder / "mpi", env={"OMPI_COMM_WORLD_RANK": str(rank), "OMPI_COMM_WORLD_SIZE": "2"})
        assert f"shard {rank + 1} of 2, by Open MPI" in said.stdout
    for task in (10, 12):
        for step in range(2):
            said = sweep(folder, "--out", folder / "slurm", env={
                "SLURM_ARRAY_TASK_ID": str(task), "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_STEP": "2",
                "SLURM_ARRAY_TASK_COUNT": "2", "SLURM_STEP_ID": "0", "SLURM_PROCID": str(step), "SLURM_NTASKS": "2"})
            assert f"shard {task - 10 + step + 1} of 4, by Slurm" in said.stdout, said.stdout
    for name in ("jobs", "shards", "mpi", "slurm"):
        assert (folder / name / "runs.csv").read_bytes() == wanted, name
        assert (folder / name / "settings.csv").read_bytes() == (folder / "whole/settings.csv").read_bytes(), name
    batch = {"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}  # a batch script, of which there is one whatever it asked for
    assert "30 runs in" in sweep(folder, "--out", folder / "batch", env=batch).stdout
    for wrong in ({"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "2"}, {"SLURM_ARRAY_TASK_ID": "1"}):
        assert "--shard" in sweep(folder, "--out", folder / "wrong", env=wrong, status=64).stderr


@studied
def what_is_killed_goes_on_and_a_half_written_row_is_done_again(folder):
    wanted = whole(folder)
    out = folder / "killed"
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(text.replace("seeds: 5", "seeds: 100000"), encoding="utf-8")
    program = subprocess.Popen([SIM, "sweep", folder / "study.yaml", "--out", out, "--quiet"], stdout=subprocess.DEVNULL,
                               env=CLEAN)
    part = out / "part-1-of-1.csv"
    while not part.exists() or part.read_bytes().count(b"\n") < 12:
        time.sleep(0.01)
    program.kill()
    program.wait()
    (folder / "study.yaml").write_text(text, encoding="utf-8")  # more seeds were another call's, not another study
    kept = part.read_bytes()
    with open(part, "ab") as file:
        file.write(b"3,4,lossy,25")
    said = sweep(folder, "--out", out).stdout
    assert "half-written row" in said and f"{RUNS} runs in" not in said, said
    assert part.read_bytes().startswith(kept[:kept.rindex(b"\n") + 1]) and (out / "runs.csv").read_bytes() == wanted
    assert "0 runs in" in sweep(folder, "--out", out, "--jobs", "2").stdout
    assert (out / "runs.csv").read_bytes() == wanted
    for shard in (1, 2):  # another number of shards finds all that is there
        assert "0 runs in" in sweep(folder, "--out", out, "--shard", f"{shard}/2").stdout


@studied
def ctrl_c_and_a_full_disk_keep_what_ran(folder):
    wanted = whole(folder)
    program = subprocess.Popen([SIM, "sweep", folder / "study.yaml", "--seeds", "1..100000", "--out", folder / "c", "--quiet"],
                               stdout=subprocess.PIPE, text=True, env=CLEAN)
    while not (folder / "c/part-1-of-1.csv").exists() or (folder / "c/part-1-of-1.csv").stat().st_size < 1000:
        time.sleep(0.01)
    program.send_signal(signal.SIGINT)
    said, _ = program.communicate(timeout=30)
    assert program.returncode == 3 and "the same command goes on" in said, said
    assert not (folder / "c/runs.csv").exists()

    def disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))

    done = sweep(folder, "--out", folder / "full", status=3, preexec_fn=disk)
    assert "part-1-of-1.csv" in done.stderr, done
    part = (folder / "full/part-1-of-1.csv").read_bytes()
    assert 0 < len(part) <= 600 and part.endswith(b"\n")
    for name in ("c", "full"):
        sweep(folder, "--out", folder / name)
        assert (folder / name / "runs.csv").read_bytes() == wanted


@studied
def what_crashes_or_has_no_memory_is_named_and_the_rest_is_done(folder):
    def none():
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))

    def memory():
        resource.setrlimit(resource.RLIMIT_AS, (48 << 20, 48 << 20))

    text = (folder / "study.yaml").read_text(encoding="utf-8")
    if "asan" not in subprocess.run(["ldd", SIM], capture_output=True, text=True, check=True).stdout:
        large = text.replace("- {name: lossy, set: [network.loss=1%]}", "- {name: large, set: [nodes=50000]}")
        (folder / "study.yaml").write_text(large, encoding="utf-8")
        done = sweep(folder, "--out", folder / "large", "--jobs", "2", status=3, preexec_fn=memory)
        assert "out of memory" in done.stderr and "FAILED setting 3, seed 1@" in done.stdout, done
        assert "15 of 30 there" in done.stdout and not (folder / "large/runs.csv").exists(), done.stdout
        (folder / "study.yaml").write_text(text, encoding="utf-8")
    if os.getuid() != 0:  # root may have as many as it wants
        assert "no process" in sweep(folder, "--out", folder / "none", status=3, preexec_fn=none).stdout


@studied
def a_narrow_interval_ends_a_setting_and_shards_agree_when(folder):
    with open(folder / "study.yaml", "a", encoding="utf-8") as file:
        file.write("stop: {metric: placing_median_us, relative: 4%, least: 4, every: 3}\n")
    wanted = whole(folder)
    sweep(folder, "--out", folder / "long", "--seeds", "1..40")
    counts = [int(row["count"]) for row in rows(folder / "long/settings.csv") if row["metric"] == "placing_median_us"]
    assert all((count - 4) % 3 == 0 or count == 40 for count in counts) and min(counts) < 40, counts
    for row in rows(folder / "long/settings.csv"):
        if row["metric"] == "placing_median_us" and int(row["count"]) < 40:
            assert float(row["high"]) - float(row["low"]) <= 0.0401 * float(row["mean"])
    for shard in (1, 2, 1):
        sweep(folder, "--out", folder / "two", "--seeds", "1..40", "--shard", f"{shard}/2")
    assert (folder / "two/runs.csv").read_bytes() == (folder / "long/runs.csv").read_bytes()
    assert wanted.count(b"\n") <= RUNS + 1


@studied
def what_other_programs_and_studies_left_is_refused(folder):
    whole(folder)
    said = folder / "whole/sweep.txt"
    text = said.read_text(encoding="utf-8")
    build = text.split("build ")[1].split()[0]
    said.write_text(text.replace(build, "0123456789ab"), encoding="utf-8")
    refused = sweep(folder, "--out", folder / "whole", status=64).stderr
    assert "build 0123456789ab" in refused and build in refused, refused
    said.write_text(text, encoding="utf-8")
    for change in (["--set", "for=21s"], ["--nodes", "5"]):
        assert "another study" in sweep(folder, "--out", folder / "whole", *change, status=64).stderr
    part = folder / "whole/part-1-of-1.csv"
    lines = part.read_text(encoding="utf-8").split("\n")
    for wrong in ("9,1," + lines[3], "x", lines[3] + ",1", "\0" * 40):
        part.write_text("\n".join(lines[:3] + [wrong] + lines[3:]), encoding="utf-8")
        assert "part-1-of-1.csv: line 4" in sweep(folder, "--out", folder / "whole", status=64).stderr, wrong
    (folder / "file").write_text("", encoding="utf-8")
    assert sweep(folder, "--out", folder / "file", status=64).stderr


@studied
def an_impossible_study_is_refused_before_anything_runs(folder):
    for old, new, where in (
            ("seeds: 5", "seeds: 0", "study.yaml:9:"), ("seeds: 5", "seeds: 9999999", "at most"), ("seeds: 5\n", "", "seeds"),
            ("ready,", "redy,", "metrics[0]"), ("ready,", "cpu_s,", "depends on the machine"), ("ready,", "keys,", "once"),
            ("values: [0%, 25%, 100%]", "values: []", "grid[0].values"), ("name: down", "name: seed", "grid[0].name"), ("name: down", "name: keys", "grid[0].name"),
            ("name: lossy", 'name: "plain, as it is"', "settings[1].name"), ("grid:", "gird:", "gird"),
            ("[network.loss=1%]", "[network.lost=1%]", "setting 3"), ("[network.loss=1%]", "[policy.threshold=9]", "setting 3"),
            ("events[0].share", "events[0].shore", "setting 0"), ("events[0].share", "events[2].share", "setting 0"),
            ("25%", "125%", "events[0].share"), ("25%", "x", "setting 1"), ("small.yaml", "smell.yaml", "smell.yaml")):
        (folder / "study.yaml").write_text(STUDY.replace(old, new, 1), encoding="utf-8")
        refused = sweep(folder, "--out", folder / "none", status=64)
        assert where in refused.stderr, (new, refused.stderr)
        assert not (folder / "none").exists(), new
    (folder / "study.yaml").write_text(STUDY + "stop: {metric: trace_hash, width: 1}\n", encoding="utf-8")
    assert "stop.metric" in sweep(folder, "--out", folder / "none", status=64).stderr
    for wrong in ("0/2", "3/2", "1", "1/x", "/"):
        assert sweep(folder, "--out", folder / "none", "--shard", wrong, status=64).stderr
    assert "--out" in sweep(folder, status=64).stderr


@tap.case
def each_published_study_can_be_run_and_has_its_page():
    with tempfile.TemporaryDirectory() as out:
        for study in sorted((SOURCE / "sim/studies").glob("*.yaml")):
            # Of so many shards the last has nothing to run: every setting is looked at all the same.
            done = subprocess.run([SIM, "sweep", study, "--out", pathlib.Path(out) / study.stem, "--quiet", "--shard",
                                   "1048576/1048576"], capture_output=True, text=True, timeout=100, env=CLEAN)
            assert done.returncode == 0 and " 0 runs in" in "\n " + done.stdout.replace("\n", "\n "), (study, done)
            page = study.with_suffix(".md").read_text(encoding="utf-8")
            title = study.read_text(encoding="utf-8").split("title: ")[1].split("\n")[0]
            assert title.lower() in page.lower(), f"{study.stem}.md does not say what is asked"
            assert f"holdfast-sim sweep sim/studies/{study.name} --out" in page, f"{study.stem}.md has no command"
            assert "|---|" in page, f"{study.stem}.md has no table"


@tap.case
def the_study_of_the_guide_runs_as_it_stands():
    guide = (SOURCE / "sim/README.md").read_text(encoding="utf-8")
    block = guide.split("## A study\n")[1].split("\n\n")[1]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "studies"
        folder.mkdir()
        (folder.parent / "scenarios").symlink_to(SOURCE / "sim/scenarios")
        (folder / "study.yaml").write_text("\n".join(line[4:] for line in block.split("\n")), encoding="utf-8")
        sweep(folder, "--out", folder / "out", "--seeds", "1..1", "--nodes", "10", "--set", "events[0].at=15s", "--for", "30s")
        assert [row["down"] for row in rows(folder / "out/runs.csv")] == ["90%", "80%", "70%"] * 2


@studied
def a_broken_promise_fails_the_study_and_names_the_run(folder):
    (folder / "small.yaml").write_text(SCENARIO.replace("ready_min: 0", "ready_min: 100%"), encoding="utf-8")
    said = sweep(folder, "--out", folder / "out", status=1).stdout
    assert "FAILED setting 1, seed 1@" in said and "--set 'events[0].share=25%'" in said, said
    assert len(rows(folder / "out/runs.csv")) == RUNS and "20 failed" in said
    assert "20 failed" in sweep(folder, "--out", folder / "out", status=1).stdout


if __name__ == "__main__":
    sys.exit(tap.main())
