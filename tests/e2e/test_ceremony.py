#!/usr/bin/env python3
"""Whoever of the authority signs a share set sees by itself that a ceremony dealt it; and whoever signs a proposal sees what to read
to its share holders."""

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
from mesh import Mesh, Programs  # noqa: E402
from quorum import HOLDERS, Quorum, done  # noqa: E402

PROGRAMS = Programs(BUILD)
QUOTE = b"\x04\x00\x02\x00\x81\x00\x00\x00"  # how a quote begins


def mesh():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-ceremony-"))
    return Mesh(folder, PROGRAMS, nodes=1, shares=1, threshold=1)


def dealt(quorum, image):
    """What the ceremony's program makes of the proposal, run as this software."""
    path, quorum.output = quorum.output, quorum.folder / f"output-{image}"
    process = quorum.ceremony(image=image)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, (out, errors)
    made, quorum.output = quorum.output, path
    return made.read_bytes()


@tap.case
def a_share_set_that_no_ceremony_dealt_gets_no_signature():
    with mesh() as m:
        m.found()
        quorum = Quorum(m)
        quorum.make_keys()
        quorum.propose()
        quorum.deal()
        genuine, own = quorum.output.read_bytes(), dealt(quorum, "laptop")
        assert len(genuine) == len(own) and genuine.count(QUOTE) == own.count(QUOTE) == 1
        at = genuine.index(QUOTE)
        assert own.index(QUOTE) == at and genuine[:at] != own[:at]
        forged = {
            "with its own quote": own,
            "with the quote of the ceremony": own[:at] + genuine[at:],
            "with a quote of no software": own[:at] + bytes(len(own) - at),
        }
        # Each is the proposal's, opens with every holder's key, and all of them acknowledge it.
        for what, output in forged.items():
            quorum.output.write_bytes(output)
            quorum.holdfast("quorum", "deal", quorum.output, *quorum.authority, status=1)
            (m.authority / "ceremony/output").write_bytes(output)
            assert "5 of 5" in quorum.acknowledge(*HOLDERS), what
            refused = quorum.holdfast("quorum", "sign", *quorum.authority, status=1)
            assert "not signed" in refused and "digest" not in refused, (what, refused)
        # What the ceremony made is signed, by the same folder.
        quorum.output.write_bytes(genuine)
        (m.authority / "ceremony/output").write_bytes(genuine)
        quorum.acknowledge(*HOLDERS)
        quorum.sign("quorum", "sign")


@tap.case
def what_a_ceremony_fails_at_is_named():
    if pathlib.Path("/sys/kernel/config/tsm/report").exists():
        raise tap.Skip("this machine makes quotes itself")
    with mesh() as m:
        m.found()
        quorum = Quorum(m)
        quorum.make_keys()
        quorum.propose()
        documents = m.authority / "documents"

        def fails(*words, **environment):
            done = subprocess.run([PROGRAMS.ceremony, m.network, *words], env=os.environ | environment, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=60)
            assert done.returncode == 1 and not done.stdout and not quorum.output.exists(), done
            return done.stderr
        proposal, root = m.authority / "proposal.doc", documents / "root-1.doc"
        # Without a platform the file that was to be written is not what is missing.
        said = fails(proposal, quorum.output, root)
        assert said.startswith("holdfast-ceremony: a quote of this machine, from /sys/kernel/config/tsm/report"), said
        assert str(quorum.output) not in said, said
        dev = {"HOLDFAST_DEV": str(m.authority / "dev"), "HOLDFAST_DEV_IMAGE": "ceremony"}
        assert "HOLDFAST_DEV" in fails(proposal, quorum.output, root, **dev | {"HOLDFAST_DEV": "/no/such/folder"})
        assert fails(documents / "policy.doc", quorum.output, root, **dev).startswith(f"holdfast-ceremony: {documents}/policy.doc: ")
        away = m.folder / "no/such/output"
        assert fails(proposal, away, root, **dev).startswith(f"holdfast-ceremony: {away}: ")


@tap.case
def every_signer_is_shown_the_words_that_it_reads_to_the_holders():
    with mesh() as m:
        m.found()
        quorum = Quorum(m)
        quorum.make_keys()
        # The second of the authority, on a machine of its own; the first has the other key.
        keys = sorted((m.authority / "keys").glob("*.key"))
        other = m.folder / "other"
        shutil.copytree(m.authority, other)
        for path in keys[1:]:
            path.unlink()
        for path in (other / "keys" / keys[0].name, other / "keys" / keys[2].name):
            path.unlink()
        holders = [part for alias in quorum.holders for part in ("--holder", f"{alias}={quorum.public(alias)}")]
        propose = ["quorum", "propose", "--threshold", 3, "--name", "black-start", *holders, *quorum.authority]
        first = quorum.holdfast(*propose, status=2)
        digest = re.search(r"digest: ([0-9a-f]{64})", first)[1]
        said = quorum.holdfast(*propose, "--yes", digest, status=2)
        assert "needs more" in said and "holdfast quorum sign" in said and "--foreign" not in said, said
        shutil.copy(m.authority / "pending-proposal.doc", other)
        shown = quorum.holdfast("quorum", "sign", "--authority", other, status=2)
        for alias in quorum.holders:
            words = re.search(r"fingerprint: (.*)", done(quorum.share("key", "show", quorum.keys[alias])))[1]
            assert len(words.split()) == 6 and f"{alias}: {words}" in shown and f"{alias}: {words}" in first, (alias, shown)
        quorum.holdfast("quorum", "sign", "--authority", other, "--yes", digest)
        shutil.copy(other / "proposal.doc", m.authority)


if __name__ == "__main__":
    sys.exit(tap.main())
