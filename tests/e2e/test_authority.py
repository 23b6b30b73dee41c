#!/usr/bin/env python3
"""A network's authority at work: its forms, what it signs, and what it refuses to. No daemon runs.

usage: test_authority.py [CASE ...]
"""

import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib")]

import tap  # noqa: E402

HOLDFAST = BUILD / "src/cli/holdfast"
STRICT = {
    "td_attributes_mask": "ffffff37ffffff7f",
    "td_attributes_value": "0000001000000000",
    "xfam_mask": "1824f9ffffffffff",
    "xfam_value": "00" * 8,
    "seam_attributes_mask": "ff" * 8,
    "seam_attributes_value": "00" * 8,
    "mrservicetd": "00" * 48,
    "mrconfigid": "00" * 48,
    "mrowner": "00" * 48,
    "mrownerconfig": "00" * 48,
}


class Desk:
    """A folder to work in, and the command."""

    def __enter__(self):
        self.held = tempfile.TemporaryDirectory(prefix="holdfast-authority-")
        self.folder = pathlib.Path(self.held.name)
        return self

    def __exit__(self, *_):
        self.held.cleanup()

    def run(self, *words, status=0, **more):
        done = subprocess.run([HOLDFAST, *map(str, words)], cwd=self.folder, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, **more)
        assert done.returncode == status, (words, done)
        return done

    def form(self, name="policy.yaml"):
        return self.folder / "authority" / name

    def replace(self, old, new):
        text = self.form().read_text()
        assert old in text, (old, text)
        self.form().write_text(text.replace(old, new))


@tap.case
def a_new_network_writes_out_what_a_host_may_not_choose():
    for dev in ([], ["--dev"]):
        with Desk() as d:
            d.run("network", "init", "authority", *dev)
            text = d.form().read_text()
            for name, value in STRICT.items():
                assert f'{name}: "{value}"\n' in text, (name, text)


@tap.case
def a_policy_that_has_expired_accepts_no_quote():
    with Desk() as d:
        d.run("network", "init", "authority", "--dev")
        quote = d.folder / "quote"
        quote.write_bytes(b"\4\0")
        words = ["quote", "verify", quote, "--collateral", "authority/collateral", "--policy"]
        signed = "authority/documents/policy.doc"
        now = d.run(*words, signed, status=1).stdout
        late = d.run(*words, signed, "--at", "2099-01-01T00:00:00Z", status=1).stdout
        form = d.run(*words, "authority/policy.yaml", "--at", "2099-01-01T00:00:00Z", status=1).stdout
        lines = [[x for x in text.splitlines() if x.startswith("policy_dates")] for text in (now, late, form)]
        assert " pass " in lines[0][0] and " FAIL " in lines[1][0] and not lines[2], lines


sys.exit(tap.main())
