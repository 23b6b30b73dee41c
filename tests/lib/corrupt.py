"""A member whose account is in other hands: in a development network its keys follow from `dev.seed`, so that a test has
them too. All but its daemon's vault is real: the account, its place in the set, its identity, its TLS certificate."""

import base64
import json
import re
import struct
import subprocess
import time

from abuser import Flow, account_certificate, binary, digest, fields, number, speak

SEED = "mallory"
CONFIGURATION = f"  seed: {SEED}\n"  # below `dev:`, at the end of a node's
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")  # before the seed of an Ed25519 key


def openssl(*words, given=b""):
    return subprocess.run(["openssl", *words], input=given, check=True, capture_output=True).stdout


def stream(key, nonce):
    """64 bytes of ChaCha20, as a node's generator draws them (src/crypto/rng.c)."""
    iv = (bytes(8) + struct.pack("<Q", nonce)).hex()
    return openssl("enc", "-chacha20", "-K", key.hex(), "-iv", iv, given=bytes(64))


def listed(items):
    return (bytes([0x90 + len(items)]) if len(items) < 16 else b"\xdc" + struct.pack(">H", len(items))) + b"".join(items)


def encoded(value):
    """A field's value: a flag, a number, a text, bytes."""
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return number(value)
    if isinstance(value, str):
        return (bytes([0xa0 + len(value)]) if len(value) < 32 else b"\xd9" + bytes([len(value)])) + value.encode()
    return binary(value)


class Corrupt:
    """The keys of a node that runs with CONFIGURATION and is placed, and what it can sign."""

    def __init__(self, mesh, node):
        self.mesh, self.node, self.ballot = mesh, node, 1 << 20
        after_root = stream(digest(b"dev-seed", SEED.encode()), 0)[:32]
        self.key = mesh.folder / "corrupt"
        secret = base64.encodebytes(PKCS8 + stream(after_root, 1)[32:]).decode()
        self.key.write_text(f"-----BEGIN PRIVATE KEY-----\n{secret}-----END PRIVATE KEY-----\n")
        self.account = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER")[-32:]
        assert self.account.hex() == node.account, "the account does not follow from the seed"
        self.identity = bytes.fromhex(json.loads(node.command("identity").stdout)["identity"])
        record = bytes.fromhex(node.status()["record"]["record"])
        # Both numbers are small, and stand in one byte each.
        # The ballot under which its daemon spoke: a word under a lower one is stale.
        own = re.search(rb"\x08(\x82\x01[\x01-\x7f]\x02\xc4\x10.{16})", record, re.DOTALL)
        self.own_ballot = own[1]
        generation = re.search(rb"\x03\x83\x01.\x02([\x01-\x7f])\x03\xc4\x10(.{16})", record, re.DOTALL)
        claim = re.search(rb"\x08\x82\x01([\x01-\x7f])\x02\xc4\x10.{16}", record, re.DOTALL)
        self.known = fields((1, claim[1]), (2, generation[1]), (3, binary(generation[2])))
        self.certificate = account_certificate(mesh.folder, self.key)

    def sign(self, label, statement):
        signed = self.mesh.folder / "corrupt-statement"
        signed.write_bytes(digest(label, statement))
        return openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.key, "-in", signed)

    def claim(self):
        """The body of a claim for a higher ballot than ever: a good one, which its holders write down."""
        self.ballot += 1
        ballot = fields((1, b"\xce" + struct.pack(">I", self.ballot)), (2, binary(bytes(16))))
        statement = fields((1, binary(bytes.fromhex(self.mesh.network))), (2, binary(self.account)), (3, ballot), (4, self.known))
        versions = fields(*((key, number(1)) for key in (1, 2, 3)))
        return fields((1, versions), (2, fields((1, binary(statement)), (2, binary(self.sign(b"claim", statement))))),
                      (3, self.identity))

    def event(self, kind, incarnation=0, subject=None, issued_s=None, lasts_s=600, **more):
        """A signed_event: of itself at an incarnation, or with incarnation 0 a suspicion of another account. more: fields of
        event_statement by their numbers' names, as until_s, address, over, seen."""
        numbers = {"registered_epoch": 9, "until_s": 10, "address": 12, "over": 13, "seen": 15}
        issued_s = int(time.time()) if issued_s is None else issued_s
        stated = [(1, binary(bytes.fromhex(self.mesh.network))), (2, number(kind)), (3, binary(self.account)),
                  (4, binary(self.account if subject is None else subject)), (5, self.own_ballot)]
        stated += [(6, number(incarnation))] if incarnation else []
        stated += [(7, number(issued_s)), (8, number(issued_s + lasts_s))]
        stated += sorted((numbers[name], encoded(value)) for name, value in more.items())
        statement = fields(*stated)
        return fields((1, binary(statement)), (2, binary(self.sign(b"event", statement))))

    def gossip(self, events):
        """The body of a push."""
        versions = fields(*((key, number(1)) for key in (1, 2, 3)))
        return fields((1, versions), (2, listed(events)))

    def speak(self, node):
        """A connection to another node under its account."""
        return Flow(speak(node.address, "127.0.0.1", self.certificate))
