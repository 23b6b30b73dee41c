"""The models of proto/, each searched whole by spin: test_model.py main|all [NAME...].

A clean row passes when spin has seen every state and found nothing; a row without a rule passes when spin finds the
promise broken that the table names. How many states there were is printed for each.
"""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from table import ALL, MAIN

PROTO = Path(os.environ["HOLDFAST_SOURCE"]) / "proto"
SECONDS_MAX = {"main": 280, "all": 1800}
DEPTH_MAX = 1000000
# What pan prints when a search was not whole.
CUT_SHORT = ("max search depth too small", "out of memory", "Search not completed", "VECTORSZ", "hash conflict in BITSTATE")


def run(command, folder, seconds):
    """Runs a command in folder; returns what it printed. Raises when it fails or takes longer than seconds."""
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=seconds, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-2000:]}")
    return done.stdout


def search(row, folder, seconds):
    """Builds the search of one row and runs it; returns what pan printed."""
    defines = [f"-D{define}" for define in row.defines.split()]
    run(["spin", *defines, "-a", PROTO / f"{row.model}.pml"], folder, seconds)
    kind = ["-DNFAIR=3"] if row.live else ["-DSAFETY", "-DNOREDUCE", "-DNOCLAIM"]
    run(["gcc", "-O1", "-w", *kind, "-DVECTORSZ=1024", "-DCOLLAPSE", "-o", "pan", "pan.c"], folder, seconds)
    return run(["./pan", f"-m{row.depth or DEPTH_MAX}", "-w22", "-n", "-E", *(["-a", "-f"] if row.live else [])], folder, seconds)


def judge(row, text):
    """None when the search found what the row says; otherwise what is wrong. Beside it the number of states."""
    counted = re.search(r"^ *(\d+) states, stored", text, re.M)
    states = int(counted[1]) if counted else 0
    found = re.search(r"^pan:\d+: (?:assertion violated (\w+)|(acceptance cycle))", text, re.M)
    if row.broken is not None:
        promise = (found[1] or "L") if found else None
        return None if promise == row.broken else f"{row.broken} was to be found broken, not {promise}", states
    if found or "errors: 0" not in text:
        return f"not clean: {found[0] if found else text[-500:]}", states
    if cut := next((mark for mark in CUT_SHORT if mark in text), None):
        return f"the search was not whole: {cut}", states
    return None if states == row.states else f"{row.states} states were to be seen, not {states}", states


def check(row, seconds):
    """Searches one row. Returns the line of TAP that belongs to it, without its number, and remarks."""
    with tempfile.TemporaryDirectory(prefix="holdfast-model-") as folder:
        try:
            wrong, states = judge(row, search(row, folder, seconds))
        except subprocess.TimeoutExpired:
            wrong, states = f"not done after {seconds} s", 0
        except RuntimeError as error:
            wrong, states = str(error), 0
    if row.depth:
        wrong = None if wrong and wrong.startswith("the search was not whole") else "that it was cut short went unseen"
    said = "noticed" if row.depth else f"{row.broken} broken" if row.broken else "clean, whole"
    remarks = [] if wrong is None else wrong.splitlines()
    return wrong is None, f"{row.name} ({said}, {states} states)", remarks


def main():
    tier, *names = sys.argv[1:]
    rows = [row for row in {"main": MAIN, "all": ALL}[tier] if not names or row.name in names]
    print(f"1..{len(rows)}", flush=True)
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda row: check(row, SECONDS_MAX[tier]), rows)
        for number, (good, text, remarks) in enumerate(results, 1):
            failed += not good
            for remark in remarks:
                print(f"# {remark}")
            print(f"{'ok' if good else 'not ok'} {number} - {text}", flush=True)
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
