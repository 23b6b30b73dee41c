#!/usr/bin/env python3
"""A second implementation of a whole repair and a whole handover, made from proto/REPAIR.md, MESSAGES.md, CRYPTO.md and the
RFCs that they name; it shares no code with the first. What each helper, the new holder, the leaver and the voters send in a
run with real cryptography it makes anew from their secrets, and it must be the same, byte for byte; what is sealed it opens.
What was changed on the way it must refuse, and name who sent it. TAP. usage: second_moved.py SOURCE_ROOT VECTORS [PROGRAM]
PROGRAM prints a run as VECTORS has one; what it prints now is read too."""

import hashlib
import hmac
import json
import pathlib
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from second_evidence import GENERATOR, P  # noqa: E402
from second_quorum import (BASE, L, Refused, aead_tag, chacha20, decode_scalar, encode_point, encode_scalar,  # noqa: E402
                           labeled_expand, labeled_extract, multiply, public_share, split)
from second_reader import Codec, hash_of, read_tables  # noqa: E402
from second_repair import add_parts, split_check, split_share, sum_check  # noqa: E402


# RFC 8032, 5.1.6, over hash(label, data).
def compress(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")


def sign(secret, label, data):
    seed, public, message = secret[:32], secret[32:], hash_of(label, data)
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    r = int.from_bytes(hashlib.sha512(digest[32:] + message).digest(), "little") % L
    commitment = compress(multiply(r, GENERATOR))
    challenge = int.from_bytes(hashlib.sha512(commitment + public + message).digest(), "little") % L
    return commitment + ((r + challenge * scalar) % L).to_bytes(32, "little")


# RFC 7748, 5.
def x25519(scalar, u):
    k = int.from_bytes(scalar, "little") & (1 << 254) - 8 | 1 << 254
    x1 = int.from_bytes(u, "little") % (1 << 255)
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if swap ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a, b * b, d * a, c * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def open_sealed(node, info, aad, sealed):
    """RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305: the first message."""
    enc, cipher = sealed[:32], sealed[32:]
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x03"
    prk = labeled_extract(kem, b"", b"eae_prk", x25519(node["sealing_secret"], enc))
    shared = labeled_expand(kem, prk, b"shared_secret", enc + node["sealing_public"], 32)
    context = b"\x00" + labeled_extract(suite, b"", b"psk_id_hash", b"") + labeled_extract(suite, b"", b"info_hash", info)
    prk = labeled_extract(suite, shared, b"secret", b"")
    key, nonce = (labeled_expand(suite, prk, label, context, length) for label, length in ((b"key", 32), (b"base_nonce", 12)))
    stream = chacha20(key, bytes(4) + nonce, 64 + len(cipher) - 16)
    if not hmac.compare_digest(aead_tag(stream, aad, cipher[:-16]), cipher[-16:]):
        raise Refused("decryption_failed")
    return bytes(a ^ b for a, b in zip(cipher[:-16], stream[64:]))


def unhex(value):
    """Whatever is a text of hexadecimal digits in a run."""
    if isinstance(value, dict):
        return {k: unhex(v) if k not in ("message",) else v for k, v in value.items()}
    if isinstance(value, list):
        return [unhex(v) for v in value]
    return bytes.fromhex(value) if isinstance(value, str) else value


class Run:
    """What was sent, decoded; who has which secrets; the owner's record."""

    def __init__(self, codec, run):
        run = unhex(run)
        self.codec, self.network = codec, run["network"]
        self.record = codec.decode("placement_record", run["record"])
        self.index = {h["account"]: h["index"] for h in self.record["holders"]}
        self.nodes = {n["account"]: n for n in run["nodes"]}
        self.messages = [(m["message"], m["from"], m["to"], codec.decode(m["message"], m["body"])) for m in run["messages"]]
        self.commitments = split(self.record["commitments"], 32)

    def all(self, name):
        return [(sender, receiver, body) for message, sender, receiver, body in self.messages if message == name]

    def fits(self, index, share):
        return encode_point(multiply(decode_scalar(share, "bad_scalar"), BASE)) == public_share(index, self.commitments)

    def kept_word(self, statement, holder):
        return self.codec.encode("transfer_word", {"network": self.network, "transfer": hash_of("transfer-hash", statement),
                                                   "holder": holder})


class Repair(Run):
    """REPAIR.md, section 8, from the shares and keys of all who take part."""

    def __init__(self, codec, run):
        super().__init__(codec, run)
        request = self.all("split_request")[0][2]
        self.transfer, self.repair = request["transfer"], request["repair"]
        self.t, self.s = codec.decode("transfer_statement", self.transfer), codec.decode("repair_statement", self.repair)
        self.helpers = [h["account"] for h in self.t["helpers"]]
        self.places = [self.index[account] for account in self.helpers]
        self.target, self.transcript = self.t["index"], hash_of("repair", self.repair)
        self.given = {account: split_share(self.nodes[account]["share"], self.index[account], self.places, self.target,
                                           self.transcript) for account in self.helpers}
        self.all_points = hash_of("repair-points", b"".join(self.given[account][1] for account in self.helpers))

    def word(self, giver, taker=0, points=None, value=None):
        fields = {"repair": self.transcript, "giver": self.index[giver]}
        if taker:
            fields["taker"] = taker
        if points:
            fields["points"] = points
        if value:
            fields["value"] = hash_of("repair-value", value)
        return self.codec.encode("repair_word", fields)

    def opened(self, taker, giver, index, sealed, points=None):
        """The scalar that was sealed to a node; its giver's signature is behind it."""
        plain = open_sealed(self.nodes[taker], b"holdfast/v1/repair", self.word(giver, index, points), sealed)
        value, signature = plain[:32], plain[32:]
        if signature != sign(self.nodes[giver]["sign_secret"], "repair-word", self.word(giver, index, points, value)):
            raise Refused("signature")
        return value

    def plan(self):
        t, keys = self.t, split(self.s["keys"], 32)
        holder = next(account for account, index in self.index.items() if index == self.target)
        return (self.s["transfer"] == hash_of("transfer-hash", self.transfer) and t["from"] == holder
                and t["network"] == self.network and t["owner"] == self.record["owner"]
                and t["generation"] == self.record["generation"] and t["to"] not in self.index
                and len(self.helpers) == self.record["threshold"] == len(keys) - 1 and self.places == sorted(set(self.places))
                and self.target not in self.places
                and keys == [self.nodes[account]["sealing_public"] for account in (*self.helpers, t["to"])])

    def consent(self, account):
        return sign(self.nodes[account]["sign_secret"], "restored", self.transfer)

    def points_signature(self, account):
        points = hash_of("repair-points", self.given[account][1])
        return sign(self.nodes[account]["sign_secret"], "repair-word", self.word(account, 0, points))

    def splits(self):
        """What each helper but the asker answers; and its parts, opened by those whom they are for."""
        good = len(self.all("split_response")) == len(self.helpers) - 1
        for sender, _, body in self.all("split_response"):
            parts, points = self.given[sender]
            split_check(split(points, 32), self.index[sender], self.places, self.target, self.commitments)
            good &= body["points"] == points and body["consent"] == self.consent(sender)
            good &= body["signature"] == self.points_signature(sender)
            for account, part, sealed in zip(self.helpers, split(parts, 32), body["parts"]):
                good &= self.opened(account, sender, self.index[account], sealed["sealed"]) == part
        return good

    def signed_transfer(self, body):
        consents = [self.consent(account) for account in self.helpers]
        return body["statement"] == self.transfer and body["signature"] == consents[0] and \
            body["others"] == b"".join(consents[1:])

    def sum_of(self, place):
        return add_parts([split(self.given[account][0], 32)[place] for account in self.helpers])

    def sums(self):
        good = len(self.all("sum_response")) == len(self.helpers) - 1
        for _, receiver, body in self.all("sum_request"):
            place = self.helpers.index(receiver)
            good &= self.signed_transfer(body["transfer"]) and body["repair"] == self.repair
            for account, each in zip(self.helpers, body["splits"]):
                good &= each["points"] == self.given[account][1] and each["signature"] == self.points_signature(account)
                good &= self.opened(receiver, account, self.index[receiver], each["sealed"]) == \
                    split(self.given[account][0], 32)[place]
        for sender, _, body in self.all("sum_response"):
            good &= self.opened(self.t["to"], sender, self.target, body["sealed"], self.all_points) == \
                self.sum_of(self.helpers.index(sender))
        return good

    def restores(self):
        _, receiver, body = self.all("restore_request")[-1]
        values = [self.opened(receiver, account, self.target, each["sealed"], self.all_points)
                  for account, each in zip(self.helpers, body["sums"])]
        for place, value in enumerate(values):
            sum_check(value, [split(self.given[account][1], 32)[place] for account in self.helpers])
        share = add_parts(values)
        lost = next(n["share"] for n in self.nodes.values() if n["account"] == self.t["from"])
        return receiver == self.t["to"] and self.signed_transfer(body["transfer"]) and body["repair"] == self.repair and \
            self.fits(self.target, share) and share == lost and "accused" not in self.all("restore_response")[-1][2]

    def told(self):
        good = True
        for sender, _, body in self.all("transfer_response"):
            good &= body["signature"] == sign(self.nodes[sender]["sign_secret"], "transfer-kept",
                                              self.kept_word(self.transfer, sender))
        return good and all(self.signed_transfer(body["transfer"]) for _, _, body in self.all("transfer_request"))

    def cheats(self):
        """Of each helper: points that do not add up, a part that is not what it published, another sum."""
        named = 0
        for place, account in enumerate(self.helpers):
            parts, points = self.given[account]
            for call in (lambda: split_check(split(points, 32)[1:] + [split(points, 32)[1]], self.index[account],
                                             self.places, self.target, self.commitments),
                         lambda: sum_check(split(parts, 32)[0], [split(points, 32)[1]]),
                         lambda: sum_check(split(parts, 32)[0],
                                           [split(self.given[each][1], 32)[place] for each in self.helpers])):
                try:
                    call()
                except Refused as why:
                    named += str(why) == "bad_share"
        return named == 3 * len(self.helpers)


class Handover(Run):
    """REPAIR.md, sections 2 and 3."""

    def __init__(self, codec, run):
        super().__init__(codec, run)
        self.leaver, self.to, request = self.all("handover_request")[0]
        self.transfer = request["transfer"]["statement"]
        self.t = codec.decode("transfer_statement", self.transfer)

    def statement(self):
        t, record = self.t, self.record
        order = {"claim": record["ballot"]["number"], "generation": record["generation"]["number"],
                 "id": record["generation"]["id"]}
        return (t["from"] == self.leaver and t["to"] == self.to and t["index"] == self.index[self.leaver]
                and t["network"] == self.network and t["owner"] == record["owner"] and t["newest"] == order
                and t["generation"] == record["generation"] and "helpers" not in t and self.to not in self.index)

    def signed(self):
        signature = sign(self.nodes[self.leaver]["sign_secret"], "transfer", self.transfer)
        return all(body["transfer"] == {"statement": self.transfer, "signature": signature}
                   for name in ("transfer_request", "handover_request") for _, _, body in self.all(name))

    def kept(self):
        words = self.all("transfer_response")
        return len(words) >= self.record["quorum"] and all(
            body["signature"] == sign(self.nodes[sender]["sign_secret"], "transfer-kept", self.kept_word(self.transfer, sender))
            for sender, _, body in words)

    def share(self):
        aad = self.codec.encode("deposit_aad", {"network": self.network, "owner": self.record["owner"], "provider": self.to,
                                                "generation": self.record["generation"], "index": self.t["index"]})
        shares = {open_sealed(self.nodes[self.to], b"holdfast/v1/handover", aad, body["sealed"])
                  for _, _, body in self.all("handover_request")}
        return shares == {self.nodes[self.leaver]["share"]} and self.fits(self.t["index"], shares.pop())

    def votes(self):
        """Once q of the others keep the transfer, each for an index of its own that is not the leaver's."""
        answers = self.all("handover_response")
        last = self.all("handover_request")[-1][2]
        good = all(k["signature"] == sign(self.nodes[k["holder"]]["sign_secret"], "transfer-kept",
                                          self.kept_word(self.transfer, k["holder"])) for k in last["kept"])
        indices = {self.index[k["holder"]] for k in last["kept"]} - {self.t["index"]}
        for _, _, body in answers:
            word = {"network": self.network, "transfer": hash_of("transfer-hash", self.transfer), "holder": self.to}
            if body.get("votes"):
                word["votes"] = True
            good &= body["signature"] == sign(self.nodes[self.to]["sign_secret"], "handed-over",
                                              self.codec.encode("handover_word", word))
        said = [body.get("votes", False) for _, _, body in answers]
        return good and len(indices) >= self.record["quorum"] and said[-1] and not said[0]


def main():
    root = pathlib.Path(sys.argv[1])
    codec = Codec(read_tables((root / "proto/MESSAGES.md").read_text()))
    runs = [("recorded", json.loads(pathlib.Path(sys.argv[2]).read_text()))]
    if len(sys.argv) > 3:
        runs.append(("now", json.loads(subprocess.run([sys.argv[3]], check=True, stdout=subprocess.PIPE).stdout)))
    repair = ("plan", "splits", "sums", "restores", "told", "cheats")
    handover = ("statement", "signed", "kept", "share", "votes")
    print(f"1..{len(runs) * (len(repair) + len(handover))}")
    number, good = 0, True
    for when, run in runs:
        for made, steps in ((Repair(codec, run["repair"]), repair), (Handover(codec, run["handover"]), handover)):
            for step in steps:
                number += 1
                passed = getattr(made, step)()
                good &= passed
                print(f"{'' if passed else 'not '}ok {number} - {when}: {type(made).__name__.lower()}, {step}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
