#!/usr/bin/env python3
"""The configuration is the host's: whatever a provider's host writes into any field of it, altered software that asks
for the share of an owner gets nothing; and whatever the owner's host writes, nobody else gets its keys."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Failure, Mesh, Programs, check, until  # noqa: E402
from plants import plants  # noqa: E402

KEY = "tss-db"
STRANGER = 65534  # a user who is neither the daemon's nor root


def mesh(nodes):
    return Mesh(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-planted-")), Programs(BUILD), nodes=nodes, shares=1, threshold=1)


def holder(m, node):
    """Who holds the one share of a node."""
    address = node.status()["providers"][0]["address"]
    return next(other for other in m.nodes if other.address == address)


def pair(m):
    """An owner and its provider, whose own share is with neither."""
    for owner in m.nodes:
        provider = holder(m, owner)
        if holder(m, provider) is not owner:
            return owner, provider
    raise Failure("everybody's holder is held by it")


def planted(text, field, line):
    """A configuration with this line in the place of the field's, or after everything."""
    name = field.split(".")[-1] if line.startswith("  ") else field.split(".")[0]
    pattern = re.compile(rf"(?m)^{'  ' if line.startswith('  ') else ''}{name}:.*\n")
    if pattern.search(text):
        return pattern.sub(line + "\n", text, count=1)
    if line.startswith("  "):
        return re.sub(r"(?m)^dev:\n", f"dev:\n{line}\n", text)
    return text + line + "\n"


def up(node):
    """Starts it; whether it runs."""
    node.start()
    with contextlib.suppress(Failure):
        until(lambda: node.process.poll() is not None or "event=listening" in node.log.read_text(errors="replace"), 10, "")
    return node.process.poll() is None


@tap.case
def no_field_of_a_providers_configuration_gives_a_share_to_altered_software():
    with contextlib.ExitStack() as stack:
        theirs = stack.enter_context(mesh(2))
        theirs.make()
        ours = stack.enter_context(mesh(5))
        ours.make()
        owner, provider = pair(ours)
        key = until(lambda: owner.key(KEY), 30, "no key")
        owner.kill()
        true_owner, true_provider = owner.config.read_text(), provider.config.read_text()
        owner.config.write_text(true_owner + "  image: altered\ntiming: {retry_max: 200ms, permanent: 1s}\n")
        owner.start()
        until(owner.status, 30, "it does not answer")
        all_plants = plants(theirs)
        ran = served = 0
        for field, line in all_plants.items():
            provider.kill()
            provider.log.write_text("")
            provider.config.write_text(planted(true_provider, field, line))
            if up(provider):
                ran += 1
                before = owner.status()["round"]
                until(lambda before=before: owner.status()["round"] >= before + 2, 60, f"{field}: it does not ask again")
                served += "event=quote_refused" in provider.log.read_text(errors="replace")
            check("event=share_released" not in provider.log.read_text(errors="replace"), f"{field}: a share was released")
            check(owner.state() == "recovering" and owner.key(KEY) is None, f"{field}: it is {owner.state()}")
            provider.process.poll()
        # Most plants leave a provider that is open, and that refuses the quote for what it says.
        check(served >= len(all_plants) // 2, f"it judged a quote with {served} of {len(all_plants)} plants only")
        # And what was asked for is there, for the software that is approved.
        for node, text in ((provider, true_provider), (owner, true_owner)):
            node.kill()
            node.config.write_text(text)
            node.start()
        check(until(lambda: owner.key(KEY), 60, "no key") == key, "another key")
        print(f"# {len(all_plants)} fields; a daemon runs with {ran} of the plants, and judges the quote with {served}")


def asking(folder, node):
    """A program of the host's own, and the file in which it leaves what the local socket gave it."""
    found, program = folder / "found", folder / "program"
    program.write_text(f"#!/bin/sh\n{node.mesh.programs.holdfast} --socket {node.socket} key get {KEY} --wait 5 >{found}.part 2>&1\n"
                       f"mv {found}.part {found}\nexit 1\n")
    program.chmod(0o755)
    return program, found


def as_stranger(node, command):
    """What a stranger gets who asks for the key, as the daemon's own user would."""
    if os.geteuid() != 0:
        return ""
    done = subprocess.run([command, "--socket", node.socket, "key", "get", KEY], capture_output=True, text=True, timeout=30,
                          user=STRANGER, group=STRANGER, extra_groups=[])
    return done.stdout + done.stderr


@tap.case
def no_field_of_its_own_configuration_gives_a_nodes_key_to_others():
    with contextlib.ExitStack() as stack:
        theirs = stack.enter_context(mesh(2))
        theirs.make()
        ours = stack.enter_context(mesh(2))
        ours.make()
        node = ours.nodes[0]
        key = until(lambda: node.key(KEY), 30, "no key")
        for path in (ours.folder, node.folder, theirs.folder):
            path.chmod(0o755)
        command = shutil.copy(ours.programs.holdfast, ours.folder / "holdfast")
        program, found = asking(ours.folder, node)
        true, true_socket = node.config.read_text(), node.socket
        had = 0
        for field, line in plants(theirs, program).items():
            node.kill()
            node.log.write_text("")
            node.config.write_text(planted(true, field, line))
            node.socket = theirs.folder / "planted.socket" if field == "socket" else true_socket
            if up(node):
                # Its own user has the key, where the plant leaves it a node that has one.
                with contextlib.suppress(Failure):
                    had += until(lambda: node.process.poll() is None and node.key(KEY), 2, "") == key
                node.hang_up()
                check(key.hex() not in as_stranger(node, command), f"{field}: a stranger has the key")
                if field == "collateral_service.program":
                    until(found.exists, 20, lambda: f"the program has not run:\n{node.tail()}")
                    said = found.read_text()
                    check(key.hex() not in said and said, f"the program has the key, or did not ask: {said}")
            node.process.poll()
        check(had > 10, f"its own user had the key with {had} plants only")
        print(f"# its own user has the key with {had} of the plants")


if __name__ == "__main__":
    sys.exit(tap.main())
