"""Share holders of a mesh, and what people do with them: keys, a ceremony, answers, all in files that are carried by hand.
The demonstration and the end-to-end tests use it."""

import contextlib
import os
import re
import subprocess

from mesh import check, until

HOLDERS = ["ada", "bob", "cy", "dee", "eve"]
THRESHOLD = 3
# What is remembered in these tests need not be slow to guess.
QUICK = ["--argon2", "1,64"]


def share(program, *arguments, passphrase=None, words=None, environment=None, cwd=None):
    """Runs holdfast-share; the secrets go through descriptors."""
    options, ends = [], []
    with contextlib.ExitStack() as stack:
        for option, secret in (("--passphrase-fd", passphrase), ("--words-fd", words)):
            if secret is not None:
                read, write = os.pipe()
                stack.callback(os.close, read)
                os.write(write, secret.encode() + b"\n")
                os.close(write)
                options += [option, str(read)]
                ends.append(read)
        return subprocess.run([program, *arguments, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              pass_fds=ends, timeout=60, env=os.environ | (environment or {}), cwd=cwd)


def done(process, status=0):
    check(process.returncode == status, f"{process.args}: {process.returncode}: {process.stdout}{process.stderr}")
    return process.stdout


class Token:
    """A token of SoftHSM, in a folder of its own."""

    def __init__(self, folder, label, pin):
        folder.mkdir(exist_ok=True)
        (folder / "objects").mkdir(exist_ok=True)
        config = folder / "softhsm2.conf"
        config.write_text(f"directories.tokendir = {folder / 'objects'}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.environment = {"SOFTHSM2_CONF": str(config)}
        self.uri = f"pkcs11:token={label}?module-path=/usr/lib/softhsm/libsofthsm2.so"
        done(subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", pin],
                            env=os.environ | self.environment, capture_output=True, text=True, timeout=60))


class Quorum:
    """Share holders of a mesh, each with a folder of his own, and the ceremony that made them so."""

    def __init__(self, mesh, holders=HOLDERS, threshold=THRESHOLD, names=("black-start",)):
        self.mesh = mesh
        self.holders, self.threshold, self.names = holders, threshold, names
        self.folder = mesh.folder / f"holders-{holders[0]}"
        self.folder.mkdir()
        self.keys = {alias: self.folder / alias for alias in holders}
        self.output = self.folder / "output"
        self.authority = ["--authority", str(mesh.authority)]
        self.tokens = {}
        self.days = 365

    def token(self, alias):
        """From now on this holder has a token."""
        self.tokens[alias] = Token(self.folder / f"{alias}.token", alias, "567890")

    def secret(self, alias):
        return "567890" if alias in self.tokens else f"of {alias}"

    def share(self, *arguments, environment=None, **secrets):
        environment = dict(environment or {})
        for token in self.tokens.values():
            environment |= token.environment
        return share(self.mesh.programs.share, *arguments, environment=environment, **secrets)

    def public(self, alias):
        return re.search(r"public key: +([0-9a-f]+)", done(self.share("key", "show", self.keys[alias])))[1]

    def holdfast(self, *arguments, status=0):
        process = subprocess.run([self.mesh.programs.holdfast, *map(str, arguments)], stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, timeout=60)
        done(process, status)
        return process.stdout + process.stderr

    def sign(self, *arguments):
        """A document is shown first, and signed by its digest."""
        shown = self.holdfast(*arguments, *self.authority, status=2)
        return self.holdfast(*arguments, *self.authority, "--yes", re.search(r"digest: ([0-9a-f]{64})", shown)[1])

    def make_keys(self):
        for alias, key in self.keys.items():
            how = ["--token", self.tokens[alias].uri] if alias in self.tokens else QUICK
            done(self.share("key", "new", key, *how, passphrase=self.secret(alias)))

    def from_words(self, alias):
        """The file is lost, and made again from its 24 words."""
        key = self.keys[alias]
        words = done(self.share("key", "words", key, passphrase=self.secret(alias))).strip()
        for path in (key, key.with_name(f"{key.name}.state")):
            path.unlink()
        done(self.share("key", "restore", key, *QUICK, passphrase=self.secret(alias), words=words))

    def propose(self, verb="propose"):
        holders = [part for alias in self.holders for part in ("--holder", f"{alias}={self.public(alias)}")]
        names = [part for name in self.names for part in ("--name", name)]
        return self.sign("quorum", verb, "--threshold", self.threshold, "--days", self.days, *names, *holders)

    def ceremony(self, *documents, image="ceremony"):
        """The program of a ceremony, about to begin."""
        environment = os.environ | {"HOLDFAST_DEV": str(self.mesh.authority / "dev"), "HOLDFAST_DEV_IMAGE": image}
        return subprocess.Popen([self.mesh.programs.ceremony, self.mesh.network, self.mesh.authority / "proposal.doc", self.output,
                                 self.mesh.authority / "documents/root-1.doc", *documents], env=environment, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def deal(self):
        """The ceremony, and a policy that accepts its software for that and for nothing else."""
        ceremony = self.ceremony()
        out, errors = ceremony.communicate(timeout=60)
        check(ceremony.returncode == 0, f"the ceremony: {out}{errors}")
        form = self.mesh.authority / "policy.yaml"
        rest = re.sub(r"^quorum_(key|required):.*\n", "", form.read_text(), flags=re.M).rstrip()
        text = f"quorum_key: {self.names[0]}\nquorum_required: true\n{rest}\n"
        if "role: ceremony" not in rest:
            refused = self.holdfast("quorum", "deal", self.output, *self.authority, status=1)
            digest = re.search(r"ceremonies: ([0-9a-f]{64})", refused)[1]
            text += f"  - name: ceremony\n    digest: {digest}\n    role: ceremony\n"
        form.write_text(text)
        self.sign("policy", "sign")
        self.holdfast("quorum", "deal", self.output, *self.authority)

    def acknowledge(self, *aliases):
        acks = []
        for alias in aliases:
            ack = self.folder / f"{alias}.ack"
            said = done(self.share("open", self.output, "--key", self.keys[alias], "--out", ack, passphrase=self.secret(alias)))
            assert "is right" in said and alias in said, said
            acks.append(ack)
        status = 0 if len(aliases) == len(self.holders) else 2
        return self.holdfast("quorum", "ack", *acks, *self.authority, status=status)

    def give(self, alias, request, answer, *more):
        """An old share holder gives a ceremony its shares: it reads what is shown, and confirms it."""
        arguments = ["reshard", request, "--key", self.keys[alias], "--collateral", self.mesh.authority / "collateral", "--out", answer,
                     "--network", self.mesh.network, *more]
        shown = self.share(*arguments, passphrase="")
        if shown.returncode != 8:
            return shown
        digest = re.search(r"digest: ([0-9a-f]{64})", shown.stdout)[1]
        return self.share(*arguments, "--yes", digest, passphrase=self.secret(alias))

    def reshard(self, old, aliases, looks_on=None):
        """These people share the same keys that the old ones had, of whom some give theirs to the ceremony. Whoever looks on is
        called with the ceremony's process after each answer that it took, and with whose that was."""
        self.make_keys()
        said = self.propose("reshard")
        check("takes nothing from anybody" in said, said)
        documents = self.mesh.authority / "documents"
        ceremony = self.ceremony(documents / "policy.doc", documents / "share-set.doc")
        request = self.output.with_name("output.request")
        check("request: give it" in ceremony.stdout.readline(), "the ceremony asks for nothing")
        out = ""
        for alias in aliases:
            given = self.folder / f"given-{alias}"
            done(old.give(alias, request, given))
            ceremony.stdin.write(f"{given}\n")
            ceremony.stdin.flush()
            while not (line := ceremony.stdout.readline()).startswith(f"{given}:") and line:
                pass
            out += line
            if looks_on:
                looks_on(ceremony, alias)
        ceremony.stdin.close()
        out, errors = out + ceremony.stdout.read(), ceremony.stderr.read()
        ceremony.wait(60)
        check(ceremony.returncode == 0, f"the ceremony: {out}{errors}")
        self.holdfast("quorum", "deal", self.output, *self.authority)
        self.conclude()
        return out

    def establish(self):
        self.make_keys()
        self.propose()
        self.deal()
        self.conclude()

    def conclude(self):
        """The holders acknowledge, the authority signs, and nodes are sealed."""
        self.acknowledge(*self.holders)
        self.signed = self.sign("quorum", "sign")
        version = int(re.search(r'"?version"?: *(\d+)', self.holdfast("quorum", "show", *self.authority))[1])
        running = [node for node in self.mesh.nodes if node.process is not None]
        for node in running:
            node.hang_up()

        def sealed(node):
            quorum = node.status()["quorum"]
            return quorum["sealed"] and quorum["share_set"] == version

        for node in running:
            until(lambda node=node: sealed(node), 60, f"node {node.number} is not sealed")
            if len(running) == len(self.mesh.nodes) and node.status()["open"]:
                node.wait("ready", 60)

    def answer(self, alias, requests, answer, *more, passphrase=None, environment=None):
        """What a share holder does with a request, or with several: it reads what is shown, and confirms it."""
        requests = requests if isinstance(requests, list) else [requests]
        arguments = ["answer", *requests, "--key", self.keys[alias], "--collateral", self.mesh.authority / "collateral",
                     "--out", answer, "--network", self.mesh.network, *more]
        shown = self.share(*arguments, passphrase="", environment=environment)
        if shown.returncode != 8:
            return shown
        digest = re.search(r"digest: ([0-9a-f]{64})", shown.stdout)[1]
        return self.share(*arguments, "--yes", digest, passphrase=passphrase or self.secret(alias), environment=environment)

    def ask(self, node):
        """The node's request, as a file."""
        request = self.folder / f"request-{node.number}"
        done(node_command(node, "blackstart", "request", request))
        return request

    def start(self, node, aliases, request=None):
        """Starts one node with these people's answers to its request, or to a new one."""
        request = request or self.ask(node)
        answers = []
        for alias in aliases:
            answers.append(self.folder / f"answer-{node.number}-{alias}")
            done(self.answer(alias, request, answers[-1]))
        return done(node_command(node, "blackstart", "add", *answers))


def node_command(node, *arguments):
    return subprocess.run([node.mesh.programs.holdfast, "--socket", node.socket, *map(str, arguments)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
