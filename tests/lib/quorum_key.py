"""A quorum key, rebuilt from what share holders wrote down (proto/QUORUM.md, 3), and looked for in the memory of processes."""

import os
import pathlib
import sys

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
sys.path.insert(0, str(SOURCE / "tests/vectors"))

import second_quorum as group  # noqa: E402
from second_reader import Reader, hash_of  # noqa: E402

WORDS = (SOURCE / "src/crypto/english.txt").read_text().split()
FIELD = group.P


def _value(reader):
    """What stands next, as numbers, bytes, lists and dictionaries."""
    kind, value = reader.item()
    if kind == "array":
        return [_value(reader) for _ in range(value)]
    if kind == "map":
        return dict((_value(reader), _value(reader)) for _ in range(value))
    return value


def _x25519(secret, point):
    """RFC 7748, 5."""
    k = int.from_bytes(secret, "little") & ~7 & (2**254 - 1) | 2**254
    u = int.from_bytes(point, "little") & (2**255 - 1)
    x2, z2, x3, z3, swapped = 1, 0, u, 1, 0
    for bit in reversed(range(255)):
        if swapped != k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        swapped = k >> bit & 1
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % FIELD, b * b % FIELD, d * a % FIELD, c * b % FIELD
        x3, z3 = (da + cb) ** 2 % FIELD, u * (da - cb) ** 2 % FIELD
        x2, z2 = aa * bb % FIELD, (aa - bb) * (aa + 121665 * (aa - bb)) % FIELD
    if swapped:
        x2, z2 = x3, z3
    return (x2 * pow(z2, FIELD - 2, FIELD) % FIELD).to_bytes(32, "little")


def _text(data):
    return bytes([0xD9, len(data)]) + data if len(data) > 31 else bytes([0xA0 | len(data)]) + data


class ShareSet:
    """A share set as it was signed."""

    def __init__(self, document, network):
        self.body = _value(Reader(_value(Reader(document))[3]))
        self.network = network
        self.aliases = [holder[1].decode() for holder in self.body[5]]

    def share(self, alias, words, key=0):
        """(index, share) of a holder, opened with the 24 words of its personal key."""
        bits = "".join(f"{WORDS.index(word):011b}" for word in words.split())
        suite = b"KEM\x00\x20"
        secret = group.labeled_expand(suite, group.labeled_extract(suite, b"", b"dkp_prk", int(bits[:256], 2).to_bytes(32, "big")),
                                      b"sk", b"", 32)
        index, name = self.aliases.index(alias) + 1, self.body[6][key][1]
        sealed = self.body[6][key][3][index - 1][1]
        aad = b"\x84\x01\xc4\x20" + self.network + b"\x02\xc4\x20" + self.body[7] + b"\x03" + _text(name) + b"\x04" + bytes([index])
        own, encapsulated = _x25519(secret, (9).to_bytes(32, "little")), sealed[:32]
        share = group.hpke_first(0x0020, _x25519(secret, encapsulated), encapsulated, own, b"holdfast/v1/quorum-share", aad,
                                 sealed[32:])
        return index, group.decode_scalar(share, "bad_scalar")

    def rebuild(self, shares, key=0):
        """The quorum key, of (index, share) of as many holders as it takes: what the first commitment commits to."""
        assert len(shares) == self.body[4], shares
        secret = 0
        for i, share in shares:
            factor = 1
            for j, _ in shares:
                if j != i:
                    factor = factor * j * pow(j - i, -1, group.L) % group.L
            secret = (secret + factor * share) % group.L
        committed = self.body[6][key][2][:32]
        assert group.encode_point(group.multiply(secret, group.BASE)) == committed, "these shares make another key"
        return secret


def halves(scalar):
    """What to look for: a copy that was cut, or that lies the other way round, shows too."""
    data = scalar.to_bytes(32, "little")
    return [piece for half in (data[:16], data[16:]) for piece in (half, half[::-1])]


def in_memory(pid, pieces):
    """Whether a process has one of these pieces anywhere in its memory, guarded pages included."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, _, _, _, inode, *name = line.split(None, 5)
            if name and name[0].startswith(("[vvar", "[vsyscall")):
                continue
            first, last = (int(end, 16) for end in span.split("-"))
            try:
                content = _read(memory, first, last)
            except OSError:
                # A page that guards another one holds nothing and lets nobody in.
                assert inode == "0", line
                continue
            if any(piece in content for piece in pieces):
                return True
    return False


def _read(memory, first, last):
    content = b""
    while first < last:
        memory.seek(first)
        piece = memory.read(min(last - first, 1 << 20))
        if not piece:
            break
        content += piece
        first += len(piece)
    return content
