#!/usr/bin/env python3
"""What keys through time cost real daemons on loopback: the rotation of a node with five names, and recovery with three kept
versions against that with one, in turn. Prints one JSON object; fails where three cost more than 1.2 times what one does.

usage: bench_rotation.py --build FOLDER [--runs N]
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

from bench_daemon import KEY, ask, key_after_start, summary

from mesh import Mesh, Programs, check, until  # of contrib/lib, which bench_daemon has found

NAMES = [KEY, "second", "third", "fourth", "fifth"]
RATIO_MAX = 1.2


def key_of(node, name):
    answer = ask(node.socket, {"request": "key", "name": name, "wait_ms": 30000})
    check("key" in answer, f"no key: {answer}")
    return answer["key"]


def taint(node, version):
    """Until the node is under its next version, and ready."""
    done = node.command("root", "taint", "--yes")
    check(done.returncode == 0, f"root taint: {done.stderr.decode()}")
    until(lambda: node.has_active(version), 90, node.tail)
    node.wait("ready", 90)


def move(node, name, version):
    for verb in (["rotate", name, "--wait", "30"], ["confirm", name, str(version)]):
        done = node.command("key", *verb, timeout=60)
        check(done.returncode == 0, f"key {verb}: {done.stderr.decode()}")


def rotation(node):
    """Seconds of each step for a node with five names, and of all."""
    for name in NAMES:
        key_of(node, name)
    marks = [time.monotonic()]
    taint(node, 2)
    marks.append(time.monotonic())
    for name in NAMES:
        move(node, name, 2)
    marks.append(time.monotonic())
    until(lambda: list(node.roots()) == [2], 120, node.tail)
    marks.append(time.monotonic())
    steps = {step: round(after - before, 2) for step, before, after
             in zip(("active_s", "names_moved_s", "old_gone_s"), marks, marks[1:])}
    return {"names": len(NAMES), **steps, "all_s": round(marks[-1] - marks[0], 2)}


def with_three(node):
    """A node that keeps three versions: a name is bound to each of the two that gave way."""
    key_of(node, "stays")
    key_of(node, KEY)
    taint(node, 2)
    move(node, KEY, 2)
    taint(node, 3)
    check(sorted(node.roots()) == [1, 2, 3], f"it keeps {node.roots()}")


def recoveries(nodes, runs):
    """Milliseconds until the key is back, of each node in turn."""
    found = {node: [] for node in nodes}
    keys = {node: key_of(node, KEY) for node in nodes}
    for _ in range(runs):
        for node in nodes:
            node.kill()
            taken, key = key_after_start(node)
            check(key == keys[node], "another key")
            found[node].append(taken)
            node.wait("ready", 60)
    return [found[node] for node in nodes]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--runs", type=int, default=25)
    given = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    with Mesh(folder, Programs(given.build), 7, 5, 3) as mesh:
        mesh.make("timing: {watch: 1s, call: 2s}\n")
        single, three, rotated = mesh.nodes[:3]
        for node in mesh.nodes:
            node.wait("ready", 90)
        result = {"load": os.getloadavg()[0], "rotation": rotation(rotated)}
        with_three(three)
        one_ms, three_ms = recoveries([single, three], given.runs)
        check(list(single.roots()) == [1] and len(three.roots()) == 3, "other versions than were meant")
    ratio = statistics.median(three_ms) / statistics.median(one_ms)
    result |= {"recovery_one": summary(one_ms), "recovery_three": summary(three_ms), "ratio": round(ratio, 3)}
    print(json.dumps(result, indent=2))
    return 0 if ratio <= RATIO_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
