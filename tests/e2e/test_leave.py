#!/usr/bin/env python3
"""Real daemons: one leaves for good, one dies for good, one stands still for a while; nobody loses a backup by it."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402

NODES, SHARES, THRESHOLD = 9, 5, 3


def accounts(status):
    return [provider["account"] for provider in status["providers"]]


def backed_up(node, without):
    """Whether a node is ready, with n holders that answer and hold, none of them among those that are gone."""
    status = node.status()
    return (status is not None and status["state"] == "ready" and len(status["providers"]) == SHARES
            and all(p["answered"] and not p["error"] for p in status["providers"])
            and not set(accounts(status)) & {gone.account for gone in without})


def all_are_backed_up(mesh, without):
    living = [node for node in mesh.nodes if node not in without]
    for node in living:
        until(lambda node=node: backed_up(node, without), 90,
              lambda node=node: f"node {node.number}: {node.status()}\n{node.tail()}")
    for node in living:
        done = node.command("backup", "verify")
        assert done.returncode == 0, (node.number, done.stdout, done.stderr)
        assert f"{SHARES}".encode() in done.stdout, done.stdout


@tap.case
def one_leaves_one_dies_and_one_stands_still_and_all_stay_backed_up():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-leave-"))
    with Mesh(folder, Programs(BUILD), NODES, SHARES, THRESHOLD) as mesh:
        mesh.found("timing: {watch: 1s, call: 2s}\n")
        mesh.impatient()
        mesh.start_all()
        mesh.register()
        all_are_backed_up(mesh, [])
        owner = mesh.nodes[0]
        key = until(lambda: owner.key("tss-db"), 30, lambda: owner.tail())
        by_account = {node.account: node for node in mesh.nodes}
        leaver, dead = (by_account[account] for account in accounts(owner.status())[:2])

        undone = leaver.command("leave", "--no-wait", "--deadline", "30")
        assert undone.returncode == 0, undone.stderr
        done = leaver.command("leave", "--cancel")
        assert done.returncode in (0, 1), done.stderr  # it may have left already
        until(lambda: leaver.state() in ("ready", "left"), 30, lambda: leaver.tail())
        done = leaver.command("leave", "--reason", "moves to another site", timeout=90)
        assert done.returncode == 0 and b"left:" in done.stdout, (done.stdout, done.stderr)
        status = leaver.status()
        assert status["state"] == "left" and status["shares"] == 0 and status["leaving"]["owners"] == 0, status
        all_are_backed_up(mesh, [leaver])
        leaver.terminate()

        dead.kill()
        all_are_backed_up(mesh, [leaver, dead])

        still = by_account[accounts(owner.status())[0]]
        before = owner.status()["generation"]
        still.freeze()
        until(lambda: owner.state_of(still) != "member", 60, lambda: owner.tail())
        still.thaw()
        all_are_backed_up(mesh, [leaver, dead])
        assert owner.status()["generation"] == before, "who returned in time was replaced"

        owner.kill()
        owner.start()
        owner.wait("ready", 60)
        assert owner.key("tss-db") == key
        refused = subprocess.run([mesh.programs.holdfast, "--socket", owner.socket, "leave", "--deadline", "91"],
                                 capture_output=True, timeout=30)
        assert refused.returncode == 64 and b"usage" in refused.stderr, refused


@tap.case
def an_owner_that_cannot_move_is_called_by_its_operator_and_may_be_abandoned_by_it():
    with Mesh(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-abandon-")), Programs(BUILD), nodes=4, shares=3, threshold=2,
              quorum=2) as m:
        m.make()
        leaver = m.nodes[0]
        done = leaver.command("leave", "--no-wait", "--deadline", "0")
        assert done.returncode == 0, done
        # Each of the others has all of the others for holders: none of them can move.
        until(lambda: (leaver.status().get("leaving") or {}).get("waiting"), 30, leaver.tail)
        waiting = subprocess.Popen([m.programs.holdfast, "--socket", leaver.socket, "leave", "--deadline", "0"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            line = waiting.stdout.readline() + waiting.stdout.readline()
            assert "the first is operator" in line and not re.search("[0-9a-f]{64}", line), line
        finally:
            waiting.kill()
            waiting.communicate()
        for word in ("nobody", m.nodes[1].account[:3], "operator1"):
            done = leaver.command("leave", "--abandon", word)
            assert done.returncode == 1 and b"waits for no owner" in done.stderr, (word, done)
        before = leaver.status()["leaving"]["waiting"]
        for number, word in ((1, "operator2"), (2, m.nodes[2].account[:6]), (3, m.nodes[3].account)):
            account = m.nodes[number].account
            if account in before:
                until(lambda word=word: leaver.command("leave", "--abandon", word).returncode == 0, 30, leaver.tail)
                until(lambda account=account: account not in (leaver.status()["leaving"] or {"waiting": []})["waiting"], 30,
                      leaver.tail)


if __name__ == "__main__":
    sys.exit(tap.main())
