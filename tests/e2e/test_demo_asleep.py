#!/usr/bin/env python3
"""The demonstration's scene of shares that move while their owner is down, as it is, with what it needs."""

import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path.insert(0, str(SOURCE / "tests/lib"))

import tap  # noqa: E402


@tap.case
def three_holders_go_while_their_owner_is_down():
    done = subprocess.run([sys.executable, SOURCE / "contrib/lib/demo.py", "--programs", BUILD, "--scene", "asleep"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=220)
    for line in done.stdout.splitlines():
        print(f"# {line}")
    assert done.returncode == 0 and "restore its share" in done.stdout, done.returncode
    assert max(map(len, done.stdout.splitlines())) <= 80, max(done.stdout.splitlines(), key=len)


if __name__ == "__main__":
    sys.exit(tap.main())
