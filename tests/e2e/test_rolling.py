#!/usr/bin/env python3
"""A rolling restart, as an operator makes one on an ordinary day, alarms nobody."""

import os
import pathlib
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs  # noqa: E402
from quiet import watched  # noqa: E402


@tap.case
def a_rolling_restart_alarms_nobody_but_the_one_that_restarts():
    """Each is away for so long that all whose shares it holds miss it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-rolling-"))
    with Mesh(folder, Programs(BUILD), nodes=4, shares=3, threshold=2, quorum=2) as m:
        m.make("timing: {watch: 1s}\n")

        def missed(node, others):
            told = [p for other in others for p in other.status()["providers"] if p["account"] == node.account]
            return told and all(p["error"] for p in told)
        for node in m.nodes:
            others = [other for other in m.nodes if other is not node]
            done = node.command("drain")
            assert done.returncode == 0, (done, node.tail())
            node.terminate()
            watched(others, lambda node=node, others=others: missed(node, others), f"{node.number} is away", 3)
            node.start()
            watched(others, lambda node=node: node.state() == "ready", f"a restart of {node.number}", 3)
        watched(m.nodes, lambda: True, "after the restarts")


if __name__ == "__main__":
    sys.exit(tap.main())
