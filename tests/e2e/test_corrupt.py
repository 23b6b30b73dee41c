#!/usr/bin/env python3
"""A member that is corrupt: the keys of its account are in other hands, who do as much with them as they may."""

import contextlib
import itertools
import os
import pathlib
import re
import statistics
import sys
import tempfile
import threading
import time
import urllib.request

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from abuser import unsigned_set  # noqa: E402
from corrupt import CONFIGURATION, Corrupt  # noqa: E402
from mesh import Mesh, Programs, check, until  # noqa: E402

KEY = "tss-db"
CONNECTIONS, STREAMS = 8, 32  # of one member, of a connection: src/net/limits.c
EACH_MAX = 64  # answers to one asker that wait for the disk: src/daemon/gate.h
RESTARTS, SLACK_S = 3, 0.25
CLAIMS = 600  # each for a higher ballot, until they begin anew


@contextlib.contextmanager
def corrupted(lines=""):
    """A network of four that hold each other's shares; the last node is another's, and its daemon down."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-corrupt-"))
    with Mesh(folder, Programs(BUILD), nodes=4, shares=3, threshold=2) as m:
        m.found(CONFIGURATION + lines)
        for node in m.nodes[:3]:
            node.config.write_text(node.config.read_text().replace(CONFIGURATION, ""))
        m.start_all()
        m.register()
        for node in m.nodes:
            node.wait("ready", 90)
        corrupt = Corrupt(m, m.nodes[3])
        m.nodes[3].kill()
        yield m, corrupt


def metric(node, name):
    port = re.search(r"event=metrics .*?port=(\d+)", node.log.read_text())[1]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        return int(re.search(rf"(?m)^holdfast_{name} (\d+)$", answer.read().decode())[1])


@tap.case
def what_one_member_has_written_leaves_room_on_a_disk_that_stands_still():
    with corrupted("metrics: {port: 0}\n") as (m, corrupt), contextlib.ExitStack() as stack:
        node, gate = m.nodes[0], m.folder / "slow"
        node.terminate()
        node.log.write_text("")
        node.start({"LD_PRELOAD": str(BUILD / "tests/lib/libslow_disk.so"), "HF_SLOW_DISK": str(gate)})
        node.wait_status(lambda status: status.get("claimed"), "its claim does not stand")
        flows = [corrupt.speak(node) for _ in range(CONNECTIONS)]
        for flow in flows:
            stack.callback(flow.tls.close)
        # Its quote is judged by then, so that no later claim waits for that.
        flows[0].post(1, "/v1/claim", corrupt.claim())
        until(lambda: flows[0].read() or 1 in flows[0].answer, 30, "no answer")
        first = flows[0].answer.pop(1)
        check(not first.startswith(b"{"), f"{first}")
        claims = iter([corrupt.claim() for _ in range(CONNECTIONS * STREAMS)])
        gate.touch()
        stack.callback(gate.unlink)
        for flow in flows:
            for number in range(3, 2 * STREAMS + 3, 2):
                flow.post(number, "/v1/claim", next(claims))

        def answered():
            for flow in flows:
                with contextlib.suppress(OSError):
                    flow.read(0.01)
            return sum(len(flow.answer) for flow in flows)

        # What finds no place is told so; all else waits for the disk.
        until(lambda: answered() >= CONNECTIONS * STREAMS - EACH_MAX, 30, lambda: f"{answered()} are answered")
        refused = [answer for flow in flows for answer in flow.answer.values()]
        check(all(b'"busy"' in answer for answer in refused), f"{refused[:3]}")
        waiting = metric(node, "store_waiting")
        print(f"# {waiting} updates wait for the disk, {len(refused)} are refused")
        check(waiting <= EACH_MAX + 8, f"{waiting} updates wait for the disk")


class Works:
    """What a corrupt member does to each node until the block ends."""

    def __init__(self, nodes, corrupt, path, body):
        self.corrupt, self.path, self.body = corrupt, path, body
        self.done, self.ended = 0, threading.Event()
        self.threads = [threading.Thread(target=self._run, args=(node,), daemon=True) for node in nodes]

    def _run(self, node):
        while not self.ended.is_set():
            with contextlib.suppress(OSError, ValueError):
                flow = self.corrupt.speak(node)
                with flow.tls:
                    for number in range(1, 20001, 2):
                        if self.ended.is_set():
                            return
                        flow.post(number, self.path, self.body())
                        self.done += 1
                        flow.read(0.001)
            self.ended.wait(0.01)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        until(lambda: self.done >= len(self.threads), 60, "nothing is done to them")
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join(30)


@tap.case
def whatever_a_corrupt_member_brings_delays_no_recovery():
    with corrupted() as (m, corrupt):
        node, others = m.nodes[0], m.nodes[1:3]
        key = until(lambda: node.key(KEY), 30, "no key")

        def recovery_s():
            node.kill()
            node.start()
            started = time.monotonic()
            found = node.command("key", "get", KEY, "--wait", "60")
            check(found.stdout.decode().strip() == key.hex(), f"no key: {found}\n{node.tail()}")
            return time.monotonic() - started

        large, small = unsigned_set(80000), b"\x81\x01\x80"
        claims = itertools.cycle([corrupt.claim() for _ in range(CLAIMS)])
        for path, body in (("/v1/claim", lambda: next(claims)),
                           ("/v1/documents", lambda: large), ("/v1/standing", lambda: small)):
            plain, under = [], []
            for _ in range(RESTARTS):
                plain.append(recovery_s())
                with Works([node, *others], corrupt, path, body) as works:
                    under.append(recovery_s())
                    drill = others[0].command("backup", "verify")
                    check(drill.returncode == 0, f"a member's requests are not served: {drill}")
            plain_s, under_s = statistics.median(plain), statistics.median(under)
            print(f"# {path}: {plain_s:.3f} s without, {under_s:.3f} s under {works.done} in the last turn")
            check(under_s <= 2 * plain_s + SLACK_S, f"{path}: recovery took {under_s:.3f} s, and {plain_s:.3f} s without")


if __name__ == "__main__":
    sys.exit(tap.main())
