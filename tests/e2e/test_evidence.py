#!/usr/bin/env python3
"""Real daemons: a host puts an older copy of its data folder back, and the share that it promised to keep is gone. Its owner
keeps what proves it, and anyone can see it from the file."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402

NODES, SHARES, THRESHOLD = 6, 3, 2


def network(name):
    return Mesh(pathlib.Path(tempfile.mkdtemp(prefix=f"holdfast-evidence-{name}-")), Programs(BUILD), NODES, SHARES, THRESHOLD)


def impatient(mesh):
    """A silent holder is replaced after some seconds, and daemons look every second."""
    mesh.found("timing: {watch: 1s, call: 2s, audit: 2s}\n")
    mesh.impatient()
    mesh.start_all()
    mesh.register()
    for node in mesh.nodes:
        node.wait("ready", 90)


def holders(mesh, owner):
    by_account = {node.account: node for node in mesh.nodes}
    return [by_account[provider["account"]] for provider in owner.status()["providers"]]


def kept(owner):
    return json.loads(owner.command("evidence", "--json").stdout)["evidence"]


def verify(mesh, file, authority=None):
    return subprocess.run([mesh.programs.holdfast, "evidence", "verify", "--authority", authority or mesh.authority, file],
                          capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)


def put_back(node, copy):
    node.kill()
    shutil.rmtree(node.data)
    shutil.copytree(copy, node.data)
    node.start()


@tap.case
def an_older_copy_that_is_put_back_is_proved_to_have_lost_a_share_that_was_promised():
    with network("copy") as mesh:
        impatient(mesh)
        owner = mesh.nodes[0]
        others = [node for node in mesh.nodes[1:] if node not in holders(mesh, owner)]
        for node in others:
            node.terminate()
            shutil.copytree(node.data, mesh.folder / f"copy{node.number}")
            node.start()
            node.wait("ready", 60)
        owner.wait("ready", 60)
        shown = owner.command("evidence")
        assert shown.returncode == 0 and b"no promise to this node was broken" in shown.stdout, shown

        # One of its holders goes for good: another, of whose folder there is a copy from before, takes its place.
        before = owner.status()["generation"]
        holders(mesh, owner)[0].kill()
        until(lambda: owner.status()["generation"] > before, 90, owner.tail)
        owner.wait("ready", 60)
        breaker = next(node for node in holders(mesh, owner) if node in others)
        assert not kept(owner)
        put_back(breaker, mesh.folder / f"copy{breaker.number}")
        mesh.allow_old(breaker)
        until(lambda: kept(owner), 90, lambda: owner.tail() + breaker.tail())

        # Who it was is said wherever one looks.
        [one] = kept(owner)
        assert (one["provider"], one["operator"], one["breach"]) == (breaker.account, f"operator{breaker.number}", "denial"), one
        assert one["promised_s"] <= one["broken_s"], one
        listed = owner.command("evidence").stdout.decode()
        assert f"operator{breaker.number}" in listed and "does not keep it" in listed, listed
        assert owner.status()["broken_promises"] == 1
        assert "evidence   of 1 broken promises" in owner.command("status").stdout.decode()
        named = [line for line in owner.command("peers").stdout.decode().splitlines() if "BROKE A PROMISE" in line]
        assert len(named) == 1 and f"operator{breaker.number} " in named[0], named
        metrics = owner.command("metrics").stdout.decode()
        assert "\nholdfast_broken_promises 1\n" in metrics, metrics[:2000]
        assert "event=promise_broken" in owner.log.read_text()

        # It outlives the process, and the file needs no daemon.
        owner.kill()
        owner.start()
        owner.wait("ready", 60)
        assert kept(owner) == [one]
        assert owner.command("evidence", "--output", mesh.folder / "nowhere").returncode == 1
        written = owner.command("evidence", "--output", mesh.folder)
        [file] = mesh.folder.glob("evidence-*.bin")
        assert written.returncode == 0 and f"{file}: written" in written.stdout.decode(), written
        assert file.name == f"evidence-{one['provider'][:8]}-{one['generation']}-{one['generation_id'][:8]}.bin", file
        both = owner.command("evidence", "--json", "--output", mesh.folder)
        assert json.loads(both.stdout)["evidence"] == [one] and f"{file}: written" in both.stderr.decode(), both
        for node in mesh.nodes:
            node.kill()
        done = verify(mesh, file)
        assert done.returncode == 0, done
        for said in ("A PROMISE WAS BROKEN", f"by         operator{breaker.number} ({breaker.account[:8]})\n",
                     f"to         operator{owner.number} ({owner.account[:8]})\n", f"share {one['index']} of dealing",
                     "it signed that it keeps this share", "and was not released from it"):
            assert said in done.stdout, (said, done.stdout)

        # Nothing else proves anything.
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        (mesh.folder / "changed").write_bytes(data)
        done = verify(mesh, mesh.folder / "changed")
        assert done.returncode == 1 and not done.stdout and done.stderr.count("\n") == 1, done
        done = verify(mesh, mesh.folder / "no such file")
        assert done.returncode == 2 and "there is no such thing (not_found)" in done.stderr, done
        (mesh.folder / "large").write_bytes(bytes(1 << 20))
        done = verify(mesh, mesh.folder / "large")
        assert done.returncode == 2 and "larger than its bound (too_big)" in done.stderr, done
        done = verify(mesh, file, mesh.folder / "no such folder")
        assert done.returncode == 2, done
        other = mesh.folder / "other"
        mesh.authority_command("network", "init", other, "--dev", "--shares", "3", "--share-threshold", "2")
        done = verify(mesh, file, other)
        assert done.returncode == 1 and "another_network" in done.stderr and not done.stdout, done


@tap.case
def a_folder_that_is_lost_and_an_owner_that_restarts_accuse_nobody():
    with network("lost") as mesh:
        impatient(mesh)
        owner = mesh.nodes[0]
        lost = holders(mesh, owner)[0]
        lost.kill()
        lost.lose_folder()
        before = owner.status()["generation"]
        lost.start()
        until(lambda: owner.status()["generation"] > before, 90, lambda: owner.tail() + lost.tail())
        for node in mesh.nodes:
            node.wait("ready", 90)
            assert not kept(node), (node.number, kept(node))
        owner.kill()
        owner.start()
        owner.wait("ready", 60)
        assert not kept(owner)


if __name__ == "__main__":
    sys.exit(tap.main())
