"""Real daemons on loopback, in development mode: each its own process, folder and port.

The demonstration and the end-to-end tests drive meshes with this; it knows how the programs are called, and they know
what must be true.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1
SEEDS_MAX = 16
# A daemon that root starts wants to be told that it is to stay root.
AS_ROOT = ["--as-root"] if os.geteuid() == 0 else []
FIRST_PORT, WINDOW, PORT_WINDOWS = 11000, 16, 1300
_held = []  # sockets whose names say that a window of ports is taken
_libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """Something that had to be so is not."""


def check(condition, text):
    if not condition:
        raise Failure(text)


def until(condition, timeout, what, pause=0.01):
    """Waits until condition() is true, and returns what it returned. Failure names what after timeout seconds."""
    deadline = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        check(time.monotonic() < deadline, f"not within {timeout} s: {what() if callable(what) else what}")
        time.sleep(pause)


def free_ports(count):
    """Ports of loopback that nobody listens on, outside the range from which the kernel gives ports away. They are this process's
    until it ends, whoever else asks here: a daemon that starts again finds its own port free, and no stranger at another's."""
    found = []
    for window in range(PORT_WINDOWS):
        window = (window + os.getpid()) % PORT_WINDOWS
        hold = socket.socket(socket.AF_UNIX)
        try:
            hold.bind(f"\0holdfast-ports-{window}")
        except OSError:
            hold.close()
            continue
        _held.append(hold)
        for port in range(FIRST_PORT + window * WINDOW, FIRST_PORT + (window + 1) * WINDOW):
            with contextlib.suppress(OSError), socket.socket() as listener:
                listener.bind(("127.0.0.1", port))
                found.append(port)
            if len(found) == count:
                return found
    raise Failure("no free ports")


def _die_with_parent():
    """Runs in the child: whatever ends the driver, SIGKILL included, ends its daemons."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Programs:
    """Where the programs are: a build folder, or a prefix into which they were installed."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.holdfastd = self._find(folder, "src/daemon/holdfastd", "holdfastd")
        self.holdfast = self._find(folder, "src/cli/holdfast", "holdfast")
        self.folder = folder

    @property
    def share(self):
        return self._find(self.folder, "src/share/holdfast-share", "holdfast-share")

    @property
    def ceremony(self):
        return self._find(self.folder, "src/ceremony/holdfast-ceremony", "holdfast-ceremony")

    @staticmethod
    def _find(folder, built, installed):
        for path in (folder / built, folder / "bin" / installed):
            if path.exists():
                return path.resolve()
        raise Failure(f"{installed} is not in {folder}")


class Node:
    """One daemon and its folder. Its number, from 1, is its name."""

    def __init__(self, mesh, number, port):
        self.mesh = mesh
        self.number = number
        self.address = f"127.0.0.1:{port}"
        self.account = None
        self.process = None
        self.within = []  # words before the daemon's own: a program that starts it in another place
        self.place(mesh.folder / f"node{number}")

    def place(self, folder):
        self.folder = folder
        self.config = folder / "holdfastd.yaml"
        self.data = folder / "data"
        self.socket = folder / "socket"
        self.log = folder / "log"

    def start(self, environment=None):
        """environment: what the daemon has in its environment besides what the driver has."""
        check(self.process is None, f"node {self.number} runs already")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.within, self.mesh.programs.holdfastd, *AS_ROOT, "--config", self.config], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=os.environ | (environment or {}), start_new_session=True,
                preexec_fn=None if self.mesh.outlive else _die_with_parent)

    def _end(self, number, timeout):
        self.process.send_signal(number)
        # A stopped process takes SIGKILL, but SIGTERM only once it goes on.
        self.process.send_signal(signal.SIGCONT)
        code = self.process.wait(timeout)
        self.process = None
        return code

    def kill(self):
        if self.process is not None:
            self._end(signal.SIGKILL, 30)

    def terminate(self):
        code = self._end(signal.SIGTERM, 30)
        check(code == 0, f"node {self.number} ended with {code} on SIGTERM")

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def lose_folder(self):
        """Deletes the data folder of a daemon that is down, and tells its configuration whose it was."""
        check(self.process is None, f"node {self.number} runs")
        shutil.rmtree(self.data)
        with self.config.open("a") as config:
            config.write(f"account: {self.account}\n")

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def command(self, *arguments, timeout=30):
        """Runs `holdfast` against this daemon's socket; returns the finished process, whatever its exit status."""
        return subprocess.run([self.mesh.programs.holdfast, "--socket", self.socket, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)

    def status(self):
        """The status as a dictionary, or None while the daemon does not answer."""
        if self.process is not None and self.process.poll() is not None:
            code = self.process.returncode
            raise Failure(f"node {self.number} ended by itself with {code}:\n{self.tail()}")
        done = self.command("status", "--json", timeout=10)
        return json.loads(done.stdout) if done.returncode in (0, 1, 2, 3) and done.stdout else None

    def identified(self):
        """Whether the daemon has an account and a quote that vouches for it."""
        return self.command("identity").returncode == 0

    def state(self):
        status = self.status()
        return status["state"] if status else None

    def state_of(self, other):
        """What this node says of another member."""
        peers = json.loads(self.command("peers", "--json").stdout)["peers"]
        return next(peer["state"] for peer in peers if peer["account"] == other.account)

    def roots(self):
        """The versions of its root secret, each with what its status says of it."""
        status = self.status()
        return {v["version"]: v for v in status["roots"]} if status else {}

    def has_active(self, version):
        """Whether this version of its root secret is the one in use."""
        return self.roots().get(version, {}).get("state") == "active"

    def wait(self, states, timeout):
        """Waits until the state is one of states; returns the seconds it took."""
        started = time.monotonic()
        states = {states} if isinstance(states, str) else set(states)
        last = None

        def reached():
            nonlocal last
            last = self.state()
            return last in states

        wanted = " or ".join(sorted(states))
        until(reached, timeout, lambda: f"node {self.number} is {last}, not {wanted}:\n{self.tail()}")
        return time.monotonic() - started

    def wait_status(self, holds, what, timeout=60):
        """Waits until holds(status) is true, and returns the status; what says what is missing."""
        last = {}

        def look():
            nonlocal last
            last = self.status() or {}
            return holds(last) and last
        return until(look, timeout, lambda: f"node {self.number}: {what}: {last}\n{self.tail()}")

    def key(self, name):
        """An application key, or None while the daemon does not release it."""
        done = self.command("key", "get", name)
        if done.returncode != 0:
            return None
        key = bytes.fromhex(done.stdout.decode().strip())
        check(len(key) == 32, f"a key of {len(key)} bytes")
        return key

    def rotated(self, name):
        """The keys between which an application moves: version and key, the older first."""
        done = self.command("key", "rotate", name, "--wait", "30", timeout=60)
        check(done.returncode == 0, f"holdfast key rotate: {done.stderr.decode().strip()}\n{self.tail()}")
        lines = (line.split() for line in done.stdout.decode().splitlines())
        return [(int(version), bytes.fromhex(key)) for version, key in lines]

    def token(self, name):
        """The fencing token that comes with a key, or None while the daemon does not release it."""
        done = self.command("key", "get", name, "--json")
        return json.loads(done.stdout)["claim"] if done.returncode == 0 else None

    def tail(self, lines=15):
        with contextlib.suppress(FileNotFoundError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return ""


class Mesh:
    """A network: its authority, and nodes that are its validators. Leaving a `with` block ends it."""

    def __init__(self, folder, programs, nodes, shares, threshold, quorum=None, outlive=False):
        """quorum: holders that must accept a restarted node; without one, the least that may be. outlive: the daemons go on when the driver ends, until someone ends them."""
        self.folder = folder
        self.programs = programs
        self.shares = shares
        self.threshold = threshold
        self.quorum = quorum or max(threshold, shares // 2 + 1)
        self.outlive = outlive
        self.authority = folder / "authority"
        self.network = None
        *ports, self.spare_port = free_ports(nodes + 1)
        self.nodes = [Node(self, number, port) for number, port in enumerate(ports, 1)]
        self.copies = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def authority_command(self, *arguments, socket_of=None):
        """Runs `holdfast` on the authority's folder; returns its standard output, Failure when it fails."""
        if arguments[1] == "sign" and "--yes" not in arguments:
            # What is to be signed is shown first: the digest confirms that very document.
            shown = subprocess.run([self.programs.holdfast, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                                   text=True, timeout=60)
            digest = [line.split()[1] for line in shown.stdout.splitlines() if line.startswith("digest: ")]
            check(shown.returncode == 2 and digest, f"holdfast {' '.join(map(str, arguments))}: {shown.stderr.strip()}")
            arguments = (*arguments, "--yes", digest[0])
        target = ["--socket", socket_of.socket] if socket_of else []
        done = subprocess.run([self.programs.holdfast, *target, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
        check(done.returncode == 0, f"holdfast {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout

    def found(self, lines=""):
        """The authority's keys, any 2 of 3 sign; the first root and policy; every node's configuration, with these lines."""
        printed = self.authority_command(
            "network", "init", self.authority, "--dev", "--keys", "3", "--threshold", "2", "--shares",
            str(self.shares), "--share-threshold", str(self.threshold), "--claim-quorum", str(self.quorum))
        self.network = printed.split()[0]
        for node in self.nodes:
            self.configure(node, lines)

    def impatient(self):
        """A policy by which a silent holder is replaced, and a silent owner is down, after some seconds."""
        form = self.authority / "policy.yaml"
        text = form.read_text()
        grace = next(line for line in text.splitlines() if line.startswith("holder_grace:"))
        form.write_text(text.replace(grace, "holder_grace: 6s"))
        self.authority_command("policy", "sign", "--authority", self.authority)

    def configure(self, node, lines=""):
        node.folder.mkdir()
        seeds = ", ".join([other.address for other in self.nodes if other is not node][:SEEDS_MAX])
        node.config.write_text(
            f"data: data\nnetwork: {self.network}\nlisten: {node.address}\nsocket: socket\n"
            f"seeds: [{seeds}]\ndocuments: {self.authority}/documents\n"
            f"collateral: {self.authority}/collateral\nplatform: dev\n"
            f"dev:\n  authority: {self.authority}/dev\n  machine: machine\n  machine_id: node{node.number}\n{lines}")

    def start_all(self):
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            until(node.identified, 30, lambda node=node: f"node {node.number} has no identity yet:\n{node.tail()}")

    def add(self, node):
        """The authority verifies the node's quote and notes its account for the next set."""
        node.account = node.status()["account"]
        self.authority_command("set", "add", "--authority", self.authority, "--operator", f"operator{node.number}",
                               "--zone", f"zone{node.number % 3}", socket_of=node)

    def sign_set(self):
        self.authority_command("set", "sign", "--authority", self.authority)
        for node in self.nodes:
            if node.process is not None:
                node.hang_up()

    def allow_old(self, node, first=None):
        """A node is blocked with an old vault, and the newer one is lost: the authority has it go on with what it has. first:
        the newer one is there, and stands still until it has: with each word more of it this one would be behind again."""
        if first is not None:
            first.freeze()
            node.kill()
            node.start()
            node.wait_status(lambda s: s.get("state") == "blocked", "it has heard the last word")
        node.wait("blocked", 60)
        shown = self.folder / "vault.json"
        shown.write_bytes(node.command("status", "--json").stdout)
        self.authority_command("set", "sequence-floor", node.account, "--record", shown, "--only-instance",
                               "--authority", self.authority)
        self.sign_set()
        node.kill()
        node.start()
        if first is not None:
            node.wait({"placed", "ready", "degraded"}, 60)
            first.thaw()

    def register(self):
        for node in self.nodes:
            self.add(node)
        self.sign_set()

    def join(self, count, lines=""):
        """So many nodes more, started and registered."""
        more = [Node(self, len(self.nodes) + i, port) for i, port in enumerate(free_ports(count), 1)]
        self.nodes += more
        for node in more:
            self.configure(node, lines)
            node.start()
        for node in more:
            until(node.identified, 30, lambda node=node: f"node {node.number} has no identity yet:\n{node.tail()}")
            self.add(node)
        self.sign_set()

    def register_again(self):
        """Adds the accounts of nodes that have begun anew, and removes those that they had before."""
        anew = []
        for node in self.nodes:
            # Who waits for its shares has the account that it had, and no identity.
            until(lambda node=node: node.identified() or node.state() == "recovering", 30,
                  lambda node=node: f"node {node.number} has no identity:\n{node.tail()}")
            if node.status()["account"] != node.account:
                anew.append(node)
        for node in anew:
            self.authority_command("set", "remove", node.account, "--authority", self.authority)
            self.add(node)
        if anew:
            self.sign_set()
        return len(anew)

    def make(self, lines=""):
        """All of the above, until every node is ready."""
        self.found(lines)
        self.start_all()
        self.register()
        for node in self.nodes:
            node.wait("ready", 90)

    def copy_of(self, node):
        """Another daemon from a copy of the folder of one that is down: the same machine, another port."""
        check(node.process is None, f"node {node.number} runs")
        copy = Node(self, node.number, self.spare_port)
        copy.place(self.folder / f"copy{node.number}")
        copy.account = node.account
        shutil.copytree(node.folder, copy.folder, ignore=shutil.ignore_patterns("socket", "log"))
        copy.config.write_text(copy.config.read_text().replace(f"listen: {node.address}", f"listen: {copy.address}"))
        self.copies.append(copy)
        return copy

    def beside(self, old, image, machine=True):
        """A daemon of another release beside one, on its machine, or not: with an empty folder, and told to take over from it."""
        new = Node(self, old.number, free_ports(1)[0])
        new.place(self.folder / f"beside{len(self.copies) + 1}")
        new.account = old.account
        new.folder.mkdir()
        text = old.config.read_text().replace(f"listen: {old.address}", 
                                              f"listen: {new.address}\naddress: {new.address}\nhandover_from: {old.address}")
        if not machine:
            text = text.replace(f"machine_id: node{old.number}", "machine_id: elsewhere")
        else:
            shutil.copy(old.folder / "machine", new.folder / "machine")
        new.config.write_text(text.replace("dev:\n", f"dev:\n  image: {image}\n"))
        self.copies.append(new)
        return new

    def accept_release(self, new, rank):
        """The authority accepts the software of a daemon that is down, by what its quotes say, and handovers without time."""
        def sign():
            self.authority_command("policy", "sign", "--authority", self.authority)
            for node in self.nodes:
                if node.process is not None:
                    node.hang_up()
        form = self.authority / "policy.yaml"
        if "handover_untimed" not in form.read_text():
            form.write_text("handover_untimed: true\n" + form.read_text())
            sign()
        new.start()
        digest = until(lambda: (new.status() or {}).get("measurement"), 30, new.tail)
        new.kill()
        self.authority_command("policy", "measurement", "add", f"release {rank}", digest, "--rank", str(rank),
                               "--authority", self.authority)
        sign()

    def close(self):
        for node in self.nodes + self.copies:
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
