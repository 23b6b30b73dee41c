#!/usr/bin/env python3
"""Real daemons beside one whose keys are in other hands, and beside hosts that fail at bad moments: what one member signs,
asks or loses takes nothing from the others (proto/GOSSIP.md)."""

import concurrent.futures
import contextlib
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from abuser import Flow, account_certificate, binary, fields, number, speak  # noqa: E402
from corrupt import CONFIGURATION, Corrupt  # noqa: E402
from mesh import Mesh, Programs, check, until  # noqa: E402

KEY = "tss-db"
TURNS, TURN_S = 80, 0.1
LEAVE, DRAINING, ADDRESS, ALIVE, SUSPECT = range(1, 6)


@contextlib.contextmanager
def network(nodes, shares, threshold, corrupt=False):
    """A network that is ready; with corrupt its last node is another's, and its daemon down."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-liars-"))
    with Mesh(folder, Programs(BUILD), nodes, shares, threshold) as m:
        m.found(CONFIGURATION if corrupt else "")
        for node in m.nodes[:-1]:
            node.config.write_text(node.config.read_text().replace(CONFIGURATION, ""))
        m.impatient()
        m.start_all()
        m.register()
        for node in m.nodes:
            node.wait("ready", 120)
        yield m


def states(node, others):
    return {other.number: node.state_of(other) for other in others if other is not node}


def all_verify(nodes):
    for node in nodes:
        node.wait("ready", 120)
        done = node.command("backup", "verify", timeout=60)
        check(done.returncode == 0, f"node {node.number}: {done}")


class Voice:
    """What a corrupt member tells a node, on one connection after the other."""

    def __init__(self, corrupt, node):
        self.corrupt, self.node, self.flow = corrupt, node, None

    def tell(self, events):
        with contextlib.suppress(OSError):
            if self.flow is None:
                self.flow, self.streams = self.corrupt.speak(self.node), itertools.count(1, 2)
            self.flow.post(next(self.streams), "/v1/gossip", self.corrupt.gossip(events))
            self.flow.read(0.01)
            return
        self.flow = None


@tap.case
def what_one_member_signs_takes_no_other_members_voice():
    with network(6, 3, 2, corrupt=True) as m:
        honest, liar = m.nodes[:5], m.nodes[5]
        corrupt = Corrupt(m, liar)
        liar.kill()
        voices = [Voice(corrupt, node) for node in honest]
        now = int(time.time())
        # Forged, ill-dated, about others, of odd places: none of it does anything.
        other = bytes.fromhex(honest[0].account)
        odd = [corrupt.event(LEAVE, 8, subject=other), corrupt.event(ALIVE, 7, subject=other), corrupt.event(SUSPECT, 0),
               corrupt.event(DRAINING, 5, issued_s=now + 86400), corrupt.event(9, 17), corrupt.event(LEAVE, 6, lasts_s=401 * 86400),
               corrupt.event(SUSPECT, 0, subject=other, seen=b"x" * 600), corrupt.event(LEAVE, 18, registered_epoch=77)]
        odd += [corrupt.event(ADDRESS, 30 + i, address=address) for i, address in
                enumerate((honest[0].address, "nonsense", "0.0.0.0:1", "255.255.255.255:53", "\x00:1", "a" * 200 + ":1", liar.address))]
        for voice in voices:
            voice.tell(odd)
        # Two words for each place, one to some and one to the others, faster than anybody may speak.
        words = [[[corrupt.event(kind, 100 + 3 * turn + kind, until_s=now + 5 + variant, over=True, registered_epoch=1)
                   for kind in (LEAVE, DRAINING)] for variant in (0, 1)] for turn in range(TURNS)]
        for pair in words:
            for voice in voices:
                voice.tell(pair[voice.node.number % 2])
            time.sleep(TURN_S)
        for node in honest:
            named = {one["account"] for one in node.status()["excess"]}
            check(named <= {liar.account}, f"node {node.number} refuses an honest member: {named}")
            check(set(states(node, honest).values()) == {"member"}, f"{states(node, honest)}")
        check(any(node.status()["excess"] for node in honest), "nobody has noticed")
        all_verify(honest)


@tap.case
def drains_of_all_at_once_leave_each_owner_enough_and_a_leave_is_taken_back_everywhere():
    with network(8, 5, 3) as m, concurrent.futures.ThreadPoolExecutor(8) as pool:
        keys = [until(lambda node=node: node.key(KEY), 30, "no key") for node in m.nodes]
        for _ in range(2):
            done = list(pool.map(lambda node: node.command("drain", timeout=60), m.nodes))
            granted = [node for node, one in zip(m.nodes, done) if one.returncode == 0]
            check(granted, "each waits for the others")
            for node in m.nodes:
                status = node.status()
                away = {g.account for g in granted} & {p["account"] for p in status["providers"]}
                needed = min(max(status["k"] + 1, status["q"]), status["n"] - 1)
                check(status["n"] - len(away) >= needed, f"node {node.number} would have too few without {away}")
            list(pool.map(lambda node: node.command("drain", "--undo", timeout=60), m.nodes))
        # Taken back at once, and killed before anybody may have heard of it.
        leaver = m.nodes[3]
        if leaver.command("leave", "--no-wait").returncode == 0 and leaver.command("leave", "--cancel").returncode == 0:
            leaver.kill()
            leaver.start()
            leaver.wait("ready", 60)
            until(lambda: all(node.state_of(leaver) == "member" for node in m.nodes if node is not leaver), 60,
                  lambda: [node.state_of(leaver) for node in m.nodes if node is not leaver])
        # One that leaves is killed while it does, and another stands still meanwhile.
        leaver, still = m.nodes[4], m.nodes[0]
        check(leaver.command("leave", "--no-wait").returncode == 0, "it does not leave")
        leaver.kill()
        still.freeze()
        leaver.start()
        leaver.wait({"leaving", "left"}, 60)
        time.sleep(2)
        still.thaw()
        leaver.wait("left", 120)
        rest = [node for node in m.nodes if node is not leaver]
        all_verify(rest)
        for node, key in zip(m.nodes, keys):
            check(node is leaver or node.key(KEY) == key, f"node {node.number} has another key")


@tap.case
def a_node_whose_disk_is_full_accuses_nobody_and_says_why_it_does_nothing():
    with contextlib.ExitStack() as stack:
        m = stack.enter_context(network(5, 3, 2))
        node, others = m.nodes[0], m.nodes[1:]
        small = m.folder / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", small], capture_output=True).returncode != 0:
            raise tap.Skip("no file system of its own can be mounted here")
        stack.callback(subprocess.run, ["umount", "-l", small])
        node.terminate()
        subprocess.run(["cp", "-a", f"{node.data}/.", small], check=True)
        node.config.write_text(node.config.read_text().replace("data: data", f"data: {small}"))
        node.start()
        node.wait("ready", 60)
        filler = small / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(65536))
        # By the first it finds out, and the others are refused before they begin.
        for words in (["drain"], ["leave", "--no-wait"], ["leave", "--cancel"]):
            done = node.command(*words, timeout=20)
            check(done.returncode == 1 and b"disk_full" in done.stderr, f"{words}: {done}")
        for turn in range(4):
            others[turn % 2].command("drain", *([] if turn % 2 == 0 else ["--undo"]), timeout=60)
            time.sleep(2)
            check(set(states(node, m.nodes).values()) <= {"member"}, f"it accuses {states(node, m.nodes)}")
            check(all(other.state_of(node) == "member" for other in others), "it is accused")
        filler.unlink()
        node.wait_status(lambda status: status["store_error"] is None, "the disk is full for it still")
        others[0].command("drain", "--undo")
        others[1].command("drain", "--undo")
        node.command("drain", "--undo")
        all_verify(m.nodes)


@tap.case
def attestations_asked_for_without_end_keep_no_signer_from_its_answer():
    with network(4, 3, 2, corrupt=True) as m:
        victim, liar = m.nodes[0], m.nodes[3]
        corrupt = Corrupt(m, liar)
        liar.kill()
        versions = fields(*((key, number(1)) for key in (1, 2, 3)))
        (m.folder / "nobody").mkdir()
        nobody = account_certificate(m.folder / "nobody")
        ended, asked = threading.Event(), dict.fromkeys(("a member", "a stranger", "an account in no set"), 0)

        def flood(who, connect):
            while not ended.is_set():
                with contextlib.suppress(OSError, ValueError):
                    flow = connect()
                    with flow.tls:
                        for stream in range(1, 4001, 2):
                            if ended.is_set():
                                return
                            flow.post(stream, "/v1/attest", fields((1, versions), (2, binary(os.urandom(32)))))
                            asked[who] += 1
                            flow.read(0.001)
                ended.wait(0.01)

        ways = (lambda: corrupt.speak(victim), lambda: Flow(speak(victim.address, "127.66.0.2")),
                lambda: Flow(speak(victim.address, "127.66.0.3", nobody)))
        threads = [threading.Thread(target=flood, args=pair, daemon=True) for pair in zip(asked, ways)]
        for thread in threads:
            thread.start()
        try:
            until(lambda: min(asked.values()) > 20, 60, lambda: f"{asked}")
            for _ in range(4):
                done = subprocess.run([m.programs.holdfast, "set", "attest", "--json", "--authority", m.authority],
                                      capture_output=True, text=True, timeout=60)
                verdicts = {one["account"]: one["verdict"] for one in json.loads(done.stdout)["members"]}
                check(all(verdicts[node.account] == "passes" for node in m.nodes[:3]), f"{verdicts}")
            check(victim.key(KEY) is not None, "no key meanwhile")
        finally:
            ended.set()
            for thread in threads:
                thread.join(30)
        check({one["account"] for one in victim.status()["excess"]} == {liar.account}, f"{victim.status()['excess']}")
        said = victim.command("status").stdout.decode()
        check(f"excess     of operator{liar.number} ({liar.account[:8]}): refused" in said, said)
        print(f"# asked meanwhile: {asked}")


if __name__ == "__main__":
    sys.exit(tap.main())
