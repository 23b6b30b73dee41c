#!/usr/bin/env python3
"""Quorum keys are shared anew: of the very keys, from enough of those who hold them, by the software that may; or nothing is."""

import os
import pathlib
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402
from other_clock import OtherClock  # noqa: E402
from quorum import QUICK, Quorum, done, node_command  # noqa: E402

PROGRAMS = Programs(BUILD)


def documents(m):
    return [m.authority / "documents/policy.doc", m.authority / "documents/share-set.doc"]


def asked(quorum, *arguments):
    """A ceremony that has made its request, and waits."""
    ceremony = quorum.ceremony(*documents(quorum.mesh), *arguments)
    assert "request: give it" in ceremony.stdout.readline()
    return ceremony, quorum.output.with_name("output.request")


@tap.case
def a_ceremony_gets_old_shares_or_makes_nothing():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-reshard-"))
    with Mesh(folder, PROGRAMS, nodes=3, shares=2, threshold=2) as m:
        m.make()
        first = Quorum(m)
        second = Quorum(m, ["fay", "gus"], 2)
        second.make_keys()
        holders = [part for alias in second.holders for part in ("--holder", f"{alias}={second.public(alias)}")]
        none = second.holdfast("quorum", "reshard", "--threshold", 2, "--name", "black-start", *holders, *second.authority, status=1)
        assert "no share set yet" in none, none
        first.establish()
        given, stranger = second.folder / "given", first.folder / "stranger"
        # A key that the old share set has not; then the ones that are meant.
        second.names = ("another",)
        second.propose("reshard")
        refused = second.ceremony(*documents(m))
        refused.communicate(timeout=60)
        assert refused.returncode == 1 and not second.output.exists()
        second.names = ("black-start",)
        assert "takes nothing from anybody" in second.propose("reshard")
        missing = second.ceremony()
        assert missing.communicate(timeout=60) and missing.returncode == 1
        ceremony, request = asked(second)
        # While it waits it can serve nobody: the kernel filters its calls, those for sockets among them (unit test ceremony).
        assert "\nSeccomp:\t2\n" in pathlib.Path(f"/proc/{ceremony.pid}/status").read_text()
        # Who is no holder, who mistypes, who has another network; a request that was changed; and one of other software.
        done(first.share("key", "new", stranger, *QUICK, passphrase="of stranger"))
        first.keys["stranger"] = stranger
        done(first.give("stranger", request, given), 15)
        done(first.share("reshard", request, "--key", first.keys["ada"], "--collateral", m.authority / "collateral", "--out", given,
                         "--network", "00" * 32), 18)
        for at in (60, 300, 3000):
            broken, changed = second.folder / "broken", bytearray(request.read_bytes())
            changed[at] ^= 1
            broken.write_bytes(changed)
            assert first.give("ada", broken, given).returncode in (1, 3, 18), at
        other = Quorum(m, ["oz"], 1)
        other.output = second.folder / "other"
        foreign = other.ceremony(*documents(m), image="other")
        assert "request: give it" in foreign.stdout.readline()
        refused = first.give("ada", other.output.with_name("other.request"), given)
        assert refused.returncode == 3 and "measurement" in refused.stderr, refused
        foreign.communicate(timeout=60)
        # What is wrong is named, and costs nothing; what is not enough makes nothing.
        done(first.give("ada", request, given))
        damaged = second.folder / "damaged"
        damaged.write_bytes(given.read_bytes()[:-1] + bytes([given.read_bytes()[-1] ^ 1]))
        pipe = second.folder / "pipe"
        os.mkfifo(pipe)
        ceremony.stdin.write(f"{damaged}\n{pipe}\n{second.folder / 'none'}\n{request}\n{given}\n{given}\n")
        out, errors = ceremony.communicate(timeout=60)
        assert ceremony.returncode == 1 and not second.output.exists(), (out, errors)
        lines = out.splitlines()
        assert "ada: a share does not fit" in lines[0] and "0 of 3" in lines[0], out
        assert "0 of 3" in lines[3] and "ada: counts; 1 of 3" in lines[4] and "here already" in lines[5], out
        # Shares for one ceremony are worth nothing to another; and what was made is held against the keys that were.
        ceremony, request = asked(second)
        ceremony.stdin.write(f"{given}\n")
        for alias in ("bob", "cy", "eve"):
            path = second.folder / f"given-{alias}"
            done(first.give(alias, request, path))
            ceremony.stdin.write(f"{path}\n")
        out, errors = ceremony.communicate(timeout=60)
        assert ceremony.returncode == 0 and "another request" in out.splitlines()[0], (out, errors)
        second.holdfast("quorum", "deal", second.output, *second.authority)
        # A proposal that the authority signed, in the place of the one that the ceremony was given.
        mine = (m.authority / "proposal.doc").read_bytes()
        second.sign("quorum", "reshard", "--threshold", 2, "--name", "black-start", *holders, "--days", 300)
        swapped, theirs = second.folder / "swapped", (m.authority / "proposal.doc").read_bytes()
        assert len(mine) == len(theirs) and mine in request.read_bytes()
        swapped.write_bytes(request.read_bytes().replace(mine, theirs))
        refused = first.give("dee", swapped, given)
        assert refused.returncode == 3 and "another_request" in refused.stderr, refused
        # Documents that are older than one that a holder has seen.
        old = second.folder / "old"
        old.write_bytes(request.read_bytes())
        first.sign("policy", "sign")
        waiting, request = asked(second)
        done(first.give("dee", request, given))
        done(first.give("dee", old, given), 6)
        waiting.communicate(timeout=60)


@tap.case
def after_a_share_set_has_expired_its_keys_are_shared_anew_and_open_what_was_sealed():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-reshard-"))
    with Mesh(folder, PROGRAMS, nodes=3, shares=2, threshold=2) as m:
        # One clock of all programs.
        clock = OtherClock(folder / "clock")
        os.environ.update(clock.environment())
        m.make()
        first = Quorum(m)
        first.days = 1
        first.establish()
        for node in m.nodes:
            node.kill()
        clock.set_ahead(2 * 86400)
        for node in m.nodes:
            node.start()
        for node in m.nodes:
            node.wait("recovering", 30)
        refused = node_command(m.nodes[0], "blackstart", "request", folder / "none")
        assert refused.returncode == 17 and "share set has expired" in refused.stderr, refused
        advice = done(node_command(m.nodes[0], "explain", "share_set_expired"))
        assert "reshard" in advice and "NO new key" in advice, advice
        second = Quorum(m, ["fay", "gus", "hal"], 2)
        second.reshard(first, ["ada", "bob", "eve"])
        for node in m.nodes[:2]:
            if not node.status()["open"]:
                assert "enough" in second.start(node, ["gus", "hal"])
                until(lambda node=node: node.status()["open"], 30, lambda node=node: node.tail())
        for node in m.nodes:
            node.wait("ready", 90)


if __name__ == "__main__":
    sys.exit(tap.main())
