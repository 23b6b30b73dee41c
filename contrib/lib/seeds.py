"""Runs a swarm of the simulator over seeds that nobody ran before, on every core.

usage: seeds.py SIMULATOR COUNT NOTES [SWARM-OPTION...]

The first seed is drawn once, from the operating system's randomness, and printed before anything runs: `began at A`.
For each seed that fails, prints the command that runs the same again; it needs this very build. Appends a line
`passed seeds: A..B` or `failed seeds: SEED: WHY: COMMAND` to the file NOTES for each.
"""

import os
import pathlib
import re
import secrets
import shlex
import subprocess
import sys

# Seeds below are those that tests and people choose by hand.
CHOSEN = 10 ** 9


def draw():
    """48 random bits: two runs of a million seeds meet with a chance of one in a hundred million."""
    return CHOSEN + secrets.randbits(48)


def run(simulator, first, count, options):
    """(whether all seeds ran and passed, [(seed, why, the command that repeats it)]). Shows what the swarm prints."""
    last = first + count - 1
    command = [simulator, "swarm", "--seeds", f"{first}..{last}", "--jobs", str(os.cpu_count() or 1), *options]
    failed, why = [], None
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as swarm:
        for line in swarm.stdout:
            match = re.match(r"FAILED (\d+)@\S+: (.*)", line)
            if match:
                why = match.groups()
            elif why is not None:
                repeat = [simulator, *shlex.split(line)[1:]]
                failed.append((*why, shlex.join(repeat)))
                line, why = f"  {shlex.join(repeat)}\n", None
            print(line, end="", flush=True)
    return swarm.returncode == 0 and not failed, failed


def main():
    simulator, count, notes, *options = sys.argv[1:]
    first, count = draw(), int(count)
    print(f"began at {first}", flush=True)
    passed, failed = run(simulator, first, count, options)
    lines = [f"failed seeds: {seed}: {why}: {repeat}" for seed, why, repeat in failed]
    if not passed and not failed:
        lines = [f"failed seeds: the swarm from {first} ended early"]
    with pathlib.Path(notes).open("a", encoding="utf-8") as out:
        for line in lines or [f"passed seeds: {first}..{first + count - 1}"]:
            print(line, file=out)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
