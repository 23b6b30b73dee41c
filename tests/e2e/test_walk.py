#!/usr/bin/env python3
"""The walk of somebody who reads nothing but what the programs print: from nothing to a key on seven machines, with two
commands a machine and no YAML written by hand. What was typed and printed goes to standard output as a transcript."""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import AS_ROOT, Programs, free_ports, until  # noqa: E402

MACHINES = 7


class Walk:
    """A folder, the commands that were typed, and the daemons that were started."""

    def __init__(self):
        self.held = tempfile.TemporaryDirectory(prefix="holdfast-walk-")
        self.folder = pathlib.Path(self.held.name)
        self.programs = Programs(BUILD)
        self.daemons = {}
        self.typed = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for daemon in self.daemons.values():
            daemon.kill()
            daemon.wait()
        self.held.cleanup()

    def type(self, where, line, status=0):
        """Types a line at a machine; returns what it printed."""
        words = shlex.split(line)
        self.typed.setdefault(where, []).append(line)
        print(f"# {where}$ {line}")
        if words[0] == "holdfastd":
            with open(self.folder / f"{where}.log", "ab") as log:
                self.daemons[where] = subprocess.Popen([self.programs.holdfastd, *AS_ROOT, *words[1:]], cwd=self.folder,
                                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            return ""
        done = subprocess.run([self.programs.holdfast, *words[1:]], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=90)
        for text in (done.stdout + done.stderr).splitlines():
            print(f"#   {text}")
        assert done.returncode == status, (line, done)
        return done.stdout + done.stderr

    def quietly(self, *words):
        return subprocess.run([self.programs.holdfast, *words], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=90)


def printed(text, beginning):
    """The one line that a program printed for its reader to type, without its label."""
    found = [line.strip() for line in text.splitlines() if line.strip().startswith(beginning)]
    assert found, (beginning, text)
    return found[0]


@tap.case
def seven_machines_have_a_key_after_two_commands_each():
    with Walk() as w:
        ports = free_ports(MACHINES)
        first = w.type("authority", f"holdfast network init authority --dev --validators {MACHINES}")
        init = printed(first, "holdfast node init")
        assert re.search(r"--network [0-9a-f]{64} --dev authority", init), first
        daemon = printed(first, "holdfastd")
        for i, port in enumerate(ports, 1):
            line = init.replace("HOST:PORT", f"127.0.0.1:{port}")
            line = line.replace(f"--join 127.0.0.1:{port}", f"--join 127.0.0.1:{ports[i % MACHINES]}")
            said = w.type(f"m{i}", f"{line} --dir m{i} --listen 127.0.0.1:{port}")
            assert f"wrote m{i}/holdfastd.yaml" in said and "Do not restart the node before" in said, said
            checked = subprocess.run([w.programs.holdfastd, "--check-config", "--config", f"m{i}/holdfastd.yaml"],
                                     cwd=w.folder, capture_output=True, text=True)
            assert checked.returncode == 0, checked
            w.type(f"m{i}", daemon.replace("holdfastd.yaml", f"m{i}/holdfastd.yaml"))
        add = printed(first, "holdfast --socket SOCKET set add")
        for i in range(1, MACHINES + 1):
            until(lambda i=i: w.quietly("--socket", f"m{i}/socket", "identity").returncode == 0, 30, f"m{i} has no identity")
            # Where to bind is an address that every machine takes for itself.
            words = add.replace("SOCKET", f"m{i}/socket").replace("NAME", f"operator{i}").split()[1:]
            done = w.quietly(*words, "--address", "[0::0]:7700")
            assert done.returncode == 1 and "its address is of no machine" in done.stderr, done
            w.type("authority", add.replace("SOCKET", f"m{i}/socket").replace("NAME", f"operator{i}"))
        sign = printed(first, "holdfast set sign")
        shown = w.type("authority", sign, status=2)
        confirm = re.search(r"--yes [0-9a-f]{64}", shown)[0]
        w.type("authority", f"{sign} {confirm}")
        for i in range(1, MACHINES + 1):
            done = w.quietly("--socket", f"m{i}/socket", "wait", "--for", "ready")
            assert done.returncode == 0, (done, (w.folder / f"m{i}.log").read_text()[-2000:])
            done = w.quietly("--socket", f"m{i}/socket", "key", "get", "tss-db")
            assert re.fullmatch(r"[0-9a-f]{64}\n", done.stdout), done
        status = w.quietly("--socket", "m1/socket", "status")
        for text in status.stdout.splitlines():
            print(f"#   {text}")
        assert status.returncode == 0 and "can this key come back?  yes" in status.stdout, status
        assert all(len(w.typed[f"m{i}"]) == 2 for i in range(1, MACHINES + 1)), w.typed
        assert len(w.typed["authority"]) == MACHINES + 3, w.typed["authority"]


@tap.case
def what_cannot_be_right_is_said_before_anything_is_written():
    with Walk() as w:
        network = "5f" * 32
        for words, what in ((f"--network 5f --join a:1 --address b:1", "64 hexadecimal digits"),
                            (f"--network {network} --join a:1", "--address: peers need one"),
                            (f"--network {network} --join a:1 --listen [::0]:1", "--address: peers need one"),
                            (f"--network {network} --join a:1 --address 0.0.0.0:1", "--address: peers need one"),
                            (f"--network {network} --address b:1", "--join a node of the network"),
                            (f"--network {network} --join a --address b:1", "--join a:"),
                            (f"--network {network} --join a:70000 --address b:1", "--join a:70000:"),
                            (f"--network {network} --join a:1 --address 'b c:1'", "--address b c:1:"),
                            (f"--network {network} --join a:1 --address b:1 --listen b:1", "--listen: write ip:port")):
            said = w.type("m1", f"holdfast node init {words} --dir m1", status=64)
            assert what in said and not (w.folder / "m1").exists(), said
        said = w.type("m1", f"holdfast node init --network {network} --join a:1 --address b:1 --dir {'d' * 100}", status=64)
        assert "--dir: with it" in said and not (w.folder / ("d" * 100)).exists(), said
        w.type("m1", f"holdfast node init --network {network} --join a:1 --address b:1 --dir m1")
        text = (w.folder / "m1/holdfastd.yaml").read_text()
        assert "platform: tdx" in text and "# " in text, text
        checked = subprocess.run([w.programs.holdfastd, "--check-config", "--config", "m1/holdfastd.yaml"], cwd=w.folder,
                                 capture_output=True, text=True)
        assert checked.returncode == 0, checked
        said = w.type("m1", f"holdfast node init --network {network} --join a:1 --address c:1 --dir m1", status=1)
        assert "it is there already" in said and (w.folder / "m1/holdfastd.yaml").read_text() == text, said


sys.exit(tap.main())
