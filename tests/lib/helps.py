"""What the programs say of themselves: which page each has, its commands, verbs and options."""

import os
import pathlib
import re
import subprocess

BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])

PAGES = {
    "holdfast.1": BUILD / "src/cli/holdfast",
    "holdfastd.8": BUILD / "src/daemon/holdfastd",
    "holdfast-collateral.1": BUILD / "src/fetch/holdfast-collateral",
    "holdfast-share.1": BUILD / "src/share/holdfast-share",
    "holdfast-sim.1": BUILD / "sim/holdfast-sim",
    "holdfast-ceremony.8": BUILD / "src/ceremony/holdfast-ceremony",
    "holdfast-time.8": BUILD / "src/time/holdfast-time",
}
OPTION = re.compile(r"--[a-z][a-z0-9-]*")
COMMAND = re.compile(r"^  ([a-z]+)(?: \S+)? {2,}\S", re.MULTILINE)
VERB = re.compile(r"^(?:usage:|      ) holdfast ([a-z]+) ([a-z][a-z-]*)\b", re.MULTILINE)


def help_of(*command):
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{command} --help: exit {done.returncode}: {done.stderr}"
    assert done.stdout and not done.stderr, f"{command} --help does not print to standard output"
    return done.stdout


def helps(program):
    """--help of the program, and of each command that it lists: [(words, text)]."""
    found = [((), help_of(program))]
    for command in COMMAND.findall(found[0][1]):
        found.append(((command,), help_of(program, command)))
    return found
