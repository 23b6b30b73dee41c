#!/usr/bin/env python3
"""The demonstration as it is, without a terminal: every step holds, and nothing is left behind."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import scenes  # noqa: E402
import tap  # noqa: E402

DEMO = [sys.executable, SOURCE / "contrib/lib/demo.py", "--programs", BUILD]


def running_in(folder):
    """Processes whose command line names the folder."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if os.fsencode(folder) in entry.read_bytes():
                found.append(entry.parent.name)
        except OSError:
            pass  # it has ended meanwhile
    return found


class Run:
    """The demonstration with a folder for temporary files of its own, which must be empty in the end."""

    def __init__(self, *arguments):
        self.scratch = tempfile.TemporaryDirectory()
        environment = {**os.environ, "TMPDIR": self.scratch.name, "PYTHONIOENCODING": "utf-8"}
        self.process = subprocess.Popen([*DEMO, *arguments], env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def finish(self, timeout):
        text, _ = self.process.communicate(timeout=timeout)
        for line in text.splitlines():
            print(f"# {line}")
        assert running_in(self.scratch.name) == [], "processes are left"
        left = os.listdir(self.scratch.name)
        self.scratch.cleanup()
        assert left == [], left
        return self.process.returncode, text


def every_step_holds(*arguments):
    status, text = Run(*arguments).finish(170)
    assert status == 0, f"exit {status}"
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    assert "✗" not in text and "All of it held" in lines[-1]
    ticks = [line for line in lines if "✓" in line]
    assert len(ticks) >= 28, len(ticks)
    # Each with the time that it took.
    assert all(re.search(r" \d+ ms$| \d+\.\d s$", line) for line in ticks), ticks


@tap.case
def nine_nodes_three_of_seven_shares_five_accept():
    every_step_holds("--without", "asleep", "--without", "keys_change")


@tap.case
def two_nodes_back_each_other_up():
    every_step_holds("--nodes", "2", "--shares", "1", "--threshold", "1", "--without", "keys_change")


@tap.case
def every_scene_is_listed_with_what_it_shows():
    done = subprocess.run([SOURCE / "contrib/demo", "--list"], capture_output=True, text=True, check=True)
    listed = [line.split(None, 1) for line in done.stdout.splitlines() if not line.startswith("A scene") and line]
    assert listed == [[name, scenes.load(name).SHOWS] for name in scenes.ORDER], listed
    assert max(map(len, done.stdout.splitlines())) <= 100, done.stdout


@tap.case
def a_scene_is_played_alone_after_those_that_it_needs():
    small = ("--nodes", "2", "--shares", "1", "--threshold", "1")
    status, text = Run("--scene", "crash", *small).finish(60)
    assert status == 0, text
    assert "in no encoding" in text and "loaded" in text and "Rolling" not in text, text
    status, text = Run("--scene", "network", *small).finish(60)
    assert status == 0 and "loaded" not in text, text


@tap.case
def an_interrupt_ends_the_daemons_and_removes_the_folders():
    run = Run()
    lines = []
    for line in run.process.stdout:
        lines.append(line)
        if "started, each with" in line:
            break
    time.sleep(0.2)
    run.process.send_signal(signal.SIGINT)
    status, _ = run.finish(60)
    assert status == 130, (status, lines)


@tap.case
def impossible_numbers_are_refused():
    for arguments in (["--shares", "0"], ["--shares", "5", "--threshold", "1"], ["--threshold", "8"], ["--quorum", "3"],
                      ["--nodes", "7"], ["--nodes", "x"], ["--scene", "none"],
                      ["--without", "network"]):
        run = Run(*arguments)
        status, text = run.finish(30)
        assert status == 2 and "usage:" in text, (arguments, text)


if __name__ == "__main__":
    sys.exit(tap.main())
