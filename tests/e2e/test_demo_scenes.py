#!/usr/bin/env python3
"""The demonstration's scenes that the usual run leaves out, each as it is, with what it needs."""

import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path.insert(0, str(SOURCE / "tests/lib"))

import tap  # noqa: E402


def holds(scene, sentence):
    done = subprocess.run([sys.executable, SOURCE / "contrib/lib/demo.py", "--programs", BUILD, "--scene", scene],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=220)
    for line in done.stdout.splitlines():
        print(f"# {line}")
    assert done.returncode == 0 and sentence in done.stdout, done.returncode
    assert max(map(len, done.stdout.splitlines())) <= 80, max(done.stdout.splitlines(), key=len)


@tap.case
def three_holders_go_while_their_owner_is_down():
    holds("asleep", "restore its share")


@tap.case
def a_database_is_rekeyed_while_its_daemon_is_killed():
    holds("keys_change", "the old version is nowhere")


if __name__ == "__main__":
    sys.exit(tap.main())
