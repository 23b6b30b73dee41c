#!/usr/bin/env python3
"""What an operator is told of the node's own faults: its survivors, its own collateral, its address, its clock, a new
account, a full disk. Each is named as what it is, and a peer is not blamed for it."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from disk import fill, small_disk  # noqa: E402
from mesh import Mesh, Programs, free_ports, until  # noqa: E402
from other_clock import OtherClock  # noqa: E402

MINUTE_S = 60


def mesh(nodes=4, shares=3, threshold=2, quorum=2):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-told-"))
    return Mesh(folder, Programs(BUILD), nodes=nodes, shares=shares, threshold=threshold, quorum=quorum)


def silent_all(status, count):
    return [p["error"] for p in status.get("providers", [])].count("connect") == count


def warns(code):
    return lambda status: code in [w["code"] for w in status.get("warnings", [])]


def text_of(node, status):
    done = node.command("status")
    assert done.returncode == status, done
    return done.stdout.decode()


@tap.case
def survivors_whose_restart_would_lose_the_key_are_told_not_to_restart():
    with mesh() as m:
        m.make()
        node, clock = m.nodes[0], OtherClock(m.folder / "clock")
        node.terminate()
        node.start(clock.environment())
        node.wait("ready", 60)
        for other in m.nodes[1:]:
            other.kill()
        # Those that fell silent a moment ago may be restarting: it takes a minute.
        status = node.wait_status(lambda s: silent_all(s, 3), "it does not miss them")
        assert not warns("restart_loses")(status), status
        clock.pass_by(MINUTE_S + 1)
        node.wait_status(warns("restart_loses"), "it is not warned")
        text = text_of(node, 3)
        assert "NOT NOW: a restart loses the key unless 2 more answer; do not restart this node" in text, text
        assert "backed up\n" not in text, text
        until(lambda: "event=warning code=restart_loses" in node.log.read_text(), 30, node.tail)
        done = node.command("drain")
        assert done.returncode == 1 and b"drain_own_key" in done.stderr, done


@tap.case
def collateral_of_another_network_is_the_nodes_own_fault():
    with mesh() as m, mesh() as strangers:
        m.make()
        strangers.found()
        node = m.nodes[0]
        key = node.key("tss-db")
        right = node.config.read_text()
        node.terminate()
        node.log.write_text("")
        node.config.write_text(right.replace(str(m.authority / "collateral"), str(strangers.authority / "collateral")))
        node.start()
        status = node.wait_status(warns("collateral_signature"), "its collateral is not named")
        assert status["collateral"]["error"]["code"] == "collateral_signature", status["collateral"]
        node.wait_status(lambda s: (s["reason"] or {}).get("code") == "collateral_signature", "no reason")
        assert node.status()["reason_of"] == "node", node.status()
        text = text_of(node, 3)
        assert "providers say:" not in text and "answer and do not help" not in text, text
        assert "this node cannot judge their quotes: its own collateral is not good" in text, text
        assert "by this machine's collateral, which is not good, the answers of 3 of 3 providers do not count" in text, text
        assert "providers  0 of 3 count, of those that answer" in text, text
        assert text.count("this node's collateral cannot judge it (collateral_signature)") == 3, text
        assert "event=peer_misbehaved" not in node.log.read_text(), node.tail()
        node.config.write_text(right)
        node.terminate()
        node.start()
        node.wait("ready", 60)
        assert node.key("tss-db") == key and not node.status()["warnings"]


@tap.case
def a_wrong_network_in_the_configuration_is_named_once_and_nobody_is_blamed():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        # A machine that is set up with another network's id, by the seeds and the folder of this one.
        wrong = "ab" * 32
        text = node.config.read_text().replace(m.network, wrong).replace(node.address, f"127.0.0.1:{m.spare_port}")
        node.kill()
        shutil.rmtree(node.data)
        node.socket.unlink()
        node.config.write_text(text)
        node.log.write_text("")
        node.start()
        status = node.wait_status(lambda s: s.get("other_network"), "it does not say whose documents come")
        assert status["other_network"] == m.network and status["network"] == wrong, status
        node.wait_status(lambda s: any(seed["error"] for seed in s["seeds"]), "no seed is named")
        node.wait_status(lambda s: s["expires"]["identity_s"], "it has no identity")
        done = node.command("status")
        said = done.stdout.decode()
        assert f"configuration names the network\n  {wrong}\nand the documents that it gets are those of\n  {m.network}\n" in said, said
        assert "To register it" not in said and "expires    own identity 20" in said, said
        # Each seed has given the same root by then, after the folder did.
        until(lambda: node.log.read_text().count("event=seed_failed") == 3, 30, node.tail)
        log = node.log.read_text()
        assert log.count("event=document_refused kind=root") == 1, log
        assert f"found={m.network} wanted={wrong} error=another_network" in log, log
        assert "peer_misbehaved" not in log, log


@tap.case
def a_node_that_moved_is_told_where_the_set_has_it():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        node.terminate()
        (port,) = free_ports(1)
        node.config.write_text(node.config.read_text().replace(node.address, f"127.0.0.1:{port}"))
        node.start()
        node.wait_status(warns("address_unlike_set"), "it is not warned", 90)
        text = text_of(node, 3)
        assert f"the set has this node at {node.address}, and its own configuration at 127.0.0.1:{port}" in text, text
        # Registered anew it is, and the same node.
        m.add(node)
        m.sign_set()
        node.wait_status(lambda s: not s["warnings"] and s["state"] == "ready", "it still warns", 90)


@tap.case
def a_clock_ten_minutes_ahead_is_called_that():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        key = node.key("tss-db")
        node.terminate()
        clock = OtherClock(m.folder / "clock")
        clock.set_ahead(10 * MINUTE_S)
        node.start(clock.environment())
        node.wait_status(warns("clock_off"), "its clock is not named")
        text = text_of(node, 3)
        assert "this machine's clock is 10 min ahead of those of 3 providers" in text and "Set it right." in text, text
        assert "event=peer_misbehaved" not in node.log.read_text(), node.tail()
        clock.set_ahead(0)
        node.wait("ready", 90)
        assert node.key("tss-db") == key


@tap.case
def what_a_new_node_or_a_locked_one_cannot_do_is_told_as_what_it_is():
    with mesh() as m:
        m.found()
        m.start_all()
        node = m.nodes[0]
        until(node.identified, 30, node.tail)
        done = node.command("backup", "verify")
        assert done.returncode == 1 and b"(not_placed)" in done.stderr and b"first release" not in done.stderr, done
        done = node.command("leave")
        assert done.returncode == 1 and b"(not_placed)" in done.stderr, done
        # A folder that came up empty, as one whose disk is mounted late: loud, and with the account.
        line = f"code=not_placed text=\"do not restart before it is placed: the account {node.status()['account'][:8]} is new"
        until(lambda: f"level=warning event=warning {line}" in node.log.read_text(), 30, node.tail)
        m.register()
        for each in m.nodes:
            each.wait("ready", 90)
        for each in m.nodes:
            each.kill()
        node.start()
        node.wait_status(lambda s: s.get("state") == "recovering", "it is not recovering")
        for words in (["backup", "verify"], ["identity"], ["leave"]):
            done = node.command(*words)
            assert done.returncode == 1 and b"the vault is not open yet (locked)" in done.stderr, (words, done)
        # It has nothing that a stop could lose, and keeps no share that others could get.
        assert node.command("drain").returncode == 0


@tap.case
def software_that_the_policy_does_not_know_is_named_by_its_digest():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        node.config.write_text(node.config.read_text() + "  image: unknown-release\n")
        node.start()
        until(node.identified, 30, node.tail)
        digest = node.status()["measurement"]
        done = node.command("set", "add", "--authority", m.authority, "--operator", "operator1")
        assert done.returncode == 1 and f"the quote's measurement is {digest}".encode() in done.stderr, done
        assert f"holdfast policy measurement add NAME {digest}".encode() in done.stderr, done


@tap.case
def on_a_full_disk_a_name_that_is_bound_is_given_at_once():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        with small_disk(node.data):
            try:
                m.start_all()
                m.register()
                for each in m.nodes:
                    each.wait("ready", 60)
                key = node.key("tss-db")
                assert key
                fill(node.data / "ballast")
                # A new name has to be written down, and waits; the one that is bound does not wait behind it.
                waiting = subprocess.Popen([m.programs.holdfast, "--socket", node.socket, "key", "get", "another", "--wait", "60"],
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                until(lambda: node.status()["store_error"], 30, node.tail)
                started = time.monotonic()
                assert node.key("tss-db") == key and time.monotonic() - started < 5
                assert "name=another" not in node.log.read_text(), node.tail()
                assert "\nDISK       " in node.command("status").stdout.decode()
                (node.data / "ballast").unlink()
                out, err = waiting.communicate(timeout=90)
                assert waiting.returncode == 0 and len(out.strip()) == 64, err
            finally:
                node.kill()


if __name__ == "__main__":
    sys.exit(tap.main())
