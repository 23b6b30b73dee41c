#!/usr/bin/env python3
"""Who asks a daemon on its own machine, or knocks at its door: what each gets, and what of it is in the log."""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from abuser import WHOLE, request, speak  # noqa: E402
from mesh import AS_ROOT, Mesh, Programs, until  # noqa: E402

LINES_MAX = 20  # of one event that somebody causes, in 10 s: src/daemon/log.c


def mesh(nodes=2):
    """Two nodes that back each other up: the smallest network."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-asked-"))
    return Mesh(folder, Programs(BUILD), nodes=nodes, shares=1, threshold=1)


def daemon(node, *arguments):
    """Starts the node's daemon with options of its own; it is the node's from then on."""
    with open(node.log, "ab") as log:
        node.process = subprocess.Popen([node.mesh.programs.holdfastd, *AS_ROOT, "--config", node.config, *arguments],
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def joined(node):
    """A connection to the local socket."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(str(node.socket))
    return client


def frame(text):
    return struct.pack(">I", len(text)) + text


def as_someone(node, uid, *arguments, groups=()):
    """Runs `holdfast` against the node's socket as a user who is neither its own nor root."""
    return subprocess.run([node.mesh.folder / "holdfast", "--socket", node.socket, *arguments], capture_output=True,
                          timeout=30, user=uid, group=uid, extra_groups=groups)


@tap.case
def an_application_of_another_user_has_the_keys_that_the_image_gives_it_and_no_more():
    if os.geteuid() != 0:
        raise tap.Skip("only root can be somebody else")
    signer, member, stranger, group = 4001, 4002, 4003, 4100
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        for path in (m.folder, node.folder):
            path.chmod(0o755)
        shutil.copy(m.programs.holdfast, m.folder / "holdfast")
        key = until(lambda: node.key("tss-db"), 30, "no key").hex()
        other = until(lambda: node.key("other"), 30, "no key").hex()
        # Without a list nobody else may as much as connect.
        assert stat.S_IMODE(node.socket.stat().st_mode) == 0o600
        image = m.folder / "applications.yaml"
        image.write_text(f"applications:\n  - {{user: '{signer}', keys: [tss-db]}}\n"
                         f"  - {{group: '{group}', keys: [tss-db, other]}}\n")
        text = node.config.read_text()

        def given(uid, name, groups=()):
            done = as_someone(node, uid, "key", "get", name, groups=groups)
            # Who is no application is not even listened to.
            assert done.returncode == 0 or b"permi" in done.stderr or b"the connection ended" in done.stderr, done
            return done.stdout.decode().strip()

        def run(extra, *options):
            node.kill()
            node.config.write_text(text + extra)
            daemon(node, *options)
            return until(lambda: node.key("tss-db"), 30, lambda: f"no key:\n{node.tail()}")

        # A list in the configuration, which is the host's, gives nobody anything.
        run(f"applications: [{{user: '{stranger}', keys: [tss-db]}}]\n")
        assert stat.S_IMODE(node.socket.stat().st_mode) == 0o600
        run(f"applications: [{{user: '{stranger}', keys: [tss-db]}}, {{user: '{signer}', keys: [tss-db, other]}}]\n",
            "--applications", image)
        assert given(signer, "tss-db") == key and given(signer, "other") == ""
        assert given(stranger, "tss-db") == "" and given(member, "tss-db", [group]) == ""
        # Without one the image's list counts.
        run("", "--applications", image)
        assert given(signer, "tss-db") == key and given(signer, "other") == "" and given(stranger, "tss-db") == ""
        assert given(member, "tss-db", [group]) == key and given(member, "other", [group]) == other
        assert given(member, "tss-db") == ""
        # And keys are all that an application may ask for.
        for words in (["status"], ["identity"], ["drain"], ["reload"]):
            done = as_someone(node, signer, *words)
            assert done.returncode != 0 and b"permi" in done.stderr, (words, done)
        log = node.log.read_text()
        assert re.search(f"event=key_given name=tss-db uid={signer} ", log), node.tail()
        assert re.search(f"event=key_refused name=other uid={signer} ", log), node.tail()
        assert re.search(f"event=local_refused uid={stranger} ", log), node.tail()
        # Whoever asks much of it takes no place of the daemon's own user's.
        with contextlib.ExitStack() as stack:
            os.seteuid(signer)
            stack.callback(os.seteuid, 0)
            for _ in range(100):
                # Without a time limit it waits while the daemon has not accepted those before it.
                stack.enter_context(socket.socket(socket.AF_UNIX)).connect(str(node.socket))
            os.seteuid(0)
            assert node.key("tss-db").hex() == key
        # A list that is not right, or that is not there where it was named, is no list.
        node.kill()
        for text_, why in (("applications: [{user: nobody-of-this-name, keys: [a]}]\n", "does not know"),
                           ("applications: [{keys: [a]}]\n", "either"), (None, "applications.yaml")):
            image.unlink() if text_ is None else image.write_text(text_)
            node.log.write_text("")
            daemon(node, "--applications", image)
            assert node.process.wait(20) == 1 and why in node.log.read_text(), node.tail()
            node.process = None


def lines_of(node, event):
    return [line for line in node.log.read_text(errors="replace").splitlines() if f"event={event} " in line]


def held_back(node, event):
    return sum(int(number) for line in lines_of(node, event) for number in re.findall(r"held_back=(\d+)", line))


@tap.case
def who_asks_here_fills_no_log_and_takes_no_quotes_from_others():
    if os.geteuid() != 0:
        raise tap.Skip("only root can be somebody else")
    signer, stranger, asked = 4001, 4003, 200
    with mesh() as m, contextlib.ExitStack() as stack:
        m.make()
        node = m.nodes[0]
        for path in (m.folder, node.folder):
            path.chmod(0o755)
        shutil.copy(m.programs.holdfast, m.folder / "holdfast")
        image = m.folder / "applications.yaml"
        image.write_text(f"applications:\n  - {{user: '{signer}', keys: [tss-db]}}\n")
        node.terminate()
        daemon(node, "--applications", image)
        until(lambda: node.key("tss-db"), 30, lambda: f"no key:\n{node.tail()}")
        until(lambda: node.socket.stat().st_mode & 0o777 != 0o600, 10, "nobody else may connect")

        def as_uid(uid):
            os.seteuid(uid)
            try:
                return stack.enter_context(joined(node))
            finally:
                os.seteuid(0)

        # Who may not as much as connect, in as many connections; and one who may, for what it may have and may not.
        for _ in range(asked):
            with as_uid(stranger) as client:
                client.recv(1)
        with as_uid(signer) as client:
            for _ in range(asked):
                client.sendall(frame(b'{"request":"key","name":"tss-db"}'))
                assert b'"key"' in client.recv(4096)
        for _ in range(asked):
            with as_uid(signer) as client:
                client.sendall(frame(b'{"request":"key","name":"other"}'))
                assert b"permission" in client.recv(4096)
        # Quotes of its own have a rate, and those of another user another.
        question = frame(b'{"request":"quote","bytes":"%s","nonce":"%s"}' % (b"11" * 64, b"22" * 32))
        answers = []
        for uid in [signer] * 12 + [0]:
            with as_uid(uid) as client:
                client.sendall(question)
                answers.append(b'"quote"' if b'"quote"' in client.recv(1 << 16) else b"no")
        assert answers[:4] == [b'"quote"'] * 4 and b"no" in answers[:12] and answers[12] == b'"quote"', answers
        for event in ("local_refused", "key_given", "key_refused"):
            until(lambda event=event: held_back(node, event) >= asked - LINES_MAX, 30,
                  lambda event=event: f"{event}: {held_back(node, event)} of them are told: {node.tail()}")
            # By the signer, by the daemon's own user, and what was held back.
            assert len(lines_of(node, event)) <= 3 * LINES_MAX, (event, len(lines_of(node, event)))


@tap.case
def strangers_who_are_turned_away_at_the_door_are_one_line_of_who_debugs():
    with mesh() as m:
        m.make()
        node, other = m.nodes[:2]
        node.config.write_text(node.config.read_text() + "log: {level: debug}\n")
        node.kill()
        node.start()
        node.wait("ready", 60)
        for each in (other, node):
            host, port = each.address.split(":")
            for _ in range(300):
                with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 10, ("127.66.0.1", 0)):
                    pass
        line, = until(lambda: lines_of(node, "turned_away"), 20, lambda: f"not said: {node.tail()}")
        assert "level=debug" in line and int(re.search(r"connections=(\d+)", line)[1]) > 0, line
        # Of the other, who logs as it comes, no stranger has had a line.
        assert not lines_of(other, "turned_away"), other.tail()


@tap.case
def requests_that_are_too_many_are_one_line_too():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        node.config.write_text(node.config.read_text() + "log: {level: debug}\n")
        node.kill()
        node.start()
        node.wait("ready", 60)
        # All of them are there when the daemon looks again: more than one source may ask at once.
        with contextlib.ExitStack() as stack:
            joined_ones = [stack.enter_context(speak(node.address, "127.66.0.1")) for _ in range(12)]
            node.freeze()
            for tls in joined_ones:
                for number in range(1, 51, 2):
                    tls.sendall(request(number, "GET", "/v1/health", WHOLE))
            node.thaw()
            until(lambda: node.status(), 20, "it does not go on")
        line, = until(lambda: lines_of(node, "turned_away"), 20, lambda: f"not said: {node.tail()}")
        assert "level=debug" in line and int(re.search(r"requests=(\d+)", line)[1]) > 0, line


@tap.case
def a_burst_of_who_says_nothing_takes_no_scrapes_place():
    with mesh() as m, contextlib.ExitStack() as stack:
        m.found()
        node = m.nodes[0]
        node.config.write_text(node.config.read_text() + "metrics: {port: 0}\n")
        node.start()
        until(node.identified, 30, "no identity")
        port = int(re.search(r"event=metrics .*?port=(\d+)", node.log.read_text())[1])

        def joins():
            return stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))

        # All of them are there when the daemon looks again, the scrape first.
        node.freeze()
        scrape = joins()
        scrape.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        silent = [joins() for _ in range(16)]
        node.thaw()
        assert scrape.recv(12) == b"HTTP/1.0 200", node.tail()
        # Nor do they stay for ever.
        for one in silent:
            assert one.recv(1) == b""


if __name__ == "__main__":
    sys.exit(tap.main())
