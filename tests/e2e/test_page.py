#!/usr/bin/env python3
"""What a share holder prints: pages as a printer gets them, rendered, and read back by the program that they name."""

import hashlib
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Programs  # noqa: E402
from quorum import QUICK, Token, done  # noqa: E402
from quorum import share as quorum_share  # noqa: E402

PROGRAMS = Programs(BUILD)
PASSPHRASE = "a passphrase"


def share(*arguments, **secrets):
    return quorum_share(PROGRAMS.share, *arguments, **secrets)


class Page:
    """A page that was printed."""

    def __init__(self, path, passphrase="", environment=None):
        read, write = os.pipe()
        os.write(write, passphrase.encode() + b"\n")
        os.close(write)
        self.pdf = subprocess.run([PROGRAMS.share, "print", path, "--passphrase-fd", str(read)], pass_fds=[read],
                                  capture_output=True, timeout=60, env=os.environ | (environment or {}))
        os.close(read)
        self.folder = tempfile.TemporaryDirectory()
        pdf = pathlib.Path(self.folder.name) / "page.pdf"
        pdf.write_bytes(self.pdf.stdout)
        if self.pdf.returncode == 0:
            self.text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True, text=True).stdout
            rendered = subprocess.run(["pdftoppm", "-r", "200", "-png", pdf, pdf.with_suffix("")], capture_output=True, check=True)
            assert not rendered.stderr, rendered
            self.picture = next(pathlib.Path(self.folder.name).glob("*.png"))

    def read_back(self):
        """By the very command that stands on the page."""
        line = re.search(r"^ *(zbarimg .*) PICTURE > FILE$", self.text, re.M)[1]
        return subprocess.run([*line.split(), self.picture], capture_output=True, check=True).stdout


@tap.case
def a_key_on_paper_gives_the_file_and_the_key_back():
    with tempfile.TemporaryDirectory() as folder:
        key, again, restored = (pathlib.Path(folder) / name for name in ("key", "again", "restored"))
        made = done(share("key", "new", key, *QUICK, passphrase=PASSPHRASE)).splitlines()
        page = Page(key, PASSPHRASE)
        assert page.pdf.returncode == 0, page.pdf
        again.write_bytes(page.read_back())
        assert again.read_bytes() == key.read_bytes()
        numbered = dict(re.findall(r"(\d+) ([a-z]{3,8})(?=\s)", page.text.split("24 words")[1]))
        words = " ".join(numbered[str(i)] for i in range(1, 25))
        assert words == done(share("key", "words", again, passphrase=PASSPHRASE)).strip()
        assert done(share("key", "restore", restored, *QUICK, passphrase="new", words=words)).splitlines()[:2] == made[:2]
        assert made[1].split(": ")[1] in page.text and made[0].split()[-1] in page.text
        # What is wrong leaves no page, and what was typed is nowhere.
        wrong = Page(key, "another")
        assert wrong.pdf.returncode == 5 and wrong.pdf.stdout == b"", wrong.pdf
        assert PASSPHRASE not in page.text


@tap.case
def a_token_has_no_words_to_print():
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder) / "key"
        token = Token(pathlib.Path(folder) / "tokens", "paper", "5678")
        done(share("key", "new", key, "--token", token.uri, passphrase="5678", environment=token.environment))
        page = Page(key)
        assert page.pdf.returncode == 0 and "on a token" in page.text and "24 words" not in page.text, page.text
        assert page.read_back() == key.read_bytes()


@tap.case
def what_fits_a_code_is_one_and_what_does_not_has_its_digest():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "an (odd) n\\me \u00fc"
        for size in (1, 700, 2953, 2954):
            content = bytes(i * 7 % 256 for i in range(size))
            path.write_bytes(content)
            page = Page(path)
            assert page.pdf.returncode == 0, page.pdf
            assert hashlib.sha256(content).hexdigest() in page.text and f"{size} bytes" in page.text
            assert "HOLDFAST: a file" in page.text and "(odd) n\\me" in page.text, page.text
            if size <= 2953:
                assert page.read_back() == content, size
            else:
                assert "too large for a code" in page.text and "zbarimg" not in page.text


@tap.case
def a_terminal_is_no_printer():
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder) / "key"
        done(share("key", "new", key, *QUICK, passphrase=PASSPHRASE))
        master, slave = pty.openpty()
        refused = subprocess.run([PROGRAMS.share, "print", key], stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.PIPE,
                                 text=True, timeout=60)
        os.close(slave)
        os.close(master)
        assert refused.returncode == 64 and "for a printer" in refused.stderr, refused
        done(share("print", pathlib.Path(folder) / "none"), 1)
        done(share("print"), 64)


if __name__ == "__main__":
    sys.exit(tap.main())
