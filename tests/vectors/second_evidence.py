#!/usr/bin/env python3
"""A second implementation of proto/EVIDENCE.md, section 2, made from that page, MESSAGES.md, CRYPTO.md and the RFCs that
they name: of each file of tests/vectors/evidence.json it must say what it proves, or why it proves nothing. It shares no
code with the first. TAP. usage: second_evidence.py SOURCE_ROOT"""

import hashlib
import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from second_quorum import (BASE, D, L, P, SQRT_M1, add, decode_point, decode_scalar, encode_point, multiply, public_share,
                           split, subtract, wide_hash)
from second_quorum import Refused as NoPoint
from second_reader import Codec, Refused, hash_of, read_tables

PROMISE_S = 365 * 86400


# RFC 8032, 5.1.7, over hash("ack", statement).
def edwards(data):
    y = int.from_bytes(data, "little") & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * SQRT_M1 % P
    if y >= P or x * x % P != square:
        return None
    x = x if x % 2 == data[31] >> 7 else P - x
    return (x, y, 1, x * y % P)


def same(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


GENERATOR = edwards((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, data, signature):
    message, r, s = hash_of("ack", data), signature[:32], int.from_bytes(signature[32:], "little")
    public, commitment = edwards(key), edwards(r)
    if public is None or commitment is None or s >= L:
        return False
    challenge = int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L
    return same(multiply(s, GENERATOR), add(commitment, multiply(challenge, public)))


def word(codec, acknowledged):
    asked = codec.decode("standing", acknowledged["question"])
    said = codec.decode("ack_statement", acknowledged["statement"])
    provider = asked["header"]["provider"]
    if (said["request_hash"] != hash_of("request", acknowledged["question"]) or said["provider"] != provider
            or not signed(provider, acknowledged["statement"], acknowledged["signature"])):
        raise Refused("signature")
    return asked, said


def dated(said):
    return said.get("at_s", 0) > 0 and said.get("set_issued_s", 0) > 0 and "sealing_key" in said


def proof_is_wrong(codec, asked, proof, commitments):
    """CRYPTO.md, section 9. Commitments that are none prove nothing."""
    header = asked["header"]
    context = codec.encode("audit_context", {
        "network": header["network"], "challenge": asked["challenge"], "provider": header["provider"],
        "owner": header["owner"], "generation": asked["generation"], "index": asked["index"]})
    try:
        share = public_share(asked["index"], split(commitments, 32))
    except NoPoint:
        return False
    try:
        c, z = decode_scalar(proof[:32], "bad_proof"), decode_scalar(proof[32:], "bad_proof")
        r = encode_point(subtract(multiply(z, BASE), multiply(c, decode_point(share))))
        return c != wide_hash(b"holdfast/v1/proof-challenge", share + r + context)
    except NoPoint:
        return True


def judge_proof(codec, asked, said, commitments):
    named = asked.get("commitments_hash")
    if "challenge" not in asked or not commitments or len(commitments) % 32 or named != hash_of("commitments", commitments):
        return False
    return "proof" not in said or proof_is_wrong(codec, asked, said["proof"], commitments)


def judge_denial(codec, promise, asked, said):
    first, kept = word(codec, promise)
    share = [[q["header"][k] for k in ("network", "owner", "provider")] + [q["generation"], q["index"]] for q in (first, asked)]
    return (kept.get("holds", False) and "commitments_hash" in first and dated(kept) and not said.get("released", False)
            and asked.get("earlier") == hash_of("acknowledged", promise["statement"] + promise["signature"])
            and share[0] == share[1] and asked.get("commitments_hash") in (None, first["commitments_hash"])
            and kept["sealing_key"] == said["sealing_key"] and said["set_issued_s"] < kept["set_issued_s"] + PROMISE_S)


def judge(codec, data):
    """What a file proves; raises Refused."""
    file = codec.decode("broken_promise", data)
    asked, said = word(codec, file["breach"])
    if not dated(said):
        raise Refused("nothing_proved")
    if said.get("holds", False):
        kind, proved = "proof", judge_proof(codec, asked, said, file.get("commitments", b""))
    else:
        kind, proved = "denial", "promise" in file and judge_denial(codec, file["promise"], asked, said)
    if not proved:
        raise Refused("nothing_proved")
    return kind


def outcome(codec, row):
    try:
        return {"proves": judge(codec, bytes.fromhex(row["file"]))}
    except Refused as why:
        return {"error": str(why)}


def main():
    root = pathlib.Path(sys.argv[1])
    codec = Codec(read_tables((root / "proto/MESSAGES.md").read_text()))
    rows = json.loads((root / "tests/vectors/evidence.json").read_text())["files"]
    print(f"1..{len(rows)}")
    good = bool(rows)
    for number, row in enumerate(rows, 1):
        got = outcome(codec, row)
        right = got == {k: v for k, v in row.items() if k in ("proves", "error")}
        good &= right
        print(f"{'' if right else 'not '}ok {number} - {row['name']}" + ("" if right else f": {got}"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
