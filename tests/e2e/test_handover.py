#!/usr/bin/env python3
"""Real daemons: a holder leaves while an owner is down, and hands its share over; the owner starts, and its key is there."""

import os
import pathlib
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402

NODES, SHARES, THRESHOLD = 9, 5, 3


def happened(node, what):
    """Whether a node's log has an event."""
    return f"event={what} " in node.log.read_text(errors="replace")


def accounts(status):
    return [provider["account"] for provider in status["providers"]]


@tap.case
def a_share_moves_while_its_owner_is_down():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-handover-"))
    with Mesh(folder, Programs(BUILD), NODES, SHARES, THRESHOLD) as mesh:
        mesh.found("timing: {watch: 1s, call: 2s}\n")
        mesh.impatient()
        mesh.start_all()
        mesh.register()
        for node in mesh.nodes:
            node.wait("ready", 90)
        owner = mesh.nodes[0]
        key = until(lambda: owner.key("tss-db"), 30, owner.tail)
        by_account = {node.account: node for node in mesh.nodes}
        holders = [by_account[account] for account in accounts(owner.status())]
        generation = owner.status()["generation"]
        owner.kill()
        for holder in holders:
            until(lambda holder=holder: holder.state_of(owner) == "unreachable", 60, holder.tail)

        leaver = holders[0]
        done = leaver.command("leave", "--reason", "moves to another site", timeout=120)
        assert done.returncode == 0 and b"left:" in done.stdout, (done.stdout, done.stderr, leaver.tail())
        assert b"1 share of owners that are down handed over" in done.stdout, done.stdout
        assert leaver.status()["shares"] == 0, leaver.status()
        assert happened(leaver, "vote_ceased") and happened(leaver, "handed_over"), leaver.tail(40)
        takers = [node for node in mesh.nodes if happened(node, "share_taken")]
        assert len(takers) == 1 and takers[0] not in holders, [node.number for node in takers]
        leaver.terminate()
        other = holders[1].command("peers")
        assert b"handed over by " in other.stdout and b", which left" in other.stdout, other.stdout

        owner.start()
        owner.wait("ready", 90)
        assert owner.key("tss-db") == key
        until(lambda: owner.status()["generation"] > generation and leaver.account not in accounts(owner.status())
              and owner.state() == "ready", 60, owner.tail)
        assert happened(owner, "share_moved"), owner.tail(40)
        moved, = owner.status()["moved"]
        assert (moved["why"], moved["from"]["account"], moved["to"]["account"], moved["generation"]) == (
            "left", leaver.account, takers[0].account, generation), moved
        done = owner.command("backup", "show")
        assert b"which left" in done.stdout, done.stdout
        assert b"moved      1 of its shares while it was down" in owner.command("status").stdout
        done = owner.command("backup", "verify")
        assert done.returncode == 0, (done.stdout, done.stderr)


if __name__ == "__main__":
    sys.exit(tap.main())
