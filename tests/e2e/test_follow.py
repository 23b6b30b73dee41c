#!/usr/bin/env python3
"""The validator set follows a chain: set signers beside nodes that fork, lag and lie, and real validators."""

import json
import os
import pathlib
import sys
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib"), str(SOURCE / "contrib/adaptors")]

import substrate  # noqa: E402
import substrate_node  # noqa: E402
import tap  # noqa: E402
from following import ADAPTOR, Network, entry_key  # noqa: E402
from mesh import until  # noqa: E402


@tap.case
def a_set_follows_what_is_final_and_enough_signers_agree_on():
    with Network() as n:
        m = n.mesh
        sixth = m.nodes[5]
        accounts = {node.account for node in m.nodes[:5]}
        for signer in n.signers:
            assert signer.round()[0] == 0, signer.round()
        assert n.set() == (1, accounts)
        # What is not final is nothing yet.
        n.members[b"\x06" * 32] = n.entry(sixth)
        n.grow(final=False)
        for signer in n.signers:
            assert signer.round()[0] == 0, signer.round()
        assert n.set() == (1, accounts)
        n.chain.final += 1
        n.rounds(lambda: all(n.set(i)[1] == accounts | {sixth.account} for i in range(3)))
        assert n.set(0) == n.set(1) == n.set(2), [n.set(i) for i in range(3)]
        document = n.holdfast("set", "show", "--authority", n.signers[0].folder)[1]
        assert "; 2 signatures" in document or "; 3 signatures" in document, document
        # The daemons find it in their folder: the sixth backs up.
        sixth.wait("ready", 60)
        # Who validates no more is out, and the authority's form says what is in force.
        del n.members[b"\x01" * 32]
        n.grow()
        left = {node.account for node in m.nodes[1:]}
        n.rounds(lambda: all(n.set(i)[1] == left for i in range(3)))
        form = (n.signers[0].folder / "set.yaml").read_text()
        assert m.nodes[0].account not in form and sixth.account in form, form

        def moved():
            held = [p["account"] for node in m.nodes[1:] for p in node.status()["providers"]]
            return m.nodes[0].account not in held and all(node.state() == "ready" for node in m.nodes[1:])
        until(moved, 60, lambda: [(node.state(), node.status()["reason"]) for node in m.nodes[1:]])


@tap.case
def a_fork_lag_or_lie_moves_nothing():
    with Network() as n:
        m = n.mesh
        before = {node.account for node in m.nodes[:5]}
        first, liar = n.signers[0], n.signers[2]
        for signer in n.signers:
            assert signer.round()[0] == 0, signer.round()
        # One that is behind, or stands still.
        n.grow()
        assert first.round()[0] == 0
        n.chain.final -= 1
        status, text = first.round()
        assert status == 2 and "the node is behind what it has shown" in text, text
        n.chain.final += 1
        n.chain.grow(int(time.time()) - 3600, n.members)
        status, text = first.round()
        assert status == 2 and "its chain stands still" in text, text
        n.chain.blocks.pop()
        n.chain.final -= 1
        # A block that was final is another one now; a chain that is another.
        whole, n.chain.blocks = n.chain.blocks, n.chain.blocks[:-1]
        n.members.pop(b"\x02" * 32)
        n.grow(salt="fork")
        n.grow(salt="fork")
        status, text = first.round()
        assert status == 1 and "a block that was final is another one now" in text, text
        n.chain.blocks, n.chain.final = whole, len(whole) - 1
        n.members[b"\x02" * 32] = n.entry(m.nodes[1])
        genesis = n.chain.blocks[0]
        n.chain.blocks[0] = substrate_node.Block(0, "another", 1, {})
        first.network.chain.blocks[0].hash, kept = "0x" + "ab" * 32, first.network.chain.blocks[0].hash
        status, text = n.holdfast("authority", "follow", "--authority", first.folder, "--chain", kept[2:], "--once", "--",
                                  ADAPTOR, "--url", first.node.url)
        assert status == 1 and "another" in text, text
        n.chain.blocks[0] = genesis
        # An adaptor that fails, and one that prints nonsense.
        for words in (["false"], ["echo", "{}"], ["no-such-program"]):
            status, text = n.holdfast("authority", "follow", "--authority", first.folder, "--chain", genesis.hash[2:],
                                      "--once", "--", *words)
            assert status == 2 and "no set of validators" in text, (words, text)
        assert n.set()[1] == before
        # A node that lies to one signer: it is alone with what it says.
        lie = substrate_node.Chain()
        lie.blocks, lie.final = n.chain.blocks[:-1], len(n.chain.blocks) - 2
        members = {key: value for key, value in n.members.items() if key != b"\x02" * 32}
        lie.blocks = [*lie.blocks, n.chain.blocks[-1]]
        lie.final += 1
        lie.grow(int(time.time()), members)
        n.grow()
        liar.node.chain = lie
        for _ in range(6):
            for signer in n.signers:
                status, text = signer.round()
                assert "in force" not in text, text
            time.sleep(0.5)
        assert not list((m.folder / "exchange").glob("set-*.doc")), "nothing is proposed"
        assert all(n.set(i) == (1, before) for i in range(3))
        # The others go on without it.
        n.members[b"\x06" * 32] = n.entry(m.nodes[5])
        n.grow()
        n.rounds(lambda: n.set(0)[1] == n.set(1)[1] == before | {m.nodes[5].account})


@tap.case
def what_stands_in_the_way_holds_up_nothing_else():
    with Network() as n:
        m, sixth = n.mesh, n.mesh.nodes[5]
        exchange, accounts = m.folder / "exchange", {node.account for node in m.nodes[:5]}
        for signer in n.signers:
            assert signer.round()[0] == 0, signer.round()
        # A stranger fills the folder, and writes over a signer's file.
        for number in range(100):
            (exchange / f"set-{number:010}-{n.signers[0].public[:16]}.doc").write_bytes(os.urandom(64))
        (exchange / f"set-{n.signers[2].public}.doc").write_bytes(os.urandom(64))
        # On the chain, one stands twice, and one has no address.
        n.members[b"\x55" * 32] = ("ab" * 32, "no address", "x", "")
        n.members[b"\x66" * 32] = (m.nodes[0].account, "elsewhere:1", "x", "")
        n.members[b"\x06" * 32] = n.entry(sixth)
        n.grow()
        # One that is cut off uses up no epoch, for however long.
        for _ in range(8):
            status, text = n.signers[0].round()
            assert status == 2 and "is proposed" not in text, text
            time.sleep(0.5)
        assert "has two entries" in text and "1 files are not what their names say" in text, text
        assert json.loads((n.signers[0].folder / "follow.json").read_text())["signed_epoch"] == 0
        n.rounds(lambda: all(n.set(i) == (2, accounts | {sixth.account}) for i in range(3)))
        del n.members[b"\x55" * 32], n.members[b"\x66" * 32]
        # A crash after the set was put in force, and before what follows from it.
        second = n.signers[1]
        form, remembered = second.folder / "set.yaml", second.folder / "follow.json"
        whole, state = form.read_text(), json.loads(remembered.read_text())
        assert state["form_epoch"] == 2 and sixth.account in whole, whole
        for written in (False, True):
            if not written:
                form.unlink()
            remembered.write_text(json.dumps({**state, "form_epoch": 0}))
            second.round()
            assert form.read_text() == whole
            assert json.loads(remembered.read_text())["form_epoch"] == 2
        # The authority signs a set of the epoch for which the signers have one: its own stands, and they go on from it.
        del n.members[b"\x01" * 32]
        n.grow()
        left = {node.account for node in m.nodes[1:]}

        def two_of_them():
            for signer in n.signers[1:]:
                signer.round()
            return n.set(1) == n.set(2) == (3, left)
        until(two_of_them, 60, lambda: [n.set(i) for i in range(3)], pause=0.3)
        m.sign_set()
        assert n.set(0) == (3, accounts), n.set(0)
        before = [n.set(i) for i in (1, 2)]
        said = n.rounds(lambda: all(n.set(i)[1] == left and n.set(i)[0] > 3 for i in range(3)))
        assert before == [(3, left)] * 2, before
        assert sum("set 3, with 3 signatures, is in force" in text for number, _, text in said if number > 0) == 2, said
        assert len({n.set(i)[0] for i in range(3)}) == 1, [n.set(i) for i in range(3)]


@tap.case
def the_adaptor_reads_what_substrate_stores():
    assert substrate.item("System", "Account").hex() == "26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9"
    assert "0x" + substrate.item("Session", "Validators").hex() == substrate_node.SESSION_VALIDATORS
    assert "0x" + substrate.item("Timestamp", "Now").hex() == substrate_node.TIMESTAMP_NOW
    for number in (0, 63, 64, 16383, 16384, 1 << 20):
        assert substrate.Reader(substrate_node.compact(number)).compact() == number
    chain = substrate_node.Chain()
    nodes = {bytes([i % 251, i // 251]) + bytes(30): (f"{i:064x}", f"n{i}:1", f"o{i}", "") for i in range(600)}
    chain.grow(1800000000, nodes)
    node = substrate_node.Node(chain, entry_key)
    view = substrate.view(substrate.Node(node.url), "Holdfast", "Nodes", 0)
    assert view["block"] == {"number": 1, "hash": chain.blocks[1].hash[2:], "time_s": 1800000000}, view["block"]
    assert len(view["validators"]) == 600 and view["validators"][599]["address"] == "n599:1" and view["since"] is None
    assert substrate.view(substrate.Node(node.url), "Holdfast", "Nodes", 1)["since"]["hash"] == view["block"]["hash"]
    for wrong in ("00", "04" + "00" * 31, "04" + "00" * 33, "ff"):
        try:
            substrate.validators_in(bytes.fromhex(wrong))
            assert wrong == "00", wrong
        except substrate.Wrong:
            assert wrong != "00"
    node.close()


if __name__ == "__main__":
    sys.exit(tap.main())
