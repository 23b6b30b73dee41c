#!/usr/bin/env python3
"""Nine daemons, each in a network namespace of its own: two are cut off and heal, one leaves, and an owner comes back."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, check, until  # noqa: E402

NODES, SHARES, THRESHOLD, KEY = 9, 5, 3, "tss-db"


def ip(*words, within=()):
    subprocess.run([*within, "ip", *map(str, words)], check=True, capture_output=True)


class Line:
    """A namespace for one node, and the line from there to all others, which are routed here."""

    def __init__(self, stack, node):
        # A pipe that ends with this process: the namespace goes with it, and nothing has to be ended by name.
        self.holder = stack.enter_context(subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE,
                                                           stdout=subprocess.PIPE))
        stack.callback(self.holder.stdin.close)
        self.holder.stdin.write(b"1")
        self.holder.stdin.flush()
        check(self.holder.stdout.read1(1) == b"1", "no namespace")  # it is in its own by then
        self.name = f"line{node.number}"
        node.within = ["nsenter", "-t", str(self.holder.pid), "-n"]
        node.address = f"10.77.{node.number}.2:{node.address.split(':')[1]}"
        ip("link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.holder.pid)
        ip("addr", "add", f"10.77.{node.number}.1/30", "dev", self.name)
        ip("link", "set", self.name, "up")
        for words in (("addr", "add", f"10.77.{node.number}.2/30", "dev", "eth0"), ("link", "set", "eth0", "up"),
                      ("link", "set", "lo", "up"), ("route", "add", "default", "via", f"10.77.{node.number}.1")):
            ip(*words, within=node.within)

    def cut(self):
        ip("link", "set", self.name, "down")

    def heal(self):
        ip("link", "set", self.name, "up")


def holders(node):
    return [provider["account"] for provider in node.status()["providers"]]


def all_verify(nodes):
    for node in nodes:
        node.wait("ready", 120)
        until(lambda node=node: node.command("backup", "verify", timeout=60).returncode == 0 and len(holders(node)) == SHARES, 60,
              lambda node=node: f"node {node.number}: {node.command('backup', 'verify', timeout=60)}")


@tap.case
def two_that_are_cut_off_heal_and_all_stay_backed_up():
    if os.geteuid() != 0:
        raise tap.Skip("namespaces need root")
    ip("link", "set", "lo", "up")
    pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-cut-"))
        m = Mesh(folder, Programs(BUILD), NODES, SHARES, THRESHOLD)
        lines = {node.number: Line(stack, node) for node in m.nodes}
        stack.enter_context(m)
        m.found("timing: {watch: 1s, call: 2s}\n")
        m.impatient()
        m.start_all()
        m.register()
        all_verify(m.nodes)
        owner = m.nodes[0]
        key = until(lambda: owner.key(KEY), 30, owner.tail)
        first = holders(owner)
        cut = [node for node in m.nodes if node is not owner and node.account != first[0]][:2]
        rest = [node for node in m.nodes if node not in cut]
        for node in cut:
            lines[node.number].cut()
        until(lambda: all(node.state_of(other) == "unreachable" for node in rest for other in cut), 90,
              lambda: [(node.number, [node.state_of(other) for other in cut]) for node in rest])
        check(all(node.state_of(other) == "member" for node in rest for other in rest if other is not node),
              "who is not cut off is called so")
        all_verify(rest)
        for node in cut:
            lines[node.number].heal()
        until(lambda: all(node.state_of(other) == "member" for node in m.nodes for other in m.nodes if other is not node), 90,
              lambda: [[node.state_of(other) for other in m.nodes] for node in m.nodes])
        all_verify(m.nodes)
        leaver = next(node for node in m.nodes if node.account == first[0])
        done = leaver.command("leave", timeout=120)
        check(done.returncode == 0 and b"left:" in done.stdout, f"node {leaver.number}: {done}")
        leaver.terminate()
        all_verify([node for node in m.nodes if node is not leaver])
        check(leaver.account not in holders(owner), f"{holders(owner)}")
        owner.kill()
        owner.start()
        owner.wait("ready", 90)
        check(owner.key(KEY) == key, "another key")


if __name__ == "__main__":
    # A network of its own: what is routed and cut there is nobody else's.
    if os.geteuid() == 0 and os.environ.get("HF_CUT") is None:
        os.environ["HF_CUT"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    sys.exit(tap.main())
