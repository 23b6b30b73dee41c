#!/usr/bin/env python3
"""What can go wrong at a share holder's desk: prompts that are broken off, files that are in the way, two calls at once."""

import fcntl
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import termios

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402
from other_clock import OtherClock  # noqa: E402
from quorum import QUICK, Quorum, done, node_command  # noqa: E402
from quorum import share as quorum_share  # noqa: E402
from quorum_key import ShareSet  # noqa: E402

PROGRAMS = Programs(BUILD)
PASSPHRASE = "a passphrase"


def share(*arguments, **secrets):
    return quorum_share(PROGRAMS.share, *arguments, **secrets)


def piped(*arguments, passphrase):
    """Exactly these bytes where the passphrase is read."""
    return subprocess.run([PROGRAMS.share, *arguments, "--passphrase-fd", "0"], input=passphrase, capture_output=True, timeout=60)


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, *arguments):
        self.master, self.slave = pty.openpty()

        def own():
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([PROGRAMS.share, *arguments], stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        preexec_fn=own)
        self.seen = ""

    def expect(self, text):
        def look():
            self.seen += os.read(self.master, 4096).decode()
            return text in self.seen
        until(look, 30, lambda: self.seen)

    def type(self, text):
        os.write(self.master, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def end(self):
        status = self.process.wait(timeout=30)
        os.set_blocking(self.master, False)
        try:
            self.seen += os.read(self.master, 1 << 16).decode()
        except BlockingIOError:
            pass
        return status

    def close(self):
        os.close(self.master)
        os.close(self.slave)


@tap.case
def a_prompt_that_is_broken_off_leaves_the_terminal_as_it_was():
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder) / "key"
        done(share("key", "new", key, *QUICK, passphrase=PASSPHRASE))
        for arguments, prompt in ((("key", "words", key), "Passphrase"), (("key", "new", f"{key}2", *QUICK), "New passphrase"),
                                  (("key", "restore", f"{key}2", *QUICK), "24 words")):
            for sent in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                at = Terminal(*arguments)
                at.expect(prompt)
                assert not at.echoes()
                at.type("half of it")
                if sent == signal.SIGINT:
                    at.type("\x03")
                else:
                    at.process.send_signal(sent)
                assert at.end() == -sent, at.seen
                assert at.echoes(), f"{prompt}: what is typed after {sent} is not seen"
                assert "half" not in at.seen
                at.close()
        assert sorted(os.listdir(folder)) == ["key", "key.state"]


@tap.case
def words_at_a_terminal_cannot_be_scrolled_back_to():
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder) / "key"
        done(share("key", "new", key, *QUICK, passphrase=PASSPHRASE))
        words = done(share("key", "words", key, passphrase=PASSPHRASE)).strip()
        for last in ("\n", "\x03"):
            at = Terminal("key", "words", key)
            at.expect("Passphrase")
            at.type(f"{PASSPHRASE}\n")
            at.expect("Enter")
            at.type(last)
            assert at.end() == (0 if last == "\n" else -signal.SIGINT)
            before, other, after = re.split(r"\033\[\?1049[hl]", at.seen)
            assert words in other and words.split()[3] not in before + after, at.seen
            assert other.endswith("\033[2J\033[H"), at.seen
            at.close()


@tap.case
def a_passphrase_is_text_that_can_be_typed_again():
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder) / "key"
        for nothing in (b"", b"\n", b"\r\n", b"\0\n", b"a\0b\n", b"x" * 2000):
            assert piped("key", "new", key, *QUICK, passphrase=nothing).returncode == 1, nothing[:8]
            assert not key.exists(), nothing[:8]
        assert piped("key", "new", key, *QUICK, passphrase=b"of a file\r\n").returncode == 0
        assert piped("key", "words", key, passphrase=b"of a file").returncode == 0
        assert piped("key", "words", key, passphrase=b"of a file\0more\n").returncode == 1


@tap.case
def a_key_that_was_made_meanwhile_is_not_written_over():
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder) / "key"
        both = [subprocess.Popen([PROGRAMS.share, "key", "new", key, *QUICK, "--passphrase-fd", "0"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        for process in both:  # each reads its passphrase, and has found the name free
            process.stdin.write("half")
            process.stdin.flush()
            fd = process.stdin.fileno()
            until(lambda fd=fd: not int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, b"\0" * 4), sys.byteorder), 30,
                  "the passphrase is not read")
        said = [process.communicate("\n", timeout=60) for process in both]
        assert [process.returncode for process in both] == [0, 1] and "exists" in said[1][1], said
        assert said[0][0].splitlines()[:2] == done(share("key", "show", key)).splitlines()
        assert sorted(os.listdir(folder)) == ["key", "key.state"]


@tap.case
def no_byte_of_a_key_file_can_be_another():
    with tempfile.TemporaryDirectory() as folder:
        key, bad = pathlib.Path(folder) / "key", pathlib.Path(folder) / "bad"
        done(share("key", "new", key, *QUICK, passphrase=PASSPHRASE))
        good = key.read_bytes()
        for at in range(len(good)):
            bad.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            assert share("key", "words", bad, passphrase=PASSPHRASE).returncode in (1, 5), at
        for broken in (b"", good[:-1], good + b"\n", b"\xef\xbb\xbf" + good, good * 100):
            bad.write_bytes(broken)
            done(share("key", "show", bad), 1)
        bad.unlink()
        os.mkfifo(bad)
        for path in (bad, folder, "/dev/zero", f"{key}.none"):
            done(share("key", "show", path), 1)


@tap.case
def one_key_has_one_memory_and_nothing_is_written_over():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-share-"))
    with Mesh(folder, PROGRAMS, nodes=3, shares=2, threshold=2) as m:
        m.make()
        quorum = Quorum(m)
        quorum.establish()
        for node in m.nodes:
            node.kill()
        node = m.nodes[0]
        first, second, out = (quorum.folder / name for name in ("first", "second", "out"))
        for request in (first, second):
            node.start()
            node.wait("recovering", 30)
            done(node_command(node, "blackstart", "request", request))
            node.kill()
        key = quorum.keys["ada"]
        kept, memory = key.read_bytes(), pathlib.Path(f"{key}.state")
        # What is in the way of an answer stays as it is, by whatever name it is called.
        alias = quorum.folder / "alias"
        alias.symlink_to(key)
        for taken in (key, alias, memory, first):
            refused = quorum.answer("ada", first, taken)
            assert refused.returncode == 1 and "exists" in refused.stderr, (taken, refused)
        done(share("open", quorum.output, "--key", key, "--out", key, passphrase="of ada"), 1)
        assert key.read_bytes() == kept
        done(quorum.answer("ada", first, out))
        # The same key through a link remembers the same.
        quorum.keys["alias"] = alias
        assert "another request" in quorum.answer("alias", second, out).stderr
        assert not os.path.lexists(f"{alias}.state")
        # Who is at the prompt with one request cannot answer another beside it.
        shown = quorum.answer("bob", first, out, passphrase="wrong")
        digest = re.search(r"digest: ([0-9a-f]{64})", shown.stdout)[1]
        waiting = subprocess.Popen([PROGRAMS.share, "answer", first, "--key", quorum.keys["bob"], "--collateral",
                                    m.authority / "collateral", "--out", f"{out}2", "--network", m.network, "--yes", digest,
                                    "--passphrase-fd", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        until(lambda: "digest" in waiting.stdout.readline(), 30, "nothing is shown")
        busy = quorum.answer("bob", second, out)
        assert busy.returncode == 1 and "another call answers" in busy.stderr, busy
        waiting.communicate("of bob\n", timeout=60)
        assert waiting.returncode == 0
        assert "another request" in quorum.answer("bob", second, out).stderr
        # A memory that is none is an error at once, and never a new beginning.
        memory = pathlib.Path(f"{quorum.keys['cy']}.state")
        memory.unlink()
        os.mkfifo(memory)
        done(quorum.answer("cy", first, out), 1)
        memory.unlink()
        memory.write_bytes(b"")
        done(quorum.answer("cy", first, out), 1)


def power_cut(m):
    for node in m.nodes:
        node.kill()
    for node in m.nodes:
        node.start()
        node.wait("recovering", 30)


@tap.case
def many_requests_are_answered_together_or_none_is():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-share-"))
    with Mesh(folder, PROGRAMS, nodes=3, shares=2, threshold=2) as m:
        m.make()
        quorum = Quorum(m)
        quorum.establish()
        power_cut(m)
        requests = [quorum.ask(node) for node in m.nodes]
        # One alone opens no other here, and two open the third; of whom nothing is known there are odds.
        planned = done(subprocess.run([PROGRAMS.holdfast, "blackstart", "plan", *requests], capture_output=True, text=True))
        assert "start by people 2 of these, fewer do not do:" in planned and "open by themselves, by their newest records: 1" in planned
        assert all(node.address in planned for node in m.nodes) and "odds" not in planned, planned
        planned = done(subprocess.run([PROGRAMS.holdfast, "blackstart", "plan", *requests[:2]], capture_output=True, text=True))
        assert "people 2 of these" in planned and "odds of 100.0 %" in planned, planned
        assert m.nodes[2].address in planned.split("not among these: 1 of 3")[1], planned
        twice = subprocess.run([PROGRAMS.holdfast, "blackstart", "plan", requests[0], *requests], capture_output=True, text=True)
        assert twice.returncode == 1 and "two of these requests" in twice.stderr, twice
        out, memory = quorum.folder / "out", pathlib.Path(f"{quorum.keys['ada']}.state")
        # Two of one account, and one that was changed: it is named, and nothing is answered or remembered.
        refused = quorum.answer("ada", [*requests, requests[1]], out)
        assert refused.returncode == 3 and "two_requests" in refused.stderr, refused
        broken, changed = quorum.folder / "broken", bytearray(requests[2].read_bytes())
        changed[60] ^= 1
        broken.write_bytes(changed)
        for others in (requests[:2], []):
            refused = quorum.answer("ada", [*others, broken], out)
            assert refused.returncode == 3 and f"{broken}: " in refused.stderr, refused
            assert ("none of these" in refused.stderr) == bool(others), refused
        assert not any(bytes.fromhex(node.account) in memory.read_bytes() for node in m.nodes) and not out.exists()
        # Two of three: what runs where, and who is not among them; in any order it is the same.
        two = [quorum.answer("ada", order, out, passphrase="wrong") for order in (requests[:2], requests[1::-1])]
        digests = {re.search(r"^digest: ([0-9a-f]{64})$", process.stdout, re.M)[1] for process in two}
        said = two[0].stdout
        assert len(digests) == 1 and "2 validators" in said and "2 of 2 run" in said, said
        assert "not among these: 1 of 3" in said and m.nodes[2].address in said.split("not among these")[1], said
        assert all(re.search(r"request +([0-9a-f]{64})", said)[1] not in digests for _ in two)
        # One file serves both, and the third follows unasked.
        answers = []
        for alias in ("ada", "cy", "eve"):
            answers.append(quorum.folder / f"answers-{alias}")
            done(quorum.answer(alias, requests[:2], answers[-1]))
        for node in m.nodes[:2]:
            assert "enough" in done(node_command(node, "blackstart", "add", *answers))
        for node in m.nodes:
            node.wait("ready", 90)
        # All were remembered at once: another request of either account is a second one.
        power_cut(m)
        old = quorum.folder / "old"
        old.write_bytes(requests[0].read_bytes())
        again = [quorum.ask(node) for node in m.nodes]
        first, second, _ = (node.account for node in m.nodes)
        for others, waived in ((again[:1], ()), (again[1:], ()), (again[:2], (second,)), (again, (first,))):
            refused = quorum.answer("ada", others, out, *(part for account in waived for part in ("--again", account[:8])))
            assert refused.returncode == 3 and re.search(r"answered +20\d\d-.* UTC", refused.stdout), refused
            assert ((second if waived == (first,) else first) in refused.stdout) == (others != again[1:]), refused.stdout
        # Of which network it is, a key knows that was held against a ceremony's output, and no other.
        stranger = quorum.folder / "stranger"
        done(share("key", "new", stranger, *QUICK, passphrase=PASSPHRASE))
        for key, status in ((stranger, 14), (quorum.keys["bob"], 8)):
            said = quorum.share("answer", again[0], "--key", key, "--collateral", m.authority / "collateral", "--out", out)
            assert "digest: " in done(said, status) or "network_unknown" in said.stderr, said
        done(quorum.share("answer", *again, "--key", quorum.keys["ada"], "--collateral", m.authority / "collateral", "--out", out,
                          "--again", "abc"), 64)
        shown = done(quorum.answer("ada", again, out, "--again", first, "--again", second[:8]))
        assert shown.count("BUT answered") == 2 and "Every check but that of a second request" in shown, shown
        # What was made before is worth nothing to anybody, and would take the place of what is.
        superseded = quorum.answer("ada", old, out, "--again", first)
        assert superseded.returncode == 3 and "request_superseded" in superseded.stderr, superseded
        assert "another request" in node_command(m.nodes[2], "blackstart", "add", answers[0]).stderr


@tap.case
def what_is_not_as_it_should_be_is_said_at_once():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-share-"))
    with Mesh(folder, PROGRAMS, nodes=3, shares=2, threshold=2) as m:
        m.make()
        quorum = Quorum(m)
        quorum.establish()
        power_cut(m)
        request, out = quorum.ask(m.nodes[0]), quorum.folder / "out"
        # A clock that is a year ahead: not the documents have expired, nor the collateral.
        for off, how in ((400 * 86400, "400 d 0 h"), (-3 * 3600, "behind")):
            clock = OtherClock(folder / "clock")
            clock.set_ahead(off)
            wrong = quorum.answer("ada", request, out, environment=clock.environment())
            assert wrong.returncode == 7 and how in wrong.stderr and "clock" in wrong.stderr, wrong
        # A key that was copied alone: neither refused requests nor the newest documents are known to it.
        lone = quorum.folder / "lone"
        done(quorum.answer("ada", request, out))
        lone.write_bytes(quorum.keys["ada"].read_bytes())
        quorum.keys["lone"] = lone
        missing = quorum.answer("lone", request, out, passphrase="of ada")
        assert missing.returncode == 9 and "memory_missing" in missing.stderr, missing
        memory = pathlib.Path(f"{lone}.state")
        memory.write_bytes(pathlib.Path(f"{quorum.keys['bob']}.state").read_bytes())
        other = quorum.answer("lone", request, out, passphrase="of ada")
        assert other.returncode == 9 and "memory_of_another" in other.stderr, other
        memory.unlink()
        done(quorum.answer("lone", request, out, "--without-memory", passphrase="of ada"))
        assert memory.exists()
        memory.unlink()
        done(share("key", "words", lone, passphrase="of ada"))
        # What a key's memory would take the place of stays.
        memory.write_bytes(b"something")
        lone.unlink()
        assert "exists" in share("key", "new", lone, *QUICK, passphrase=PASSPHRASE).stderr
        assert memory.read_bytes() == b"something" and not lone.exists()
        # Of an output the file is named that is at fault, and each kind has its number.
        stranger, damaged = quorum.folder / "stranger", quorum.folder / "damaged"
        done(share("key", "new", stranger, *QUICK, passphrase="of ada"))
        output, key = quorum.output.read_bytes(), quorum.keys["ada"]
        share_set = ShareSet((m.authority / "documents/share-set.doc").read_bytes(), bytes.fromhex(m.network))
        sealed = share_set.body[6][0][3][share_set.aliases.index("ada")][1]
        for by, part, status, why in ((key, bytes.fromhex(m.network), 18, "another_network"), (key, sealed, 4, "bad_share"),
                                      (stranger, b"", 15, "not_a_share_holder")):
            at = output.index(part) + max(len(part) - 1, 0)
            damaged.write_bytes(output[:at] + bytes([output[at] ^ 1]) + output[at + 1:] if part else output)
            refused = share("open", damaged, "--key", by, "--out", out, passphrase="of ada")
            assert refused.returncode == status and re.search(rf"{damaged}: .*\({why}\)", refused.stderr), refused
        mistyped = share("open", quorum.output, "--key", key, passphrase="of bob")
        assert mistyped.returncode == 5 and f"{key}: " in mistyped.stderr, mistyped
        # What is no file is refused, not waited for.
        pipe = quorum.folder / "pipe"
        os.mkfifo(pipe)
        for path in (pipe, "/dev/zero", quorum.folder):
            refused = node_command(m.nodes[0], "blackstart", "add", path)
            assert refused.returncode == 1 and f"{path}: " in refused.stderr, refused
        for verb in ("deal", "ack"):
            assert f"{pipe}: " in quorum.holdfast("quorum", verb, pipe, *quorum.authority, status=1)


if __name__ == "__main__":
    sys.exit(tap.main())
