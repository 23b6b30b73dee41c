"""Set signers that follow a chain: each with a node of its own, beside five validators that are real daemons."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "contrib/lib"), str(SOURCE / "contrib/adaptors")]

import substrate  # noqa: E402
import substrate_node  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402

ADAPTOR = SOURCE / "contrib/adaptors/substrate.py"


def entry_key(validator):
    return substrate.entry("Holdfast", "Nodes", validator)


class Signer:
    """A set signer: its folder, its key, and a node of the chain of its own."""

    def __init__(self, network, number):
        self.network, self.number = network, number
        self.folder = network.mesh.folder / f"signer{number}"
        (self.folder / "keys").mkdir(parents=True)
        key = self.folder / "keys" / "own.key"
        self.public = network.holdfast("authority", "key", "new", key)[1].strip()
        self.node = substrate_node.Node(network.chain, entry_key)

    def place(self):
        """The documents, collateral and form that it starts from; the first signer's are what the daemons read."""
        authority = self.network.mesh.authority
        (self.folder / "collateral").symlink_to(authority / "collateral")
        if self.number == 0:
            (self.folder / "documents").symlink_to(authority / "documents")
        else:
            shutil.copytree(authority / "documents", self.folder / "documents")

    def round(self, environment=None):
        """One round: its exit status, and what it said. environment: what it has besides."""
        network = self.network
        genesis = self.network.chain.blocks[0].hash[2:]
        return network.holdfast("authority", "follow", "--authority", self.folder, "--exchange",
                                network.mesh.folder / "exchange", "--chain", genesis, "--turn", "1", "--every", "2",
                                "--once", "--", ADAPTOR, "--url", self.node.url, environment=environment)


class Network:
    """Five validators that the authority registered, a sixth that waits, three set signers of whom two sign. lines: below
    `dev:` in the configuration of the fifth."""

    def __init__(self, lines=""):
        self.lines = lines

    def __enter__(self):
        self.mesh = Mesh(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-follow-")), Programs(BUILD), nodes=6, shares=3,
                         threshold=2)
        m = self.mesh
        self.chain = substrate_node.Chain()
        m.found()
        with m.nodes[4].config.open("a") as config:
            config.write(self.lines)
        form = m.authority / "policy.yaml"
        form.write_text(form.read_text().replace("holder_grace: 10m", "holder_grace: 2s"))
        self.signers = [Signer(self, number) for number in range(3)]
        root = json.loads(self.holdfast("authority", "root", "show", "--authority", m.authority)[1].splitlines()[0])
        words = [word for key in root["keys"] for word in ("--signer", key["key"])]
        words += [word for signer in self.signers for word in ("--set-signer", signer.public)]
        self.sign("authority", "root", "sign", *words, "--threshold", "2", "--set-threshold", "2")
        m.authority_command("policy", "sign", "--authority", m.authority)
        m.start_all()
        for node in m.nodes[:5]:
            m.add(node)
        m.sign_set()
        for node in m.nodes[:5]:
            node.wait("ready", 60)
        m.nodes[5].account = m.nodes[5].status()["account"]
        for signer in self.signers:
            signer.place()
        self.members = {bytes([number + 1]) * 32: self.entry(node) for number, node in enumerate(m.nodes[:5])}
        self.members[b"\x77" * 32] = None  # validates, and runs no Holdfast
        self.grow()
        return self

    def __exit__(self, *_):
        for signer in self.signers:
            signer.node.close()
        self.mesh.close()

    def holdfast(self, *words, environment=None):
        done = subprocess.run([self.mesh.programs.holdfast, *words], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=60, env=os.environ | (environment or {}))
        return done.returncode, done.stdout + done.stderr

    def sign(self, *words):
        words = (*words, "--authority", self.mesh.authority)
        status, shown = self.holdfast(*words)
        assert status == 2, shown
        digest, = [line.split()[1] for line in shown.splitlines() if line.startswith("digest: ")]
        status, shown = self.holdfast(*words, "--yes", digest)
        assert status == 0, shown

    @staticmethod
    def entry(node):
        return (node.account, node.address, f"operator{node.number}", f"zone{node.number % 3}")

    def grow(self, **more):
        self.chain.grow(int(time.time()), self.members, **more)

    def set(self, signer=0):
        """The set in force in a signer's folder."""
        text = self.holdfast("set", "show", "--authority", self.signers[signer].folder)[1]
        found = json.loads(text.splitlines()[0])
        return found["epoch"], {one["account"] for one in found["validators"]}

    def rounds(self, holds, timeout=60):
        """Rounds of every signer until holds() is true."""
        said = []

        def turn():
            for signer in self.signers:
                status, text = signer.round()
                said.append((signer.number, status, text))
            return holds()
        until(turn, timeout, lambda: "\n".join(map(str, said[-9:])), pause=0.3)
        return said
