#!/usr/bin/env python3
"""SIGKILL at random times to daemons that hold each other's shares: no key is lost, none is released early.

HOLDFAST_SEED in the environment replaces the fixed seed; HOLDFAST_KILLS the number of kills.
"""

import os
import pathlib
import random
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import printed  # noqa: E402
import tap  # noqa: E402
from mesh import Mesh, Programs, check, until  # noqa: E402

NODES, SHARES, THRESHOLD = 7, 5, 3
KILLS = int(os.environ.get("HOLDFAST_KILLS", "200"))
SEED = int(os.environ.get("HOLDFAST_SEED", "1"))
KEY = "tss-db"
UNLOCKED = {"placed", "ready", "degraded"}
WAITING = {"recovering", "claiming"}


def mesh():
    return Mesh(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-kill-")), Programs(BUILD), NODES, SHARES, THRESHOLD)


def kill_in_bursts(chance, node):
    """Kills one daemon a few times, each time at another moment of its start or recovery; returns how often."""
    kills = chance.randint(1, 5)
    for _ in range(kills):
        time.sleep(chance.choice([0, 0.005, 0.02, 0.06, 0.2]) * chance.random())
        node.kill()
        node.start()
    return kills


@tap.case
def no_key_is_lost_and_none_is_another_after():
    print(f"# seed {SEED}, {KILLS} kills")
    chance = random.Random(SEED)
    with mesh() as m:
        m.make()
        keys = {node: until(lambda node=node: node.key(KEY), 60, f"node {node.number} gives no key") for node in m.nodes}
        check(len(set(keys.values())) == NODES, "two nodes have the same key")
        kills, slowest = 0, 0
        while kills < KILLS:
            # As many at once as may be down without anyone needing a person.
            victims = chance.sample(m.nodes, chance.randint(1, SHARES - THRESHOLD))
            for node in victims:
                kills += kill_in_bursts(chance, node)
            for node in victims:
                started = time.monotonic()
                found = until(lambda node=node: node.key(KEY), 60, lambda node=node: f"no key:\n{node.tail()}")
                check(found == keys[node], f"node {node.number} gives another key after {kills} kills")
                slowest = max(slowest, time.monotonic() - started)
        for node in m.nodes:
            node.wait("ready", 90)
            check(node.key(KEY) == keys[node], f"node {node.number} gives another key in the end")
        print(f"# {kills} kills; the slowest key came {slowest:.2f} s after the last of its kills")
        check(kills >= KILLS, "too few kills")


def decided(node):
    """Whether it has its vault, a new one included, or has asked for its shares and said why that does not do."""
    status = node.status()
    return status is not None and (status["state"] in UNLOCKED | {"fresh", "placing"} or
                                   status["state"] in WAITING and status["reason"] is not None)


def floor_asked(node):
    """The command that says who of its holders is gone, or None while it asks for none."""
    return printed.commands(node.command("backup", "show").stdout.decode()).get("floor")


def floors_given(m):
    """Waits until every node is ready or asks for a floor; gives those; returns how many."""
    given = 0
    for node in m.nodes:
        until(lambda node=node: node.state() == "ready" or floor_asked(node), 90,
              lambda node=node: f"node {node.number}: {node.status()}")
        floor = floor_asked(node)
        if floor is not None:
            record = m.folder / "backup.json"
            record.write_bytes(node.command("backup", "show", "--json").stdout)
            floor[floor.index("backup.json")] = record
            m.authority_command(*floor, "--only-instance", "--authority", m.authority)
            given += 1
    if given:
        m.sign_set()
    return given


@tap.case
def killed_before_they_are_placed_nobody_loses_anything():
    chance = random.Random(SEED + 1)
    with mesh() as m:
        m.found()
        m.start_all()
        early = [node for node in m.nodes if node.key(KEY) is not None]
        check(not early, "a key was released before its node was registered")
        m.register()
        for node in chance.sample(m.nodes, NODES):
            time.sleep(chance.random() * 0.02)
            node.kill()
            node.start()
        # Who had not placed begins anew, as another account that has to be added. With it goes what it held for who was
        # placed and not ready: that one gave no key yet, may wait in vain, and is begun anew by a person.
        m.register_again()
        for node in m.nodes:
            until(lambda node=node: decided(node), 90, lambda node=node: f"node {node.number}: {node.status()}")
        waiting = [node for node in m.nodes if node.state() in WAITING]
        print(f"# {len(waiting)} nodes wait for their holders")
        for node in waiting:
            node.kill()
            node.data.rename(node.data.with_name("data-before"))
            node.start()
        m.register_again()
        while floors_given(m):
            print("# the authority has said whose holders are gone")
        for node in m.nodes:
            check(node.key(KEY) is not None, f"node {node.number} is ready and gives no key")


@tap.case
def with_fewer_than_the_threshold_no_key_comes_however_often_it_is_killed():
    chance = random.Random(SEED + 2)
    with mesh() as m:
        m.make()
        owner = m.nodes[0]
        key = until(lambda: owner.key(KEY), 60, "no key")
        accounts = {p["account"] for p in owner.status()["providers"]}
        frozen = [node for node in m.nodes if node.account in accounts][: SHARES - THRESHOLD + 1]
        for node in frozen:
            node.freeze()
        for _ in range(20):
            owner.kill()
            owner.start()
            time.sleep(chance.random() * 0.2)
            check(owner.key(KEY) is None, "a key came with too few shares")
        frozen[0].thaw()
        check(until(lambda: owner.key(KEY), 60, lambda: f"no key:\n{owner.tail()}") == key, "another key")


if __name__ == "__main__":
    sys.exit(tap.main())
