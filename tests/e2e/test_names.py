#!/usr/bin/env python3
"""Daemons that know each other by name, and a DNS server that never answers for some of them.

It runs in namespaces of its own, for network and mounts: loopback and nothing else, and a resolv.conf that names this
test as the server.
"""

import contextlib
import fcntl
import os
import pathlib
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, check, until  # noqa: E402

KEY = "tss-db"
INSIDE = "HOLDFAST_NAMES_INSIDE"
PAIRS = 15
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
TYPE_A = 1
STRANGERS_EACH = 8  # unfinished handshakes of one source: src/net/limits.c


class Dns:
    """A server for every name under .test, which is 127.0.0.1; it hears and never answers those in silent."""

    def __init__(self):
        self.silent = set()
        self.heard = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            question, asker = self.socket.recvfrom(512)
            end = question.index(0, 12) + 5
            name = question[13:13 + question[12]].decode()
            if name in self.silent:
                self.heard += 1
                continue
            (kind,) = struct.unpack_from(">H", question, end - 4)
            answers = b"\xc0\x0c" + struct.pack(">HHIH", TYPE_A, 1, 60, 4) + bytes([127, 0, 0, 1]) if kind == TYPE_A else b""
            head = question[:2] + struct.pack(">HHHHH", 0x8180, 1, 1 if answers else 0, 0, 0)
            self.socket.sendto(head + question[12:end] + answers, asker)


def private_world():
    """Loopback up, and /etc/resolv.conf of our own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sH14x", b"lo", 0)
        (flags,) = struct.unpack_from("H", fcntl.ioctl(s, SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))
    with tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False) as conf:
        conf.write("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "--bind", conf.name, "/etc/resolv.conf"], check=True)
    os.unlink(conf.name)


@contextlib.contextmanager
def named_mesh():
    """Six nodes by name, five shares, three of which rebuild; all ready."""
    dns.silent = set()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-names-"))
    with Mesh(folder, Programs(BUILD), nodes=6, shares=5, threshold=3) as m:
        for node in m.nodes:
            node.port = node.address.split(":")[1]
            node.address = f"n{node.number}.test:{node.port}"
        m.found()
        for node in m.nodes:
            text = node.config.read_text()
            node.config.write_text(text.replace(f"listen: {node.address}\n",
                                                f"listen: 127.0.0.1:{node.port}\naddress: {node.address}\n"))
        m.start_all()
        m.register()
        for node in m.nodes:
            node.wait("ready", 90)
        yield m


def restart_s(node, key):
    """From the start of a killed node to its key."""
    node.kill()
    node.start()
    started = time.monotonic()
    found = until(lambda: node.key(KEY), 120, lambda: f"no key:\n{node.tail()}", pause=0.002)
    check(found == key, "another key")
    return time.monotonic() - started


@tap.case
def two_providers_whose_names_do_not_resolve_cost_a_recovery_nothing():
    with named_mesh() as m:
        node = m.nodes[0]
        key = until(lambda: node.key(KEY), 30, "no key")
        holders = [p["address"].split(".")[0] for p in node.status()["providers"]]
        check(len(holders) == 5, f"{holders} hold the shares")
        times = {False: [], True: []}
        heard = dns.heard
        # In turn, so that whatever else the machine does weighs on both alike.
        for _ in range(PAIRS):
            for silent in (False, True):
                dns.silent = set(holders[:2]) if silent else set()
                times[silent].append(restart_s(node, key))
        without, under = statistics.median(times[False]), statistics.median(times[True])
        print(f"# {1000 * without:.0f} ms without, {1000 * under:.0f} ms with two silent names, the medians of {PAIRS};"
              f" {dns.heard - heard} questions unanswered")
        check(dns.heard - heard >= 2 * PAIRS, "nobody asked for the silent names")
        check(under <= 1.5 * without, f"{under:.3f} s with two silent names, {without:.3f} s without")


anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
anyone.check_hostname = False
anyone.verify_mode = ssl.CERT_NONE
anyone.set_alpn_protocols(["h2"])


def held(node, source, count):
    """How many of so many connections that say nothing, from one source, a node lets be."""
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", int(node.port)), 10, (source, 0)))
                  for _ in range(count)]
        # Who has shaken hands came after all of them, and was accepted after all of them.
        with socket.create_connection(("127.0.0.1", int(node.port)), 10, ("127.66.0.9", 0)) as later:
            anyone.wrap_socket(later).close()
        kept = 0
        for one in silent:
            one.setblocking(False)
            try:
                one.recv(1)
            except BlockingIOError:
                kept += 1
            except ConnectionError:
                pass
        return kept


@tap.case
def a_member_that_the_set_has_by_name_has_its_place_at_the_door():
    with named_mesh() as m:
        node = m.nodes[0]
        # All six names are one address: six times the unfinished handshakes of one who is expected.
        for source, most in (("127.66.0.1", STRANGERS_EACH), ("127.0.0.1", 3 * STRANGERS_EACH)):
            found = held(node, source, 3 * STRANGERS_EACH)
            check(found == most, f"{found} connections from {source}, not {most}")


@tap.case
def a_stop_waits_for_no_name():
    with named_mesh() as m:
        node = m.nodes[0]
        node.kill()
        dns.silent = {f"n{other.number}" for other in m.nodes[1:]}
        heard = dns.heard
        node.start()
        until(lambda: dns.heard >= heard + 5, 30, "it asks for no names")
        started = time.monotonic()
        node.terminate()
        took = time.monotonic() - started
        dns.silent = set()
        check(took < 2, f"{took:.1f} s from SIGTERM to the end")


def may_unshare():
    with contextlib.suppress(FileNotFoundError):
        return subprocess.run(["unshare", "-m", "-n", "true"], capture_output=True).returncode == 0
    return False


if __name__ == "__main__":
    if INSIDE not in os.environ:
        if not may_unshare():
            print("1..0 # SKIP namespaces for network and mounts may not be made here")
            sys.exit(0)
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-m", "-n", sys.executable, *sys.argv])
    private_world()
    dns = Dns()
    sys.exit(tap.main())
