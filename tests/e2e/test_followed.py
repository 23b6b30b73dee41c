#!/usr/bin/env python3
"""What nodes of a chain, members and crashes can do to signers of a set that follows it: a node that answers anything, a
member that answers with old or foreign attestations, one that stands between, a kill at every step."""

import itertools
import json
import os
import pathlib
import sys
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from abuser import account_certificate, binary, fields, number  # noqa: E402
from corrupt import CONFIGURATION, Corrupt  # noqa: E402
from following import Network  # noqa: E402
from mesh import until  # noqa: E402
from rogue import Answerer, certificate  # noqa: E402


def instead(result):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


# What a node sends in place of an answer, and to which of the adaptor's calls.
ANYTHING = {"nothing": b"", "half": b"{", "deep": b"[" * 100000, "a long number": b"9" * 6000, "no object": b"[1]",
            "an error": b'{"error": {"code": 1}}', "neither": b"{}", "no text": b"\xff\xfe\x00", "large": b" " * (5 << 20)}
RESULTS = {"null": None, "a flag": True, "a number": 1 << 70, "negative": -1, "a list": [[]] * 9, "an object": {"number": "0x"},
           "odd digits": "0x123", "no digits": "0xzz", "a text": "block", "too short": "0x00", "too long": "0x" + "ab" * 33,
           "very many": "0x" + "fe" * 8}
CALLS = ("chain_getBlockHash", "chain_getFinalizedHead", "chain_getHeader", "state_getStorage", "state_queryStorageAt")


@tap.case
def whatever_a_node_answers_its_signer_signs_nothing_by_it_and_goes_on_after():
    with Network() as n:
        first, node = n.signers[0], n.signers[0].node
        assert first.round()[0] == 0
        remembered, before = (first.folder / "follow.json").read_text(), n.set()
        seen = json.loads(remembered)["number"]

        def refused(how, hostile):
            node.hostile = hostile
            status, text = first.round()
            assert status in (1, 2) and "Traceback" not in text and "in force" not in text, (how, status, text)
            state = json.loads((first.folder / "follow.json").read_text())
            assert state["number"] == seen and state["signed_epoch"] == 0 and n.set() == before, (how, text)

        for name, answer in ANYTHING.items():
            refused(name, lambda asked, _, answer=answer: answer if asked["method"] == "state_getStorage" else None)
        # Each call is answered with something of another kind in turn.
        for (name, result), method in zip(RESULTS.items(), itertools.cycle(CALLS)):
            refused((method, name), lambda asked, _, m=method, r=result: instead(r) if asked["method"] == m else None)
        # The set is empty, or is of another block than was asked for.
        members, n.members = n.members, {}
        n.grow()
        refused("an empty set", None)
        n.members = members
        n.chain.blocks.pop()
        n.chain.final -= 1
        refused("of another block", lambda asked, right: instead([{"block": "0x" + "11" * 32, "changes": []}])
                if asked["method"] == "state_queryStorageAt" else None)
        # What was final goes back by one block, and comes again with another content and the same number.
        n.chain.final -= 1
        refused("back", None)
        n.chain.final += 1
        node.hostile = None
        n.grow()
        assert first.round()[0] == 0, "it goes on"
        assert json.loads((first.folder / "follow.json").read_text())["number"] == seen + 1


@tap.case
def who_answers_with_an_old_attestation_fails_and_who_stands_in_between_proves_nothing():
    with Network(CONFIGURATION) as n:
        m = n.mesh
        liar, honest = m.nodes[4], m.nodes[1]
        for signer in n.signers:
            assert signer.round()[0] == 0, signer.round()
        corrupt = Corrupt(m, liar)
        # Its own quote, over a nonce of yesterday: what else of it is right.
        flow = corrupt.speak(liar)
        versions = fields(*((key, number(1)) for key in (1, 2, 3)))
        flow.post(1, "/v1/attest", fields((1, versions), (2, binary(b"n" * 32))))
        until(lambda: flow.read() or 1 in flow.answer, 30, "no attestation")
        old = flow.answer.pop(1)
        assert len(old) > 1000 and not old.startswith(b"{"), old[:200]
        flow.tls.close()
        between = certificate(m.folder)
        liar.kill()
        honest.kill()
        accounts = {node.account for node in m.nodes[:5]}
        with Answerer(liar.address, account_certificate(m.folder, corrupt.key), lambda: old) as one, \
                Answerer(honest.address, between, lambda: old):
            # Asked again in each epoch: a sixth enters, and all are.
            n.members[b"\x06" * 32] = n.entry(m.nodes[5])
            n.grow()
            said = n.rounds(lambda: liar.account not in n.set()[1], 90)
            time.sleep(3)  # the grace, for one that would have failed as long
            said += n.rounds(lambda: True)
            assert one.asked > 0 and n.set()[1] == accounts - {liar.account} | {m.nodes[5].account}, (one.asked, n.set())
        text = "\n".join(text for _, _, text in said)
        assert f"{liar.account[:8]} at {liar.address} fails: " in text, text
        assert f"{honest.account[:8]} at {honest.address} has not answered" in text, text
        assert f"{honest.account[:8]} at {honest.address} fails" not in text, text
        left = accounts - {liar.account} | {m.nodes[5].account}
        assert all(n.set(i)[1] == left for i in range(3)), [n.set(i) for i in range(3)]


@tap.case
def a_signer_that_is_killed_at_any_step_signs_no_two_sets_of_one_epoch():
    with Network() as n:
        m, sixth = n.mesh, n.mesh.nodes[5]
        first, others = n.signers[0], n.signers[1:]
        own = m.folder / "exchange" / f"set-{first.public}.doc"
        signed = {}  # from a set to the epoch that its signer remembered, by the time it was there

        def look():
            if own.exists():
                epoch = json.loads((first.folder / "follow.json").read_text())["signed_epoch"]
                content = own.read_bytes()
                assert signed.setdefault(content, epoch) <= epoch
                assert list(signed.values()).count(signed[content]) == 1, "two sets of one epoch"

        for signer in n.signers:
            assert signer.round()[0] == 0, signer.round()
        wanted = {node.account for node in m.nodes[:5]}
        for turn, step in enumerate(itertools.count(1)):
            # Something to do in each turn: the sixth enters, and leaves again.
            if n.set()[1] == wanted:
                if sixth.account in wanted:
                    n.members.pop(b"\x06" * 32)
                else:
                    n.members[b"\x06" * 32] = n.entry(sixth)
                wanted = {entry[0] for entry in n.members.values() if entry is not None}
            n.grow()
            status, text = first.round({"LD_PRELOAD": str(BUILD / "tests/lib/libkill_at.so"), "HF_KILL_AT": str(step)})
            assert status in (-9, 0, 2), (step, status, text)
            look()
            others[turn % 2].round()
            # A round in which another was first leaves no set of its own behind.
            if (status != -9 and step > 12 and signed) or turn == 60:
                break
        assert step > 12 and turn < 60, (step, turn, status)
        # It goes on as if nothing had been.
        n.rounds(lambda: all(n.set(i)[1] == wanted for i in range(3)), 90)
        look()
        assert n.set(0) == n.set(1) == n.set(2), [n.set(i) for i in range(3)]


if __name__ == "__main__":
    sys.exit(tap.main())
