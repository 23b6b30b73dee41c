#!/usr/bin/env python3
"""What people do with the quorum key is broken off at every step by which something on a disk becomes another thing: the machine
stops there. Afterwards the same command, once more, does it; and no answer is there that was not remembered before."""

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
from mesh import Mesh, Programs  # noqa: E402
from quorum import HOLDERS, QUICK, Quorum, done, node_command  # noqa: E402
from quorum import share as quorum_share  # noqa: E402

PROGRAMS = Programs(BUILD)
STEPS_MAX = 100


def mesh(nodes, shares, threshold):
    return Mesh(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-broken-")), PROGRAMS, nodes=nodes, shares=shares, threshold=threshold)


def at(step):
    """The environment of a program whose machine stops before this step."""
    return {"LD_PRELOAD": str(BUILD / "tests/lib/libkill_at.so"), "HF_KILL_AT": str(step)}


def every_step(begin, run, after):
    """Breaks run off at each of its steps, from what begin makes, and looks at what is left; it ends when none is left to break."""
    for step in range(1, STEPS_MAX):
        begin()
        process = run(at(step))
        after(process.returncode == -9)
        if process.returncode == 0:
            return step - 1
        assert process.returncode == -9, (step, process.stdout, process.stderr)
    raise AssertionError("it has no end")


@tap.case
def a_key_is_made_whole_or_not_at_all():
    with tempfile.TemporaryDirectory() as folder:
        key, memory = pathlib.Path(folder) / "key", pathlib.Path(folder) / "key.state"

        def begin():
            for path in (key, memory):
                path.unlink(missing_ok=True)

        def make(environment):
            return quorum_share(PROGRAMS.share, "key", "new", key, *QUICK, passphrase="of one", environment=environment)

        def after(_):
            if not key.exists():
                assert not memory.exists()
                done(make({}))
            assert len(done(quorum_share(PROGRAMS.share, "key", "words", key, passphrase="of one")).split()) == 24

        assert every_step(begin, make, after) > 5


@tap.case
def a_ceremony_that_is_broken_off_goes_on():
    with mesh(1, 1, 1) as m:
        m.found()
        quorum = Quorum(m)
        quorum.make_keys()
        quorum.propose()
        saved = m.folder / "saved"

        def commands(*arguments):
            def run(environment):
                return subprocess.run([PROGRAMS.holdfast, *map(str, arguments), *quorum.authority], stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, timeout=60, env=os.environ | environment)

            def begin():
                shutil.rmtree(m.authority)
                shutil.copytree(saved, m.authority)
            return begin, run

        def deal(environment):
            os.environ.update(environment)
            process = quorum.ceremony()
            for name in environment:
                del os.environ[name]
            process.communicate(timeout=60)
            return process

        def dealt(_):
            if not quorum.output.exists():
                assert deal({}).returncode == 0
            done(quorum.share("open", quorum.output, "--key", quorum.keys["ada"], passphrase="of ada"))

        assert every_step(lambda: quorum.output.unlink(missing_ok=True), deal, dealt) > 1
        quorum.deal()
        shutil.copytree(m.authority, saved)
        begin, run = commands("quorum", "deal", quorum.output)
        assert every_step(begin, run, lambda _: done(run({}))) > 2
        quorum.acknowledge(*HOLDERS)
        acks = [quorum.folder / f"{alias}.ack" for alias in HOLDERS]
        begin, run = commands("quorum", "ack", *acks)
        assert every_step(begin, run, lambda _: done(run({}))) > 10
        digest = quorum.holdfast("quorum", "sign", *quorum.authority, status=2).split("digest: ")[1][:64]
        shutil.rmtree(saved)
        shutil.copytree(m.authority, saved)
        begin, run = commands("quorum", "sign", "--yes", digest)
        in_force, pending = m.authority / "documents/share-set.doc", m.authority / "pending-share-set.doc"

        def signed(_):
            if not in_force.exists():
                done(run({}))
            # What is in force does not wait any more, and does not stand in the way of the next.
            run({})
            assert not pending.exists()
            assert "ada" in quorum.holdfast("quorum", "show", *quorum.authority)
            quorum.holdfast("quorum", "propose", "--threshold", 1, "--name", "k", "--holder", f"ada={quorum.public('ada')}",
                            *quorum.authority, status=2)

        assert every_step(begin, run, signed) > 2


@tap.case
def no_answer_is_there_that_is_not_remembered():
    with mesh(3, 2, 2) as m:
        m.make()
        quorum = Quorum(m)
        quorum.establish()
        for node in m.nodes:
            node.kill()
        node, requests = m.nodes[0], [quorum.folder / name for name in ("first", "second")]
        for request in requests:
            node.start()
            node.wait("recovering", 30)
            done(node_command(node, "blackstart", "request", request))
            node.kill()
        out, other = quorum.folder / "out", quorum.folder / "other"
        memory = pathlib.Path(f"{quorum.keys['ada']}.state")
        before = memory.read_bytes()

        def begin():
            memory.write_bytes(before)
            out.unlink(missing_ok=True)

        def answer(environment):
            return quorum.answer("ada", requests[0], out, environment=environment)

        def after(_):
            if out.exists():
                done(quorum.answer("ada", requests[1], other), 3)
            done(answer({}))
            done(quorum.answer("ada", requests[1], other), 3)

        assert every_step(begin, answer, after) > 5


if __name__ == "__main__":
    sys.exit(tap.main())
