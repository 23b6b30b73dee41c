#!/usr/bin/env python3
"""What real daemons on loopback cost: recovery, start, memory. Prints one JSON object.

usage: bench_daemon.py --build FOLDER [--runs N] [--nodes N --shares N --threshold K] [--priority]

--priority runs everything under SCHED_FIFO, so that what else the machine does counts for little.
"""

import argparse
import json
import os
import pathlib
import secrets
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "contrib/lib"))

from mesh import Mesh, Programs, check, until  # noqa: E402

KEY = "tss-db"
MEMORY_VALIDATORS = 100
SERVED = 40  # within what others may ask about one owner at once (core/limits.h)


def receive(connection, length):
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def ask(path, request, timeout=60):
    """One request over the local socket (proto/LOCAL.md)."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path))
        body = json.dumps(request).encode()
        connection.sendall(struct.pack(">I", len(body)) + body)
        (length,) = struct.unpack(">I", receive(connection, 4))
        return json.loads(receive(connection, length))


def key_after_start(node):
    """Milliseconds from the start of the process to the key in the application's hands."""
    started = time.monotonic()
    node.start()
    while True:
        try:
            answer = ask(node.socket, {"request": "key", "name": KEY, "wait_ms": 30000})
        except OSError:
            time.sleep(0.0005)
            continue
        check("key" in answer, f"no key: {answer}")
        return (time.monotonic() - started) * 1000, answer["key"]


def listening_after_start(node):
    """Milliseconds from the start of the process until its port takes connections."""
    host, port = node.address.split(":")
    started = time.monotonic()
    node.start()
    while True:
        with socket.socket() as connection:
            if connection.connect_ex((host, int(port))) == 0:
                return (time.monotonic() - started) * 1000
        time.sleep(0.0002)


def summary(values):
    values = sorted(values)
    return {"runs": len(values), "min_ms": round(values[0], 1), "median_ms": round(statistics.median(values), 1),
            "p90_ms": round(values[int(len(values) * 0.9)], 1), "max_ms": round(values[-1], 1)}


def recoveries(node, runs, key):
    found = []
    for _ in range(runs):
        node.kill()
        taken, again = key_after_start(node)
        check(again == key, "another key")
        found.append(taken)
        node.wait("ready", 60)
    return summary(found)


def hung(mesh, node, count, runs, key):
    accounts = [p["account"] for p in node.status()["providers"]][:count]
    frozen = [other for other in mesh.nodes if other.account in accounts]
    for other in frozen:
        other.freeze()
    found = []
    for _ in range(runs):
        node.kill()
        taken, again = key_after_start(node)
        check(again == key, "another key")
        found.append(taken)
    for other in frozen:
        other.thaw()
    for other in mesh.nodes:
        other.wait("ready", 60)
    return summary(found)


def starts(node, runs):
    found = []
    for _ in range(runs):
        node.kill()
        found.append(listening_after_start(node))
        node.wait("ready", 60)
    return summary(found)


def memory(mesh, node):
    """Of a daemon that has been idle for a while in a network of many validators."""
    with open(mesh.authority / "set.yaml", "a", encoding="utf-8") as form:
        for i in range(MEMORY_VALIDATORS - len(mesh.nodes)):
            form.write(f'  - account: "{secrets.token_hex(32)}"\n    address: "127.0.0.1:1"\n'
                       f'    operator: "other{i}"\n    zone: "zone{i % 7}"\n')
    mesh.sign_set()
    until(lambda: node.status()["validators"] == MEMORY_VALIDATORS, 30, "the set did not arrive")
    time.sleep(20)
    found = {"validators": MEMORY_VALIDATORS, "state": node.state()}
    for line in pathlib.Path(f"/proc/{node.process.pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in ("VmRSS", "RssAnon", "RssFile", "VmLck"):
            found[name + "_kib"] = int(value.split()[0])
    return found


def served(build, mesh, owner, count):
    """Recoveries that one provider serves, each on a fresh connection, in its own processor time."""
    account = owner.status()["providers"][0]["account"]
    provider = next(node for node in mesh.nodes if node.account == account)
    done = subprocess.run(
        [build / "tests/bench/bench_recover", provider.address, account, mesh.network, owner.account,
         owner.folder / "machine", str(provider.process.pid), str(count)], capture_output=True, text=True, timeout=120)
    check(done.returncode == 0, f"bench_recover: {done.stderr}")
    return json.loads(done.stdout)


def floor(build):
    """The machine's own cryptography, as bench_crypto measures it."""
    done = subprocess.run([build / "tests/bench/bench_crypto"], capture_output=True, text=True, timeout=120)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--runs", type=int, default=25)
    parser.add_argument("--nodes", type=int, default=7)
    parser.add_argument("--shares", type=int, default=5)
    parser.add_argument("--threshold", type=int, default=3)
    parser.add_argument("--priority", action="store_true")
    return parser.parse_args()


def main():
    given = arguments()
    if given.priority:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-bench-"))
    result = {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "priority": given.priority,
              "n": given.shares, "k": given.threshold}
    with Mesh(folder, Programs(given.build), given.nodes, given.shares, given.threshold) as mesh:
        mesh.make()
        node = mesh.nodes[0]
        key = ask(node.socket, {"request": "key", "name": KEY})["key"]
        result["recovery"] = recoveries(node, given.runs, key)
        if given.shares > given.threshold:
            result["recovery_hung"] = hung(mesh, node, given.shares - given.threshold, given.runs, key)
        result["served"] = served(given.build, mesh, node, SERVED)
        result["listening"] = starts(node, given.runs)
        result["idle"] = memory(mesh, mesh.nodes[1])
    result["floor"] = floor(given.build)
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
