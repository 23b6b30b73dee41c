"""Runs every fuzz target of a libFuzzer build for some time, with its dictionary and seeds.

usage: fuzz.py BUILD SECONDS NOTES

What is found goes to BUILD/findings, what is new to the corpus of the next run. Appends a line `passed NAME: N
executions` or `failed NAME: LOG` to the file NOTES for each.
"""

import json
import pathlib
import re
import subprocess
import sys


def targets(build):
    """(name, command) of each, as the suite calls it but for the number of runs."""
    listed = subprocess.run(["meson", "introspect", "--tests", build], capture_output=True, text=True, check=True)
    for test in json.loads(listed.stdout):
        if any(suite.endswith("fuzz") for suite in test["suite"]):
            yield test["name"], [word for word in test["cmd"] if not word.startswith(("-runs=", "-seed="))]


def run(build, name, command, seconds):
    """(passed, what to say of it)."""
    log = build / f"{name}.log"
    findings = build / "findings"
    findings.mkdir(exist_ok=True)
    with open(log, "w") as out:
        done = subprocess.run([*command, f"-max_total_time={seconds}", f"-artifact_prefix={findings}/{name}-",
                               "-print_final_stats=1"], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    text = log.read_text(errors="replace")
    executions = re.search(r"number_of_executed_units: (\d+)", text)
    if done.returncode == 0 and executions:
        return True, f"{executions.group(1)} executions"
    print("\n".join(text.splitlines()[-30:]))
    return False, str(log)


def main():
    build, seconds, notes = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]), sys.argv[3]
    for name, command in targets(build):
        passed, said = run(build, name, command, seconds)
        line = f"{'passed' if passed else 'failed'} {name}: {said}"
        print(line, flush=True)
        with open(notes, "a") as out:
            print(line, file=out)


if __name__ == "__main__":
    main()
