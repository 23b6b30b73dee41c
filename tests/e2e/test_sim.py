#!/usr/bin/env python3
"""holdfast-sim as a researcher calls it: what it writes can be read, what ends early keeps what ran, what is wrong is
refused before anything runs, and a seed gives the same run however it is run."""

import csv
import json
import os
import pathlib
import pty
import re
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

SMALL = ["--crypto", "model", "--nodes", "10"]


def scenario(name):
    return str(SOURCE / "sim/scenarios" / f"{name}.yaml")


def sim(*arguments, status=0, **options):
    done = subprocess.run([SIM, *arguments], capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL,
                          **options)
    assert done.returncode == status, f"exit {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}"
    return done


def rows(folder, name):
    with open(pathlib.Path(folder) / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def timeline(folder):
    lines = (pathlib.Path(folder) / "timeline.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def last_hash(text):
    return text.split("hash ")[-1].split()[0]


@tap.case
def results_can_be_read_and_agree():
    with tempfile.TemporaryDirectory() as out:
        sim("run", scenario("rolling-restart"), *SMALL, "--out", out)
        run, nodes, lines = rows(out, "run.csv")[0], rows(out, "nodes.csv"), timeline(out)
        assert run["ok"] == "1" and run["nodes"] == "10" and len(nodes) == 10
        assert int(run["ready"]) == sum(node["state"] == "ready" for node in nodes)
        assert int(run["keys"]) == sum(int(node["keys"]) for node in nodes)
        assert int(run["recoveries"]) == sum(int(node["recoveries"]) for node in nodes) == 10
        for node in nodes:
            own = [line for line in lines if line.get("node") == int(node["node"])]
            assert int(node["starts"]) == sum(line["what"] == "start" for line in own) == 2
            ready = [line["at_us"] for line in own if line["what"] == "state" and line["state"] == "ready"]
            assert int(node["first_ready_us"]) == ready[0]
        assert sum(int(node["kept"]) for node in nodes) == 10 * 5 and float(run["kept_mean"]) == 5
        assert int(run["kept_most"]) == max(int(node["kept"]) for node in nodes) and float(run["kept_balance"]) > 0
        lives = rows(out, "lives.csv")
        assert sorted(row["what"] for row in lives) == ["placing"] * 10 + ["recovering"] * 10
        took = sorted(int(row["took_us"]) for row in lives if row["what"] == "recovering")
        assert {row["end"] for row in lives} == {"done"}
        assert (int(run["recovering_least_us"]), int(run["recovering_longest_us"])) == (took[0], took[-1])
        faults = [line for line in lines if "fault" in line]
        assert [f["what"] for f in faults if f["fault"] == "rolling-restart"] == ["begin", "end"]
        assert lines == sorted(lines, key=lambda line: line["at_us"])


@tap.case
def who_never_came_back_is_counted_and_what_is_lost_is_told_from_what_is_locked():
    def outcome(*arguments):
        with tempfile.TemporaryDirectory() as out:
            sim("run", scenario("whole-network-restart"), "--crypto", "model", "--nodes", "20", "--set", "operators=20",
                "--quiet", *arguments, "--out", out)
            run, nodes, lives = rows(out, "run.csv")[0], rows(out, "nodes.csv"), rows(out, "lives.csv")
        for name in ("open", "locked", "down", "lost", "gone"):
            assert int(run[f"nodes_{name}"]) == sum(node["outcome"] == name for node in nodes)
        never = [row for row in lives if row["end"] == "never"]
        assert len(never) == int(run["recovering_never"]) and all(row["took_us"] == "" for row in never)
        for flag in ("locked", "lost"):
            assert int(run[f"any_{flag}"]) == (int(run[f"nodes_{flag}"]) > 0)
        assert int(run["all_open"]) == (int(run["nodes_open"]) + int(run["nodes_gone"]) == 20)
        return run
    dark = outcome("--set", "events[0].share=95%")  # one is left, and can open nobody
    assert (dark["nodes_open"], dark["nodes_lost"], dark["recovering_never"]) == ("1", "19", "19"), dark
    assert dark["recovering_median_us"] == "" and dark["ok"] == "1"
    well = outcome("--set", "events[0].share=30%")
    assert well["nodes_open"] == "20" and well["recovering_never"] == "0" and well["all_open"] == "1"
    early = outcome("--set", "events[0].share=30%", "--until", "360.01s")  # it has power again, and nobody answered yet
    assert (early["nodes_locked"], early["nodes_lost"], early["recovering_never"]) == ("6", "0", "6"), early
    down = outcome("--set", "events[0].share=30%", "--until", "359s")
    assert (down["nodes_down"], down["recovering_never"]) == ("6", "0"), down


@tap.case
def deaths_are_noticed_and_nobody_is_missed_who_runs():
    with tempfile.TemporaryDirectory() as out:
        sim("run", scenario("slow-and-dead"), "--set", "events[0].count=0", "--out", out, "--quiet")
        run, lines = rows(out, "run.csv")[0], timeline(out)
        died = {line["node"]: line["at_us"] for line in lines if line["what"] == "crash"}
        first = {}
        for line in lines:
            if line["what"] == "found" and line["a"] == 2:
                first.setdefault(line["peer"], line["at_us"])
        assert len(died) == 3 and first.keys() == died.keys(), (died, first)
        took = sorted(first[node] - died[node] for node in died)
        assert [run["noticed"], run["noticing_never"], run["unreachable_running"]] == ["3", "0", "0"], run
        assert [int(run["noticing_median_us"]), int(run["noticing_longest_us"])] == took[1:], (run, took)


@tap.case
def a_run_ends_where_it_is_told_and_a_node_is_shown():
    shown = sim("run", scenario("zone-outage"), *SMALL, "--until", "301s", "--node", "2", "--quiet").stdout
    assert re.search(r"n2 at 301\.0+ s\n  state +down", shown) and "301.000 s virtual" in shown, shown
    shown = sim("run", scenario("zone-outage"), *SMALL, "--node", "3", "--quiet").stdout
    for part in ("state                      ready", "holders  ", "keeps  ", "vault on its disk          placed"):
        assert part in shown, shown
    assert "there are 10 nodes" in sim("run", scenario("zone-outage"), *SMALL, "--node", "10", "--quiet").stdout
    for wrong in ("0s", "3", "500w", "x"):
        assert "--until" in sim("run", scenario("zone-outage"), *SMALL, "--until", wrong, status=64).stderr


@tap.case
def results_are_not_overwritten_unasked():
    with tempfile.TemporaryDirectory() as out:
        for command in (["run", scenario("steady-state"), *SMALL, "--messages"], ["swarm", "--seeds", "1..2"]):
            sim(*command, "--out", out, "--quiet")
            before = {path: path.read_bytes() for path in pathlib.Path(out).iterdir()}
            assert "--overwrite" in sim(*command, "--out", out, "--quiet", status=64).stderr
            assert before == {path: path.read_bytes() for path in pathlib.Path(out).iterdir()}
        sim("run", scenario("steady-state"), *SMALL, "--out", out, "--overwrite", "--quiet")
        names = {path.name for path in pathlib.Path(out).iterdir()}
        assert "messages.jsonl" not in names and "lives.csv" in names  # nothing of the run before is left among them


@tap.case
def a_log_of_messages_names_who_asked_whom_for_what_and_what_came_of_it():
    with tempfile.TemporaryDirectory() as folder:
        logged = sim("run", SOURCE / "tests/scenario/found/record-shown-to-who-stands.yaml", "--messages", "--out", folder,
                     "--quiet").stdout
        plain = sim("run", SOURCE / "tests/scenario/found/record-shown-to-who-stands.yaml", "--quiet").stdout
        assert last_hash(logged) == last_hash(plain)  # who watches changes nothing
        log = [json.loads(line) for line in open(f"{folder}/messages.jsonl")]
        lines = [m for m in log if "method" in m]
        asked = {m["call"]: m for m in lines if "outcome" not in m}
        answers = [m for m in lines if "outcome" in m]
        assert len(asked) > 1000 and all(m["call"] in asked for m in answers)
        assert not any(m["method"] == "(null)" for m in lines) and any(m["method"] == "datagram" for m in lines)
        sent = {(m["call"], "answer" if "outcome" in m else "request"): m["at_us"] for m in lines}
        arrived = [m for m in log if "arrived" in m]
        assert len(arrived) > 1000 and all(m["at_us"] >= sent[m["call"], m["arrived"]] for m in arrived)
        claims = [m for m in answers if m["method"] == "claim"]
        assert {m["outcome"] for m in claims} >= {"accepted", "refused"}, claims[:5]
        assert all(asked[m["call"]]["claim"] > 0 and len(asked[m["call"]]["instance"]) == 8 for m in claims)
        assert all("generation" in m for m in asked.values() if m["method"] == "deposit")
    assert "--out" in sim("run", "x.yaml", "--messages", status=64).stderr


@tap.case
def a_seed_gives_the_same_run_wherever_memory_lies_and_however_many_processes_there_are():
    hashes = {last_hash(sim("swarm", "--seeds", "1..120", "--jobs", jobs, "--quiet").stdout) for jobs in "123"}
    fixed = subprocess.run(["setarch", "-R", SIM, "swarm", "--seeds", "1..120", "--quiet"], capture_output=True,
                           text=True, timeout=100)
    if fixed.returncode == 0:
        hashes.add(last_hash(fixed.stdout))
    assert len(hashes) == 1, hashes


@tap.case
def a_swarm_writes_a_row_a_seed_and_what_was_drawn():
    with tempfile.TemporaryDirectory() as out:
        sim("swarm", "--seeds", "1..100", "--out", out, "--quiet")
        seeds = rows(out, "swarm.csv")
        assert sorted(int(row["seed"]) for row in seeds) == list(range(1, 101))
        drawn = {row["name"]: row for row in rows(out, "drawn.csv")}
        assert int(drawn["crash"]["begun"]) > 0 and int(drawn["flood"]["begun"]) >= 0


@tap.case
def the_first_and_the_last_seeds_there_are_run():
    for seeds, count in (("0..0", 1), ("0..3", 4), (f"{2**64 - 3}..{2**64 - 1}", 3)):
        with tempfile.TemporaryDirectory() as out:
            sim("swarm", "--seeds", seeds, "--out", out, "--quiet")
            assert len(rows(out, "swarm.csv")) == count


@tap.case
def ctrl_c_keeps_what_ran():
    with tempfile.TemporaryDirectory() as out:
        for command in (["run", scenario("steady-state"), *SMALL, "--for", "500w"], ["swarm", "--seeds", "1..10000000"]):
            program = subprocess.Popen([SIM, *command, "--out", out, "--quiet"], stdout=subprocess.PIPE, text=True)
            time.sleep(2)
            program.send_signal(signal.SIGINT)
            text, _ = program.communicate(timeout=30)
            assert program.returncode == 3 and "ended early" in text, text
        assert rows(out, "run.csv")[0]["stopped"] == "1" and timeline(out)
        seeds = rows(out, "swarm.csv")
        assert seeds and f"{len(seeds)} seeds, 0 failed" in text and "ran: 1.." in text, text


@tap.case
def out_of_memory_and_out_of_disk_end_clearly():
    def memory():
        resource.setrlimit(resource.RLIMIT_AS, (240 << 20, 240 << 20))

    def disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))

    big = ["run", scenario("all-placing"), "--nodes", "50000", "--quiet"]
    with tempfile.TemporaryDirectory() as out:
        if "asan" not in subprocess.run(["ldd", SIM], capture_output=True, text=True, check=True).stdout:
            done = sim(*big, "--out", out, status=3, preexec_fn=memory)
            assert "out of memory" in done.stderr and "ended early" in done.stdout
            assert len(rows(out, "nodes.csv")) == 50000 and rows(out, "run.csv")[0]["stopped"] == "1"
        done = sim("run", scenario("all-placing"), *SMALL, "--nodes", "100", "--out", out, "--overwrite", status=3,
                   preexec_fn=disk)
        assert "timeline.jsonl is not complete" in done.stderr and "nodes" in done.stdout
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert subprocess.run([SIM, "list"], stdout=full, stderr=subprocess.DEVNULL, timeout=20).returncode == 3


@tap.case
def a_bad_scenario_is_refused_with_every_error_at_its_line():
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write("nodes: 0\nfro: 1m\nfor: 1m\nnetwork: {loss: 150%}\nevents:\n  - {at: 30s, do: crash}\n"
                   "  - {at: 90s, do: fly}\n  - {at: 5s, do: slow, value: 0.5}\n")
        file.flush()
        for command in ("check", "run"):
            text = sim(command, file.name, status=64).stderr
            for line in (1, 2, 4, 7, 8):
                assert f"{file.name}:{line}:" in text, text
    for wrong in ("network.lost=1%", "nodes=none", "nodes"):
        assert sim("check", scenario("steady-state"), "--set", wrong, status=64).stderr


@tap.case
def a_seed_of_another_build_says_which():
    for command in (["replay", "7@0123456789ab"], ["run", scenario("steady-state"), "--seed", "7@0123456789ab"]):
        text = sim(*command, status=64).stderr
        assert "belongs to build 0123456789ab" in text and "this program is build" in text


@tap.case
def options_that_a_command_does_not_take_are_refused():
    for command in (["swarm", "--seeds", "1..2", "--trace"], ["list", "--out", "x"], ["run", "a", "b"], ["fly"],
                    ["replay", "1..4"], ["swarm", "--seeds", "1..-1"], ["swarm", "--seeds", "-2..1"],
                    ["swarm", "--seeds", "1..1000000000000"], ["swarm", "--seeds", "3..1"],
                    ["run", scenario("zone-outage"), "--nodes", "2"], ["run", scenario("hostile-third"), "--nodes", "3"],
                    ["check", scenario("steady-state"), "--set", "events=[{at: 500w, do: heal}]"], ["swarm", "--seeds", "1..2", "--jobs", "2x"], ["swarm"], ["run"]):
        assert sim(*command, status=64).stderr


@tap.case
def a_swarm_refuses_a_field_that_is_none_by_its_name():
    refused = sim("swarm", "--seeds", "1..2", "--set", "unknown.field=1", status=64)
    assert "unknown.field=1" in refused.stderr and "memory" not in refused.stdout + refused.stderr, refused


@tap.case
def what_exposes_which_fault_is_there():
    text = (SOURCE / "sim/COVERAGE.md").read_text(encoding="utf-8")
    section = sim("list").stdout.split("Hostile strategies:\n")[1].split("\n\n")[0]
    strategies = re.findall(r"^  (\S+)", section, re.MULTILINE)
    assert len(strategies) > 20
    missing = [name for name in strategies if f"`{name}`" not in text]
    assert not missing, f"sim/COVERAGE.md does not name {missing}"
    files = set(re.findall(r"tests/\w+/\w+\.c", text))
    files |= {f"tests/scenario/{name}.c" for name in re.findall(r"(?<![/\w])test_\w+(?!\w|\.c)", text)}
    missing = [name for name in sorted(files) if not (SOURCE / name).exists()]
    assert not missing, f"sim/COVERAGE.md names files that are not there: {missing}"


@tap.case
def a_terminal_sees_a_bar_and_a_pipe_plain_lines():
    ours, theirs = pty.openpty()
    program = subprocess.Popen([SIM, "run", scenario("steady-state"), *SMALL, "--for", "500w"], stdout=subprocess.DEVNULL,
                               stderr=theirs)
    time.sleep(2)
    program.send_signal(signal.SIGINT)
    program.wait(timeout=30)
    os.close(theirs)
    text = os.read(ours, 65536).decode()
    os.close(ours)
    for word in ("\r[", "virtual", "real", "events/s", "end in"):
        assert word in text, text
    assert "\r" not in sim("swarm", "--seeds", "1..20").stderr


if __name__ == "__main__":
    sys.exit(tap.main())
