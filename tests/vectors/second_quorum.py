#!/usr/bin/env python3
"""A second implementation of the quorum key, made from proto/QUORUM.md, sections 2 and 3, and the RFCs that it names alone: it
shares no code with the first. It makes and checks partial decryptions, combines them and opens, must get the bytes of
tests/vectors/crypto.json, and must refuse what is refused there, with the same error. TAP. usage: second_quorum.py
SOURCE_ROOT"""

import hashlib
import hmac
import json
import pathlib
import struct
import sys

# RFC 9496: ristretto255 over the field of 2^255 - 19.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


class Refused(Exception):
    pass


def sqrt_ratio(u, v):
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    correct, flipped, flipped_i = check == u % P, check == -u % P, check == -u * SQRT_M1 % P
    if flipped or flipped_i:
        r = r * SQRT_M1 % P
    return correct or flipped, r if r % 2 == 0 else P - r


INVSQRT_A_MINUS_D = sqrt_ratio(1, (-1 - D) % P)[1]
IDENTITY = (0, 1, 1, 0)


def decode_point(data):
    s = int.from_bytes(data, "little")
    if s >= P or s % 2 == 1:
        raise Refused("bad_point")
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-(D * u1 * u1) - u2 * u2) % P
    square, inverse = sqrt_ratio(1, v * u2 * u2 % P)
    den_x = inverse * u2 % P
    den_y = inverse * den_x * v % P
    x = 2 * s * den_x % P
    x = x if x % 2 == 0 else P - x
    y = u1 * den_y % P
    t = x * y % P
    if not square or t % 2 == 1 or y == 0:
        raise Refused("bad_point")
    return (x, y, 1, t)


def decode_element(data):
    """A point that is not the identity."""
    if data == bytes(32):
        raise Refused("bad_point")
    return decode_point(data)


def encode_point(point):
    x0, y0, z0, t0 = point
    u1, u2 = (z0 + y0) * (z0 - y0) % P, x0 * y0 % P
    _, inverse = sqrt_ratio(1, u1 * u2 * u2 % P)
    den1, den2 = inverse * u1 % P, inverse * u2 % P
    z_inverse = den1 * den2 * t0 % P
    rotate = t0 * z_inverse % P % 2 == 1
    x, y = (y0 * SQRT_M1 % P, x0 * SQRT_M1 % P) if rotate else (x0, y0)
    den = den1 * INVSQRT_A_MINUS_D % P if rotate else den2
    if x * z_inverse % P % 2 == 1:
        y = -y % P
    s = den * (z0 - y) % P
    return (s if s % 2 == 0 else P - s).to_bytes(32, "little")


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = IDENTITY
    while scalar > 0:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def subtract(p, q):
    return add(p, (-q[0] % P, q[1], q[2], -q[3] % P))


BASE = decode_point(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))


def decode_scalar(data, error):
    value = int.from_bytes(data, "little")
    if value == 0 or value >= L:
        raise Refused(error)
    return value


def encode_scalar(value):
    return (value % L).to_bytes(32, "little")


def wide_hash(label, data, key=b""):
    digest = hashlib.blake2b(bytes([len(label)]) + label + data, key=key, digest_size=64).digest()
    return int.from_bytes(digest, "little") % L


# RFC 8439: ChaCha20-Poly1305; CRYPTO.md, section 2: the generator, over the original ChaCha20.
def chacha20(key, counter_and_nonce, length):
    def quarter(a, b, c, d):
        for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[x] = (state[x] + state[y]) & 0xFFFFFFFF
            v = state[z] ^ state[x]
            state[z] = (v << by | v >> 32 - by) & 0xFFFFFFFF

    stream, block = b"", 0
    tail = list(struct.unpack("<4I", counter_and_nonce))
    while len(stream) < length:
        start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *struct.unpack("<8I", key), tail[0] + block, *tail[1:]]
        state = list(start)
        for _ in range(10):
            for column in range(4):
                quarter(column, column + 4, column + 8, column + 12)
            for diagonal in ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
                quarter(*diagonal)
        stream += struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(start, state)))
        block += 1
    return stream[:length]


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at:at + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return (total + int.from_bytes(key[16:], "little")).to_bytes(17, "little")[:16]


def aead_tag(stream, aad, cipher):
    padded = b"".join(x + bytes(-len(x) % 16) for x in (aad, cipher))
    return poly1305(stream[:32], padded + struct.pack("<QQ", len(aad), len(cipher)))


def aead_seal(key, aad, plain):
    stream = chacha20(key, bytes(16), 64 + len(plain))
    cipher = bytes(a ^ b for a, b in zip(plain, stream[64:]))
    return cipher + aead_tag(stream, aad, cipher)


def aead_open(key, aad, sealed):
    if len(sealed) < 16:
        raise Refused("decryption_failed")
    cipher = sealed[:-16]
    stream = chacha20(key, bytes(16), 64 + len(cipher))
    if aead_tag(stream, aad, cipher) != sealed[-16:]:
        raise Refused("decryption_failed")
    return bytes(a ^ b for a, b in zip(cipher, stream[64:]))


class Generator:
    def __init__(self, seed):
        self.key, self.counter = seed, 0

    def draw(self, length):
        stream = chacha20(self.key, bytes(8) + struct.pack("<Q", self.counter), max(64, 32 + length))
        self.key, self.counter = stream[:32], self.counter + 1
        return stream[32:32 + length]

    def scalar(self):
        value = 0
        while value == 0:
            value = int.from_bytes(self.draw(64), "little") % L
        return value


# QUORUM.md, section 2.
def body_key(point, c1, context):
    prk = hmac.digest(bytes(32), encode_point(point), "sha256")
    return hmac.digest(prk, b"holdfast/v1/quorum-key" + c1 + context + b"\x01", "sha256")


def seal(generator, key, context, plain):
    q = decode_element(key)
    r = generator.scalar()
    c1 = encode_point(multiply(r, BASE))
    return r, c1, aead_seal(body_key(multiply(r, q), c1, context), context, plain)


def challenge(public_share, c1, p, a, a1, context):
    return wide_hash(b"holdfast/v1/partial-challenge", public_share + c1 + p + a + a1 + context)


def partial(generator, share, c1, context):
    s, point = decode_scalar(share, "bad_scalar"), decode_element(c1)
    public_share, p = encode_point(multiply(s, BASE)), encode_point(multiply(s, point))
    t = wide_hash(b"holdfast/v1/partial-nonce", generator.draw(32) + public_share + c1 + context, key=share)
    a, a1 = encode_point(multiply(t, BASE)), encode_point(multiply(t, point))
    c = challenge(public_share, c1, p, a, a1, context)
    return p + encode_scalar(c) + encode_scalar(t + c * s)


def public_share(index, commitments):
    points = [decode_element(c) for c in commitments]
    result = IDENTITY
    for point in reversed(points):
        result = add(multiply(index, result), point)
    return encode_point(result)


def check(data, index, commitments, c1, context):
    if not 1 <= index <= 16 or not 1 <= len(commitments) <= 16:
        raise Refused("invalid_argument")
    share = public_share(index, commitments)
    c1_point, p = decode_element(c1), decode_element(data[:32])
    if share == bytes(32):
        raise Refused("bad_proof")
    c, z = decode_scalar(data[32:64], "bad_proof"), decode_scalar(data[64:], "bad_proof")
    a = subtract(multiply(z, BASE), multiply(c, decode_point(share)))
    a1 = subtract(multiply(z, c1_point), multiply(c, p))
    if c != challenge(share, c1, data[:32], encode_point(a), encode_point(a1), context):
        raise Refused("bad_proof")


def unseal(indices, partials, c1, context, body):
    if not 1 <= len(indices) <= 16 or len(set(indices)) < len(indices) or not all(1 <= i <= 16 for i in indices):
        raise Refused("invalid_argument")
    total = IDENTITY
    for i, data in zip(indices, partials):
        weight = 1
        for j in indices:
            if j != i:
                weight = weight * j * pow(j - i, L - 2, L) % L
        total = add(total, multiply(weight, decode_element(data[:32])))
    return aead_open(body_key(total, c1, context), context, body)


# SEC 2, 2.4.2: P-256, in affine coordinates; None is the identity.
P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b


def p256_decode(data):
    x, y = (int.from_bytes(data[at:at + 32], "big") for at in (1, 33))
    if len(data) != 65 or data[0] != 4 or max(x, y) >= P256 or (y * y - x**3 + 3 * x - P256_B) % P256 != 0:
        raise Refused("bad_point")
    return x, y


def p256_encode(point):
    return b"\x04" + b"".join(value.to_bytes(32, "big") for value in point)


def p256_add(p, q):
    if p is None or q is None:
        return q if p is None else p
    if p[0] == q[0] and (p[1] + q[1]) % P256 == 0:
        return None
    slope = (3 * p[0] ** 2 - 3) * pow(2 * p[1], -1, P256) if p == q else (q[1] - p[1]) * pow(q[0] - p[0], -1, P256)
    x = (slope * slope - p[0] - q[0]) % P256
    return x, (slope * (p[0] - x) - p[1]) % P256


def p256_multiply(scalar, point):
    result = None
    for bit in bin(scalar)[2:]:
        result = p256_add(result, result)
        result = p256_add(result, point) if bit == "1" else result
    return result


# RFC 9180: base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
def labeled_extract(suite, salt, label, ikm):
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")


def labeled_expand(suite, prk, label, info, length):
    return hmac.digest(prk, struct.pack(">H", length) + b"HPKE-v1" + suite + label + info + b"\x01", "sha256")[:length]


def hpke_open(secret, encapsulated, info, aad, sealed):
    """The receiver's side with DHKEM(P-256, HKDF-SHA256)."""
    own = p256_encode(p256_multiply(secret, P256_BASE))
    dh = p256_encode(p256_multiply(secret, p256_decode(encapsulated)))[1:33]
    return own, hpke_first(0x0010, dh, encapsulated, own, info, aad, sealed)


def hpke_first(kem_id, dh, encapsulated, own, info, aad, sealed):
    """The key schedule of RFC 9180, 5.1, for what both sides agreed on, and the first message."""
    kem, suite = b"KEM" + struct.pack(">H", kem_id), b"HPKE" + struct.pack(">HHH", kem_id, 1, 3)
    prk = labeled_extract(kem, b"", b"eae_prk", dh)
    shared = labeled_expand(kem, prk, b"shared_secret", encapsulated + own, 32)
    context = b"\x00" + labeled_extract(suite, b"", b"psk_id_hash", b"") + labeled_extract(suite, b"", b"info_hash", info)
    prk = labeled_extract(suite, shared, b"secret", b"")
    key, nonce = (labeled_expand(suite, prk, label, context, length) for label, length in ((b"key", 32), (b"base_nonce", 12)))
    if len(sealed) < 16:
        raise Refused("decryption_failed")
    stream = chacha20(key, bytes(4) + nonce, 64 + len(sealed) - 16)
    if aead_tag(stream, aad, sealed[:-16]) != sealed[-16:]:
        raise Refused("decryption_failed")
    return bytes(a ^ b for a, b in zip(sealed[:-16], stream[64:]))


P256_BASE = p256_decode(bytes.fromhex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                                      "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"))


def split(data, size):
    return [data[at:at + size] for at in range(0, len(data), size)]


def result_of(call, *arguments):
    try:
        return "ok", call(*arguments)
    except Refused as e:
        return str(e), None


def read(row):
    return {k: bytes.fromhex(v) if isinstance(v, str) and k != "result" else v for k, v in row.items()}


def check_seal(row):
    r, c1, body = seal(Generator(row["seed"]), row["key"], row["context"], row["plain"])
    return (encode_scalar(r), c1, body) == (row["r"], row["c1"], row["body"])


def check_partial(row):
    return partial(Generator(row["seed"]), row["share"], row["c1"], row["context"]) == row["partial"]


def check_check(row):
    return result_of(check, row["partial"], row["index"], split(row["commitments"], 32), row["c1"],
                     row["context"])[0] == row["result"]


def check_open(row):
    result, plain = result_of(unseal, list(row["indices"]), split(row["partials"], 96), row["c1"], row["context"],
                              row["body"])
    return result == row["result"] and (plain or b"") == row["plain"]


def check_p256(row):
    secret, ephemeral = (int.from_bytes(row[name], "big") for name in ("secret", "ephemeral"))
    opened = hpke_open(secret, row["encapsulated"], b"holdfast/v1/quorum-share", b"aad", row["sealed"])
    broken = result_of(hpke_open, secret, row["encapsulated"], b"holdfast/v1/quorum-share", b"aae", row["sealed"])[0]
    return opened == (row["receiver"], row["plain"]) and broken == "decryption_failed" and \
        p256_encode(p256_multiply(ephemeral, P256_BASE)) == row["encapsulated"]


def main():
    vectors = json.loads((pathlib.Path(sys.argv[1]) / "tests/vectors/crypto.json").read_text())
    lists = {"quorum_seal": check_seal, "partial": check_partial, "partial_check": check_check, "quorum_open": check_open,
             "p256_seal": check_p256}
    print(f"1..{len(lists) + 1}")
    good = True
    for number, (name, check_row) in enumerate(lists.items(), 1):
        wrong = [i for i, row in enumerate(vectors[name]) if not check_row(read(row))]
        good &= not wrong and bool(vectors[name])
        print(f"{'not ' if wrong or not vectors[name] else ''}ok {number} - {name}: {len(vectors[name])} rows")
        for i in wrong:
            print(f"# row {i}: {vectors[name][i]}")
    # What this one makes by itself opens too: shares of the dealing in the vectors, another statement, other holders.
    deal, generator = read(vectors["quorum_deal"][0]), Generator(bytes(range(32)))
    shares, commitments = split(deal["shares"], 32), split(deal["commitments"], 32)
    _, c1, body = seal(generator, commitments[0], b"context", b"plain")
    made = [(i, partial(generator, shares[i - 1], c1, b"request")) for i in (4, 16, 2)]
    for i, data in made:
        check(data, i, commitments, c1, b"request")
    opened = unseal([i for i, _ in made], [d for _, d in made], c1, b"context", body) == b"plain"
    print(f"{'' if opened else 'not '}ok {len(lists) + 1} - what it seals, three holders open")
    return 0 if good and opened else 1


if __name__ == "__main__":
    sys.exit(main())
