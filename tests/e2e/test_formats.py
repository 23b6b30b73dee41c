#!/usr/bin/env python3
"""A data folder and the release after this one, played by a daemon whose format is the next."""

import os
import pathlib
import re
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402

LATER = pathlib.Path(sys.argv.pop(1)).resolve()
NOW = int(re.search(r"HF_VAULT_FORMAT = (\d+),", (SOURCE / "src/store/include/store/store.h").read_text())[1])
COPY = f"vault.format-{NOW}.db"


def mesh():
    return Mesh(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-formats-")), Programs(BUILD), nodes=2, shares=1, threshold=1)


def start(node, later):
    programs = node.mesh.programs
    now = programs.holdfastd
    programs.holdfastd = LATER if later else now
    node.start()
    programs.holdfastd = now


def formats(node):
    status = node.status()
    return {name: status["formats"][name] for name in ("data", "found", "kept")} if status else None


@tap.case
def a_later_release_keeps_the_older_folder_until_it_is_ready():
    with mesh() as m:
        m.make()
        node, other = m.nodes
        key = node.key("tss-db")
        assert formats(node) == {"data": NOW, "found": NOW, "kept": None}
        node.terminate()
        other.freeze()
        # It is locked, for nobody gives it its share: nothing is done that cannot be taken back, and it is said before.
        start(node, later=True)
        until(lambda: formats(node) == {"data": NOW + 1, "found": NOW, "kept": None}, 20, "it does not say what it has found")
        text = node.command("status").stdout.decode()
        assert f"{NOW} until the vault is opened, then {NOW + 1}: no older release reads it" in text, text
        said = node.log.read_text()
        assert "event=older_format " in said and "format_changed" not in said and not (node.data / COPY).exists(), said
        node.terminate()
        start(node, later=False)
        until(lambda: formats(node) == {"data": NOW, "found": NOW, "kept": None}, 20, "the release before does not read it")
        node.terminate()
        # Open, it is in the newer format; ready, it keeps nothing of the older.
        start(node, later=True)
        other.thaw()
        until(lambda: (node.status() or {}).get("state") == "ready", 60, "not ready")
        until(lambda: formats(node) == {"data": NOW + 1, "found": NOW + 1, "kept": None}, 20, "the copy stays")
        assert node.key("tss-db") == key
        at = [node.log.read_text().find(f"event={name} ") for name in ("older_format", "format_changed", "older_copy_removed")]
        assert -1 < at[0] < at[1] < at[2] and not (node.data / COPY).exists(), node.log.read_text()
        node.terminate()
        # The release before refuses it by name, and leaves it.
        written = (node.data / "vault.db").read_bytes()
        start(node, later=False)
        assert node.process.wait(30) == 1, node.tail()
        node.process = None
        assert f"vault.db has format {NOW + 1}, this release knows {NOW}" in node.tail(), node.tail()
        assert (node.data / "vault.db").read_bytes() == written
        start(node, later=True)
        assert until(lambda: node.key("tss-db"), 30, "no key") == key


@tap.case
def a_crash_between_the_copy_and_ready_keeps_the_copy():
    with mesh() as m:
        m.make()
        node, other = m.nodes
        key = node.key("tss-db")
        node.terminate()
        other.freeze()
        start(node, later=True)
        until(lambda: formats(node) is not None, 20, "no status")
        other.thaw()
        until(lambda: "event=format_changed " in node.log.read_text(), 60, "its vault is not opened")
        node.kill()
        start(node, later=True)
        until(lambda: (node.status() or {}).get("state") == "ready", 60, "not ready")
        until(lambda: formats(node) == {"data": NOW + 1, "found": NOW + 1, "kept": None}, 20, "the copy stays")
        assert node.key("tss-db") == key
        assert node.log.read_text().count("event=format_changed ") == 1


if __name__ == "__main__":
    sys.exit(tap.main())
