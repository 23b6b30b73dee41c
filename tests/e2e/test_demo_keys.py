#!/usr/bin/env python3
"""The demonstration's scene of a database that is re-keyed while it is used, as it is, with what it needs."""

import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path.insert(0, str(SOURCE / "tests/lib"))

import tap  # noqa: E402


@tap.case
def a_database_is_rekeyed_while_its_daemon_is_killed():
    done = subprocess.run([sys.executable, SOURCE / "contrib/lib/demo.py", "--programs", BUILD, "--scene", "keys_change"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=220)
    for line in done.stdout.splitlines():
        print(f"# {line}")
    assert done.returncode == 0 and "the old version is nowhere" in done.stdout, done.returncode
    assert max(map(len, done.stdout.splitlines())) <= 80, max(done.stdout.splitlines(), key=len)


if __name__ == "__main__":
    sys.exit(tap.main())
