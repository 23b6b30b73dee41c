#!/usr/bin/env python3
"""Real daemons: an owner is down, and three of its five holders go one after another: one leaves and hands its share over, two
die and are removed, and others restore theirs. The owner starts, and its key is there."""

import os
import pathlib
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402

NODES, SHARES, THRESHOLD, QUORUM = 9, 5, 2, 3


def happened(node, what):
    """How often a node's log has an event."""
    return node.log.read_text(errors="replace").count(f"event={what} ")


def total(mesh, what):
    return sum(happened(node, what) for node in mesh.nodes)


@tap.case
def three_holders_go_while_their_owner_is_down():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-restoring-"))
    with Mesh(folder, Programs(BUILD), NODES, SHARES, THRESHOLD, QUORUM) as mesh:
        mesh.found("timing: {watch: 1s, call: 2s}\n")
        mesh.impatient()
        mesh.start_all()
        mesh.register()
        for node in mesh.nodes:
            node.wait("ready", 90)
        owner = mesh.nodes[0]
        key = until(lambda: owner.key("tss-db"), 30, owner.tail)
        by_account = {node.account: node for node in mesh.nodes}
        holders = [by_account[provider["account"]] for provider in owner.status()["providers"]]
        generation = owner.status()["generation"]
        owner.kill()
        for holder in holders:
            until(lambda holder=holder: holder.state_of(owner) == "unreachable", 60, holder.tail)

        leaver = holders[0]
        done = leaver.command("leave", "--reason", "moves to another site", timeout=120)
        assert done.returncode == 0 and b"left:" in done.stdout, (done.stdout, done.stderr, leaver.tail())
        assert total(mesh, "share_taken") == 1
        leaver.terminate()
        for count, holder in enumerate(holders[1:3], 1):
            holder.kill()
            mesh.authority_command("set", "remove", holder.account, "--authority", mesh.authority)
            mesh.sign_set()
            until(lambda count=count: total(mesh, "share_restored") >= count, 90, holders[3].tail)
            until(lambda count=count: total(mesh, "repaired") >= count, 30, holders[3].tail)
        gone = {holder.account for holder in holders[:3]}

        owner.start()
        owner.wait("ready", 90)
        assert owner.key("tss-db") == key
        until(lambda: owner.status()["generation"] > generation and owner.state() == "ready" and
              not gone & {provider["account"] for provider in owner.status()["providers"]}, 60, owner.tail)
        assert happened(owner, "share_moved") >= 3, owner.tail(40)
        moved = owner.status()["moved"]
        assert sorted(m["why"] for m in moved) == ["gone", "gone", "left"], moved
        assert {m["from"]["account"] for m in moved} == gone, moved
        assert all(len(m["helpers"]) == (THRESHOLD if m["why"] == "gone" else 0) for m in moved), moved
        done = owner.command("backup", "show")
        assert done.stdout.count(b" is gone, restored by ") == 2, done.stdout
        done = owner.command("backup", "verify")
        assert done.returncode == 0, (done.stdout, done.stderr)


if __name__ == "__main__":
    sys.exit(tap.main())
