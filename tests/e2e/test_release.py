#!/usr/bin/env python3
"""A new release takes over from an old one: two daemons, two simulated images, one simulated machine (proto/HANDOVER.md)."""

import ctypes
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402

LIBRARY = ctypes.CDLL(next(str(p) for p in sorted((BUILD / "src/client").glob("libholdfast.so*")) if p.is_file()))


def mesh():
    return Mesh(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-release-")), Programs(BUILD), nodes=4, shares=3, threshold=2)


def made(m):
    """A network with a key; the old one, and a new one beside it that is accepted and not started yet."""
    m.make("timing: {watch: 1s}\n")
    old = m.nodes[0]
    key = until(lambda: old.key("tss-db"), 30, "no key")
    new = m.beside(old, "holdfast-2")
    m.accept_release(new, rank=2)
    for node in m.nodes:
        node.wait_status(lambda s: s["policy"] >= 3, "has not the new policy")
    return old, new, key


class Key(ctypes.Structure):
    """struct holdfast_key."""

    _fields_ = [("bytes", ctypes.c_uint8 * 32), ("network", ctypes.c_uint8 * 32), ("version", ctypes.c_uint32),
                ("claim", ctypes.c_uint64)]


def library_key(name, wait_ms):
    """What libholdfast gives an application: the key, or an error."""
    key = Key()
    error = LIBRARY.holdfast_key_get(name.encode(), wait_ms, ctypes.byref(key))
    return bytes(key.bytes) if error == 0 else error


def reason(node):
    return ((node.status() or {}).get("reason") or {}).get("code")


@tap.case
def a_new_release_serves_at_once_while_every_provider_hangs_and_then_claims():
    with mesh() as m:
        old, new, key = made(m)
        claim = old.status()["claim"]
        for node in m.nodes[1:]:
            node.freeze()
        new.start()
        until(lambda: new.key("tss-db") == key, 20, lambda: f"the new one serves nothing:\n{new.tail()}\n{old.tail()}")
        status = new.status()
        assert status["state"] == "claiming" and status["claim"] == claim and status["handover"]["inherited"], status["handover"]
        assert old.key("tss-db") is None and old.status()["state"] == "handed_over" and reason(old) == "handed_over"
        for node in m.nodes[1:]:
            node.thaw()
        new.wait("ready", 60)
        assert new.status()["claim"] > claim and new.status()["handover"] is None
        old.terminate()
        assert new.key("tss-db") == key
        # What the old one kept for others the new one keeps, at another address.
        until(lambda: new.status()["reached_ms"] is not None, 30, "nobody has found it")
        for node in m.nodes[1:]:
            node.wait("ready", 60)
        # And it is a daemon like any other: its folder counts now, and handover_from does no harm.
        new.kill()
        new.start()
        new.wait("ready", 60)
        assert new.key("tss-db") == key


@tap.case
def an_application_that_knows_both_sockets_never_misses_its_key():
    with mesh() as m:
        old, new, key = made(m)
        os.environ["HOLDFAST_SOCKET"] = f"{old.socket}:{new.socket}"
        seen, stop = [], threading.Event()

        def application():
            while not stop.is_set():
                seen.append(library_key("tss-db", 10000))

        asks = threading.Thread(target=application)
        asks.start()
        until(lambda: len(seen) >= 3, 20, "the application does not run")
        before = len(seen)
        new.start()
        new.wait({"claiming", "ready", "placed", "degraded"}, 30)
        old.kill()
        until(lambda: len(seen) >= before + 6, 30, "the application has stopped")
        stop.set()
        asks.join()
        assert set(seen) == {key}, set(seen)


@tap.case
def what_may_not_take_over_is_told_why_and_the_old_one_serves_on():
    with mesh() as m:
        old, _, key = made(m)
        other = m.beside(old, "holdfast-7")
        other.start()
        until(lambda: reason(other) == "measurement_refused", 20, lambda: f"{reason(other)}\n{other.tail()}")
        assert old.key("tss-db") == key
        other.kill()
        elsewhere = m.beside(old, "holdfast-2", machine=False)
        elsewhere.start()
        until(lambda: reason(elsewhere) == "handover_other_machine", 20, lambda: f"{reason(elsewhere)}\n{elsewhere.tail()}")
        assert old.key("tss-db") == key and old.state() == "ready"
        # Said where a person looks.
        explained = subprocess.run([BUILD / "src/cli/holdfast", "explain", "handover_other_machine"], capture_output=True,
                                   text=True, check=True).stdout
        assert "same machine" in explained


@tap.case
def of_two_new_ones_one_takes_over_and_an_old_one_that_restarts_stays_away():
    with mesh() as m:
        old, _, key = made(m)
        new, second = m.beside(old, "holdfast"), m.beside(old, "holdfast")
        new.start()
        new.wait("ready", 60)
        second.start()
        until(lambda: reason(second) == "handed_over", 20, lambda: f"{reason(second)}\n{second.tail()}")
        second.kill()
        old.kill()
        old.start()
        old.wait("blocked", 60)
        assert reason(old) == "handed_over" and new.key("tss-db") == key


if __name__ == "__main__":
    sys.exit(tap.main())
