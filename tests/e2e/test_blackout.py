#!/usr/bin/env python3
"""Power cuts from end to end: a key is proposed, dealt, acknowledged and sealed to; everything stops at once, and a tenth of the
machines is gone; people start the network, in one sitting; other people take their place; it stops once more."""

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
from quorum import Quorum, done, node_command  # noqa: E402
from quorum_key import ShareSet, halves, in_memory  # noqa: E402

PROGRAMS = Programs(BUILD)
NODES, SHARES, THRESHOLD = 10, 7, 3


def power_cut(nodes):
    for node in nodes:
        node.kill()
    for node in nodes:
        node.start()
    for node in nodes:
        node.wait("recovering", 60)


def restart(node):
    node.kill()
    node.start()
    node.wait("recovering", 60)


def start_together(quorum, nodes, aliases):
    """All ask; the plan says whom to start; each of the people answers those in one call; the rest follow."""
    requests = {node: quorum.ask(node) for node in nodes}
    plan = done(subprocess.run([PROGRAMS.holdfast, "blackstart", "plan", *requests.values()], capture_output=True, text=True))
    proposed = plan.split("start by people")[1].split("then these")[0]
    chosen = [node for node in nodes if str(requests[node]) in proposed]
    assert THRESHOLD <= len(chosen) < len(nodes), plan
    answers = []
    for alias in aliases:
        answers.append(quorum.folder / f"answers-{alias}")
        shown = done(quorum.answer(alias, [requests[node] for node in chosen], answers[-1]))
        assert f"not among these: {NODES - len(chosen)} of {NODES}" in shown, shown
    for node in chosen:
        assert "enough" in done(node_command(node, "blackstart", "add", *answers))
    for node in nodes:
        until(lambda node=node: node.status()["open"], 120, lambda node=node: f"node {node.number}:\n{plan}\n{node.tail()}")
    return plan


def keys_are(nodes, keys):
    for node in nodes:
        until(lambda node=node: node.key("tss-db") == keys[node.number], 120,
              lambda node=node: f"node {node.number}: {node.status()['state']} {node.status()['reason']}\n{node.tail()}")


def shares_of(m, quorum, aliases):
    """What these share holders have of the first key, by their words."""
    share_set = ShareSet((m.authority / "documents/share-set.doc").read_bytes(), bytes.fromhex(m.network))
    words = {alias: done(quorum.share("key", "words", quorum.keys[alias], passphrase=quorum.secret(alias))) for alias in aliases}
    return share_set, {alias: share_set.share(alias, words[alias]) for alias in aliases}


def nobody_has(quorum_key, nodes):
    for node in nodes:
        assert not in_memory(node.process.pid, halves(quorum_key)), f"the quorum key is in the memory of node {node.number}"


@tap.case
def a_network_outlives_two_power_cuts_and_its_share_holders():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-blackout-"))
    with Mesh(folder, PROGRAMS, nodes=NODES, shares=SHARES, threshold=THRESHOLD) as m:
        m.make()
        first = Quorum(m, names=("black-start", "spare"))
        first.token("dee")
        first.establish()
        share_set, shares = shares_of(m, first, ["ada", "bob", "cy"])
        quorum_key = share_set.rebuild(list(shares.values()))
        keys = {node.number: until(lambda node=node: node.key("tss-db"), 60, lambda node=node: node.tail()) for node in m.nodes}
        gone, alive = m.nodes[-1], m.nodes[:-1]
        gone.kill()
        power_cut(alive)
        plan = start_together(first, alive, ["ada", "dee", "cy"])
        assert gone.address in plan.split("not among these: 1 of 10")[1], plan
        keys_are(alive, keys)
        nobody_has(quorum_key, alive)
        # The same two keys for other people, with another threshold; what was sealed before opens.
        since = alive[0].status()["quorum"]["since_s"]
        second = Quorum(m, ["fay", "gus", "hal", "ivy"], 2, ("black-start", "spare"))
        seen = []

        def look(ceremony, alias):
            """A share that a ceremony was given is in its memory, so a search that finds nothing in a node's is no blind one."""
            if len(seen) < 3:
                assert in_memory(ceremony.pid, halves(shares["bob"][1])), alias
            seen.append(alias)

        out = second.reshard(first, ["bob", "dee", "bob", "eve"], look)
        assert len(seen) >= 3, seen
        assert "here already" in out and "eve: counts; 3 of 3" in out, out
        assert alive[0].status()["quorum"]["since_s"] == since
        power_cut(alive)
        request = second.ask(alive[0])
        refused = first.answer("ada", request, first.folder / "late", "--again", alive[0].account)
        assert refused.returncode == 15 and "not_a_share_holder" in refused.stderr, refused
        restart(alive[0])
        start_together(second, alive, ["hal", "fay"])
        keys_are(alive, keys)
        nobody_has(quorum_key, alive)
        # A new key, for others again: nodes seal anew, and the first and second ones open nothing of it.
        third = Quorum(m, ["kim", "lou", "max"], 2, ("third",))
        third.establish()
        assert "NOT in it is the key black-start" in third.signed, third.signed
        table = node_command(alive[0], "status", "--all").stdout
        assert "the share holders of share set 3 can open 9 of 10" in table, table
        assert re.search(rf"operator{gone.number} +{gone.account[:8]}  does not say", table), table
        power_cut(alive)
        start_together(third, alive, ["max", "kim"])
        keys_are(alive, keys)
        assert "under share set 3" in node_command(alive[0], "status").stdout


if __name__ == "__main__":
    sys.exit(tap.main())
