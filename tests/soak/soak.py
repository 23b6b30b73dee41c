#!/usr/bin/env python3
"""Twelve real daemons for as long as you like, while one of them is killed every two seconds, strangers abuse all of
them, and the disks of some fill up and are emptied again. usage: soak.py --build FOLDER [--minutes N] [--seed N]

Needs root, for the small file systems. Exit status 0: no key was lost, none came from two lives of one node under one
claim, none was given in place of another, and no daemon grew. What is not promised is not asked for: nobody is killed
while two others are locked.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

from mesh import Failure, Mesh, Programs, check, until  # noqa: E402

KEY = "tss-db"
NODES, SHARES, THRESHOLD = 12, 5, 3
KILL_S, LOCKED_MAX = 2, 2
SMALL_DISKS, DISK_BYTES = 4, 24 << 20
WATCHED = 3  # never killed: whether a daemon grows shows in those that live long
ATTACKS = [("bodies", "places"), ("silence", "hellos"), ("quotes", "garbage"), ("account", "hellos")]
GROWTH_BYTES = 1 << 20  # of a daemon between the second and the last third of the time
SAY_S = 30


class Disk:
    """A file system of its own for the data of a node, so small that a file fills it."""

    def __init__(self, node, root):
        self.node, self.image = node, root / f"disk{node.number}"
        with open(self.image, "wb") as image:
            image.truncate(DISK_BYTES)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-O", "^has_journal", self.image], check=True)
        node.data.mkdir(mode=0o700)
        self.kind = "ext4 on a loop device"
        done = subprocess.run(["mount", "-o", "loop", self.image, node.data], capture_output=True)
        if done.returncode != 0:
            self.kind = "tmpfs: no loop device here"
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", node.data], check=True)
        node.data.chmod(0o700)
        self.until = 0

    def fill(self, seconds):
        self.until = time.monotonic() + seconds
        with contextlib.suppress(OSError), open(self.node.data / "filler", "ab", buffering=0) as filler:
            while filler.write(bytes(1 << 16)):
                pass

    def empty(self):
        self.until = 0
        with contextlib.suppress(FileNotFoundError):
            (self.node.data / "filler").unlink()

    def close(self):
        subprocess.run(["umount", "-l", self.node.data], check=False)


class Abuse:
    """Attacks of strangers in turn, by a process that gives way."""

    def __init__(self, m, plan):
        self.m, self.plan, self.turn, self.process = m, plan, 0, None

    def next(self):
        self.end()
        plan = self.plan | {"attacks": ATTACKS[self.turn % len(ATTACKS)], "nodes": [n.address for n in self.m.nodes],
                            "sources": ["127.66.0.1", "127.66.0.2"]}
        self.turn += 1
        self.process = subprocess.Popen([sys.executable, SOURCE / "tests/lib/abuser.py", json.dumps(plan)],
                                        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def resident(node):
    for line in pathlib.Path(f"/proc/{node.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    return 0


def descriptors(node):
    return len(os.listdir(f"/proc/{node.process.pid}/fd"))


class Soak:
    def __init__(self, m, seed):
        self.m, self.random = m, random.Random(seed)
        self.keys, self.claims = {}, {node: {} for node in m.nodes}
        self.lives = dict.fromkeys(m.nodes, 0)
        self.killed = self.spared = self.filled = self.asked = self.given = 0
        self.sizes = {node: [] for node in m.nodes[:WATCHED]}

    def ask(self, node):
        """The key, if it is given: always the same, and under a claim of this life alone."""
        self.asked += 1
        done = node.command("key", "get", KEY, "--json")
        if done.returncode != 0:
            return False
        answer = json.loads(done.stdout)
        self.given += 1
        known = self.keys.setdefault(node, answer["key"])
        check(answer["key"] == known, f"node {node.number} gave another key")
        life = self.claims[node].setdefault(answer["claim"], self.lives[node])
        check(life == self.lives[node], f"node {node.number} has claim {answer['claim']} in two lives")
        check(answer["claim"] >= max(self.claims[node]), f"node {node.number} went back to claim {answer['claim']}")
        return True

    def locked(self):
        return sum(not (node.status() or {}).get("claimed") for node in self.m.nodes)

    def kill(self):
        if self.locked() >= LOCKED_MAX:
            self.spared += 1
            return
        node = self.random.choice(self.m.nodes[WATCHED:])
        node.kill()
        self.killed += 1
        self.lives[node] += 1
        node.start()

    def disks(self, disks):
        now = time.monotonic()
        for disk in disks:
            if disk.until == 0 and self.random.random() < 0.02:
                disk.fill(self.random.uniform(3, 15))
                self.filled += 1
            elif disk.until != 0 and disk.until < now:
                disk.empty()

    def measure(self):
        for node, sizes in self.sizes.items():
            sizes.append((resident(node), descriptors(node)))

    def grown(self, node):
        """
        How much larger it is in the last third than in the one before, in bytes and descriptors, each at its smallest:
        what comes and goes with the strangers is no growth, nor is what caches and the allocator take once, at first.
        """
        sizes = self.sizes[node]
        third = max(1, len(sizes) // 3)
        return [min(row[c] for row in sizes[-third:]) - min(row[c] for row in sizes[third:2 * third]) for c in (0, 1)]

    def say(self, began):
        sizes = " ".join(f"{size[-1][0] >> 10}K/{size[-1][1]}fd" for size in self.sizes.values() if size)
        print(f"{time.monotonic() - began:6.0f} s: {self.killed} killed, {self.spared} times nobody, {self.filled} disks filled, "
              f"{self.given} of {self.asked} keys given, watched: {sizes}", flush=True)


def quotes_to_forge(m):
    identity = bytes.fromhex(json.loads(m.nodes[1].command("identity").stdout)["identity"])
    quote = identity[identity.index(bytes([4, 0, 2, 0, 0x81, 0, 0, 0])):]
    return {"network": m.network, "accounts": [m.nodes[(i + 1) % NODES].account for i in range(NODES)],
            "response_key": "5" * 64, "quote": quote.hex(), "folder": str(m.folder)}


def keep_logs(m):
    folder = m.folder.with_name(m.folder.name + "-logs")
    folder.mkdir()
    for node in m.nodes:
        with contextlib.suppress(FileNotFoundError):
            shutil.copy(node.log, folder / f"node{node.number}")
    print(f"what the daemons said: {folder}", flush=True)


def run(m, minutes, seed):
    soak = Soak(m, seed)
    with contextlib.ExitStack() as stack:
        m.found()
        disks = [Disk(node, m.folder) for node in m.nodes[-SMALL_DISKS:]]
        for disk in disks:
            stack.callback(disk.close)
        stack.callback(m.close)
        stack.push(lambda kind, *_: keep_logs(m) if kind is not None else None)
        m.start_all()
        m.register()
        for node in m.nodes:
            node.wait("ready", 120)
            until(lambda node=node: soak.ask(node), 60, f"node {node.number} gives no key")
        abuse = Abuse(m, quotes_to_forge(m))
        stack.callback(abuse.end)
        print(f"seed {seed}, {minutes} minutes, disks: {disks[0].kind}", flush=True)
        began = said = time.monotonic()
        while (now := time.monotonic()) < began + 60 * minutes:
            if (now - began) // 60 >= abuse.turn:
                abuse.next()
            soak.kill()
            soak.disks(disks)
            soak.ask(soak.random.choice(m.nodes))
            soak.measure()
            if now - said >= SAY_S:
                soak.say(began)
                said = now
            time.sleep(max(0, KILL_S - (time.monotonic() - now)))
        abuse.end()
        for disk in disks:
            disk.empty()
        soak.say(began)
        # Healed: every key is still there.
        for node in m.nodes:
            until(lambda node=node: soak.ask(node), 120, lambda node=node: f"node {node.number} lost its key:\n{node.tail()}")
            node.wait({"ready"}, 120)
        for node in soak.sizes:
            grown, more = soak.grown(node)
            print(f"node {node.number}: {grown >> 10} KiB and {more} descriptors more in the last third than in the second")
            check(grown <= GROWTH_BYTES, f"node {node.number} grew by {grown >> 20} MiB")
            check(more <= 16, f"node {node.number} has {more} descriptors more")
    print(f"{soak.killed} kills, {soak.given} keys given, none lost, none twice")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-soak-"))
    m = Mesh(folder, Programs(options.build), nodes=NODES, shares=SHARES, threshold=THRESHOLD)
    try:
        run(m, options.minutes, options.seed)
    except Failure as failure:
        print(f"FAILED with seed {options.seed}: {failure}", flush=True)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
