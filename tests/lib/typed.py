"""Pages typed into a shell as they stand: what a backslash continues is one line, ports are free ones, and who is asked says yes."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading

from mesh import AS_ROOT, Programs, free_ports, until

BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])


def commands(display):
    """The command lines of a display: what a backslash continues is one."""
    lines, whole = [], ""
    for line in display:
        whole += line
        if whole.endswith("\\"):
            whole += "\n"
        else:
            lines.append(whole)
            whole = ""
    assert not whole, display
    return lines


def blocks(page):
    """The blocks of a page for a shell, each a list of its command lines."""
    return [commands(block.splitlines()) for block in re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.M | re.S)]


class Shell:
    """A bash in a folder of its own: a person's keyboard is its input, and its output is read. Who is asked says yes.
    programs: a build folder, or a prefix into which they were installed."""

    def __init__(self, programs=BUILD):
        self.held = tempfile.TemporaryDirectory(prefix="holdfast-examples-")
        self.folder = pathlib.Path(self.held.name)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        programs = Programs(programs)
        (self.bin / "holdfast").symlink_to(programs.holdfast)
        self.script("holdfastd", f'exec {programs.holdfastd} {" ".join(AS_ROOT)} "$@" 2>> {self.folder}/log')
        self.ports = {}
        self.keyboard, terminal = os.openpty()
        self.bash = subprocess.Popen(
            ["bash", "--norc"], cwd=self.folder, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, env={**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}"})
        os.close(terminal)
        self.said = bytearray()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.bash.pid, signal.SIGKILL)
        self.bash.wait()
        os.close(self.keyboard)
        self.held.cleanup()

    def script(self, name, text):
        (self.bin / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.bin / name).chmod(0o755)

    def _read(self):
        while True:
            data = os.read(self.bash.stdout.fileno(), 4096)
            if not data:
                return
            self.said += data

    def filled_in(self, text):
        """With free ports in place of the page's, the same for the same."""
        for port in re.findall(r"127\.0\.0\.1:(\d+)", text):
            if port not in self.ports:
                self.ports[port] = free_ports(1)[0]
        return re.sub(r"127\.0\.0\.1:(\d+)", lambda m: f"127.0.0.1:{self.ports[m[1]]}", text)

    def type(self, line):
        """Types a line; returns what was printed. It must succeed."""
        print(f"# $ {line.splitlines()[0]}")
        before = len(self.said)
        os.write(self.keyboard, self.filled_in(line).encode() + b"\n")
        if "set sign" in line:
            self.wait_for(before, rb"sign it\? \[yes/no\] ", line)
            os.write(self.keyboard, b"yes\n")
            self.wait_for(before, rb"in force: ", line)
        os.write(self.keyboard, b'echo "=status $?="\n')
        status = self.wait_for(before, rb"=status (\d+)=\n", line)
        text = bytes(self.said[before:status.start()]).decode()
        for shown in text.splitlines():
            print(f"#   {shown}")
        assert status[1] == b"0", f"{line}:\n{text}\n{self.log()}"
        return text

    def wait_for(self, before, pattern, line):
        compiled = re.compile(pattern)
        return until(lambda: compiled.search(self.said, before), 90,
                     lambda: f"{line}: {bytes(self.said[before:])}\n{self.log()}")

    def log(self):
        """The last lines of what the daemons said."""
        log = self.folder / "log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-20:]) if log.exists() else ""
