#!/usr/bin/env python3
"""Real daemons: a root secret is tainted, and gives way to another while an application goes on with its key, moves it and
confirms; the daemon is killed at every step of that. Then the old version is gone, and the vault is under the new one."""

import contextlib
import json
import os
import pathlib
import sqlite3
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402


def killed(node):
    node.kill()
    node.start()
    node.wait("ready", 90)


def header(node):
    """Which version the vault's plain header names; the daemon is down."""
    found = [path for path in node.folder.rglob("vault.db")]
    assert len(found) == 1, found
    with contextlib.closing(sqlite3.connect(f"file:{found[0]}?mode=ro", uri=True)) as database:
        return database.execute("SELECT key_version FROM vault_header").fetchone()[0]


@tap.case
def a_tainted_root_secret_gives_way_while_its_application_goes_on():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-versions-"))
    with Mesh(folder, Programs(BUILD), 5, 3, 2) as mesh:
        mesh.make("timing: {watch: 1s, call: 2s}\n")
        node = mesh.nodes[0]
        node.wait("ready", 90)
        key = until(lambda: node.key("tss-db"), 30, node.tail)
        refused = node.command("key", "rotate", "tss-db")
        assert refused.returncode == 1 and b"newest_key" in refused.stderr, refused.stderr
        would = node.command("root", "taint", "--dry-run")
        assert would.returncode == 0 and b"version 1 would be tainted" in would.stdout, would.stdout
        assert not node.roots()[1]["tainted"], "a dry run does nothing"

        done = node.command("root", "taint", "--yes")
        assert done.returncode == 0, done.stderr
        killed(node)
        until(lambda: node.has_active(2), 90, node.tail)
        shown = node.command("root", "show").stdout.decode()
        assert "version 1: expired, tainted, since" in shown and "version 2: active since" in shown, shown
        killed(node)
        assert node.key("tss-db") == key, "no application is cut off"

        (old, old_key), (new, new_key) = node.rotated("tss-db")
        assert (old, old_key, new) == (1, key, 2) and new_key != key
        killed(node)
        assert node.rotated("tss-db") == [(1, key), (2, new_key)], "a crash leaves both"
        assert node.key("tss-db") == key, "until it is confirmed"
        wrong = node.command("key", "confirm", "tss-db", "3")
        assert wrong.returncode == 1 and b"other_key_version" in wrong.stderr, wrong.stderr
        assert node.command("key", "confirm", "tss-db", "2").returncode == 0
        assert node.command("key", "confirm", "tss-db", "2").returncode == 0, "twice is once"
        assert node.key("tss-db") == new_key

        until(lambda: list(node.roots()) == [2], 120, lambda: json.dumps(node.roots()) + node.tail())
        node.kill()
        assert header(node) == 2
        node.start()
        node.wait("ready", 90)
        assert node.key("tss-db") == new_key
        log = node.log.read_text(errors="replace")
        for step in ("tainted", "made", "used", "expired", "deleted"):
            assert f"step={step}" in log, step
        assert "event=key_moved" in log


if __name__ == "__main__":
    sys.exit(tap.main())
