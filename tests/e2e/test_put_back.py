#!/usr/bin/env python3
"""A data folder of an earlier time is copied back: the daemon knows it for an old one, says so, and goes on when the
newest folder is there again, or when the authority says that it is lost.

usage: test_put_back.py [CASE ...]
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "contrib/lib"), str(SOURCE / "tests/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs  # noqa: E402

NODES, SHARES, THRESHOLD, QUORUM = 5, 3, 2, 2


def authority(m, *words, status=0):
    done = subprocess.run([m.programs.holdfast, *words, "--authority", m.authority], cwd=m.folder, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == status, (words, done)
    return done


def blocked(owner):
    """The daemon starts, and stays away with this very reason."""
    owner.start()
    owner.wait("blocked", 60)
    status = owner.status()
    assert status["reason"]["code"] == "vault_behind" and not status["open"], status
    return status


def put(copy, owner):
    """In place of what the daemon left there."""
    shutil.rmtree(owner.data)
    shutil.copytree(copy, owner.data)


def put_back(m):
    """All that is told of it."""
    owner = m.nodes[0]
    first = owner.key("first")
    owner.terminate()
    shutil.copytree(owner.data, m.folder / "old")
    owner.start()
    owner.wait("ready", 60)
    second = owner.key("second")
    owner.terminate()
    shutil.copytree(owner.data, m.folder / "newest")

    put(m.folder / "old", owner)
    status = blocked(owner)
    seen, had = status["vault_behind"]["seen"], status["vault_behind"]["had"]
    assert (seen["claim"], seen["number"]) > (had["claim"], had["number"]), status["vault_behind"]
    assert owner.key("third") is None
    says = owner.command("status").stdout.decode()
    assert "holdfast set sequence-floor" in says and "vault.json" in says, says
    owner.terminate()

    # The newest folder was there all the time: nothing is lost.
    put(m.folder / "newest", owner)
    owner.start()
    owner.wait("ready", 60)
    assert owner.key("first") == first and owner.key("second") == second
    owner.terminate()

    # Now it is lost, and the authority says so.
    put(m.folder / "old", owner)
    blocked(owner)
    record = m.folder / "vault.json"
    record.write_bytes(owner.command("status", "--json").stdout)
    words = ["set", "sequence-floor", owner.account, "--record", str(record)]
    assert "--record FILE" in authority(m, *words[:3], status=1).stderr
    for which, name, value in (("seen", "signature", "00" * 64), ("seen", "number", 1), ("had", "claim", 1 << 40), ("had", "number", "1")):
        spoilt = json.loads(record.read_text())
        spoilt["vault_behind"][which][name] = value
        (m.folder / "spoilt.json").write_text(json.dumps(spoilt))
        authority(m, *words[:4], str(m.folder / "spoilt.json"), "--only-instance", status=1)
    assert "--only-instance" in authority(m, *words, status=2).stderr
    assert "noted in set.yaml" in authority(m, *words, "--only-instance").stdout
    m.sign_set()
    owner.terminate()
    owner.start()
    owner.wait("ready", 120)
    assert owner.key("first") == first
    assert owner.status()["vault_behind"] is None
    owner.terminate()

    # That was for once.
    put(m.folder / "old", owner)
    blocked(owner)


@tap.case
def a_folder_that_was_put_back_is_blocked_and_goes_on_when_the_authority_allows_it():
    with tempfile.TemporaryDirectory(prefix="holdfast-put-back-") as folder:
        with Mesh(pathlib.Path(folder), Programs(BUILD), NODES, SHARES, THRESHOLD, QUORUM) as m:
            m.make()
            put_back(m)


if __name__ == "__main__":
    tap.main()
