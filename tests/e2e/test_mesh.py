#!/usr/bin/env python3
"""Real daemons on loopback: they probe each other by datagram, know within seconds who is gone, and call nobody
unreachable who only stood still; by connection where datagrams are blocked."""

import json
import os
import pathlib
import socket
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402

NODES, SHARES, THRESHOLD = 6, 3, 2


def seen(node):
    """What a node says of the others: by account."""
    done = node.command("peers", "--json")
    assert done.returncode in (0, 2), done.stderr
    return {peer["account"]: peer for peer in json.loads(done.stdout)["peers"]}


def counts(node):
    return node.status()["mesh"]


def all_by(mesh, way):
    for node in mesh.nodes:
        until(lambda node=node: counts(node)[way] == NODES - 1, 60,
              lambda node=node: f"node {node.number}: {counts(node)}\n{node.tail()}")


@tap.case
def all_speak_by_datagram_and_a_dead_one_is_known_to_all_in_time():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-mesh-"))
    with Mesh(folder, Programs(BUILD), NODES, SHARES, THRESHOLD) as mesh:
        mesh.make()
        all_by(mesh, "by_datagram")
        table = mesh.nodes[0].command("peers")
        assert table.returncode == 0 and table.stdout.count(b"by datagram") >= NODES - 1, table.stdout
        events = mesh.nodes[0].command("events")
        assert events.returncode == 0 and b"alive" in events.stdout, events.stdout
        dead, others = mesh.nodes[-1], mesh.nodes[:-1]
        watcher = mesh.nodes[0]
        dead.kill()
        killed = time.monotonic()
        for node in others:
            until(lambda node=node: seen(node)[dead.account]["state"] in ("suspect", "unreachable"), 10,
                  lambda node=node: f"{seen(node)[dead.account]}\n{node.tail()}")
        print(f"# suspected by all {time.monotonic() - killed:.2f} s after SIGKILL", file=sys.stderr)
        for node in others:
            until(lambda node=node: seen(node)[dead.account]["state"] == "unreachable", 60,
                  lambda node=node: f"{seen(node)[dead.account]}\n{node.tail()}")
        assert watcher.command("peers").returncode == 2
        shown = watcher.command("backup", "show")
        assert b"more may go before a claim fails" in shown.stdout or b"missing" in shown.stdout, shown.stdout
        dead.start()
        for node in others:
            until(lambda node=node: seen(node)[dead.account]["state"] == "member", 60,
                  lambda node=node: f"{seen(node)[dead.account]}\n{node.tail()}")
        done = watcher.command("watch", "--for", "1", "--json")
        assert done.returncode == 0 and done.stdout == b"", done


@tap.case
def one_that_stands_still_makes_nobody_else_unreachable():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-mesh-"))
    with Mesh(folder, Programs(BUILD), NODES, SHARES, THRESHOLD) as mesh:
        mesh.make()
        all_by(mesh, "by_datagram")
        still, others = mesh.nodes[-1], mesh.nodes[:-1]
        still.freeze()
        until(lambda: all(seen(node)[still.account]["state"] != "member" for node in others), 30,
              lambda: f"{[seen(node)[still.account] for node in others]}")
        still.thaw()
        for node in mesh.nodes:
            until(lambda node=node: all(p["state"] == "member" for p in seen(node).values()), 30,
                  lambda node=node: f"node {node.number}: {seen(node)}\n{node.tail()}")
        for node in mesh.nodes:
            for line in node.log.read_text().splitlines():
                assert "event=found" not in line or still.account in line or "generation=2" not in line, line


@tap.case
def where_datagrams_are_blocked_connections_do_and_the_status_says_so():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-mesh-"))
    with Mesh(folder, Programs(BUILD), NODES, SHARES, THRESHOLD) as mesh:
        taken = []
        for node in mesh.nodes:
            # Another program has the number for datagrams: what comes for the daemon goes nowhere.
            taken.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            host, port = node.address.split(":")
            taken[-1].bind((host, int(port)))
        mesh.make()
        all_by(mesh, "by_connection")
        for node in mesh.nodes:
            assert counts(node)["datagrams"] is False
        assert b"THIS NODE HAS NO DATAGRAMS" in mesh.nodes[0].command("peers").stdout
        for other in taken:
            other.close()


if __name__ == "__main__":
    sys.exit(tap.main())
