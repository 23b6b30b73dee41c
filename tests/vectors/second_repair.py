#!/usr/bin/env python3
"""A second implementation of the repair of a share, made from proto/CRYPTO.md, section 12, alone: it shares no code with
the first. It splits shares, checks what is published and what is sent, restores a lost share from the rows of
tests/vectors/repair.json, and must refuse what is refused there, with the same error. TAP. usage: second_repair.py SOURCE_ROOT"""

import json
import pathlib
import sys

from second_quorum import (BASE, IDENTITY, L, Refused, add, decode_element, decode_scalar, encode_point, encode_scalar,
                           multiply, public_share, read, result_of, split, wide_hash)


def check_repair(helpers, target, helper):
    if not 1 <= len(helpers) <= 16 or not 1 <= target <= 16 or target in helpers or helper not in helpers or \
            not all(1 <= i <= 16 for i in helpers) or sorted(set(helpers)) != list(helpers):
        raise Refused("invalid_argument")


def weight(helpers, target, helper):
    result = 1
    for j in helpers:
        if j != helper:
            result = result * (target - j) * pow(helper - j, L - 2, L) % L
    return result


def split_share(share, helper, helpers, target, transcript):
    check_repair(helpers, target, helper)
    value, attempt = decode_scalar(share, "bad_scalar"), 0
    while True:
        parts = [wide_hash(b"holdfast/v1/repair-part", transcript + bytes([attempt, place]), key=share)
                 for place in range(len(helpers) - 1)]
        parts.append((weight(helpers, target, helper) * value - sum(parts)) % L)
        if 0 not in parts:
            return b"".join(map(encode_scalar, parts)), b"".join(encode_point(multiply(part, BASE)) for part in parts)
        attempt += 1


def add_points(points):
    total = IDENTITY
    for point in points:
        total = add(total, decode_element(point))
    return total


def split_check(points, helper, helpers, target, commitments):
    check_repair(helpers, target, helper)
    wanted = public_share(helper, commitments)
    published = encode_point(add_points(points))
    if published != encode_point(multiply(weight(helpers, target, helper), decode_element(wanted))):
        raise Refused("bad_share")


def add_parts(parts):
    total = sum(decode_scalar(part, "bad_scalar") for part in parts) % L
    if total == 0:
        raise Refused("bad_scalar")
    return encode_scalar(total)


def sum_check(total, points):
    wanted = encode_point(add_points(points))
    if encode_point(multiply(decode_scalar(total, "bad_scalar"), BASE)) != wanted:
        raise Refused("bad_share")


def check_split(row):
    result, made = result_of(split_share, row["share"], row["helper"], list(row["helpers"]), row["target"], row["transcript"])
    return result == row["result"] and (made or (b"", b"")) == (row["parts"], row["points"])


def check_split_check(row):
    return result_of(split_check, split(row["points"], 32), row["helper"], list(row["helpers"]), row["target"],
                     split(row["commitments"], 32))[0] == row["result"]


def check_sum(row):
    result, total = result_of(add_parts, split(row["parts"], 32))
    if result == "ok" and row["points"]:
        return total == row["sum"] and \
            result_of(sum_check, total, split(row["points"], 32))[0] == bytes(row["check"]).decode()
    return result == row["result"] and (total or b"") == row["sum"]


def restores(deal):
    """By itself, of every index in turn: the parts of five others, added up."""
    shares, commitments = split(deal["shares"], 32), split(deal["commitments"], 32)
    for target in range(1, len(shares) + 1):
        helpers = [i for i in range(1, len(shares) + 1) if i != target][-len(commitments):]
        given = {}
        for i in helpers:
            parts, points = split_share(shares[i - 1], i, helpers, target, bytes([target]) * 32)
            split_check(split(points, 32), i, helpers, target, commitments)
            given[i] = split(parts, 32), split(points, 32)
        sums = []
        for place in range(len(helpers)):
            sums.append(add_parts([given[i][0][place] for i in helpers]))
            sum_check(sums[-1], [given[i][1][place] for i in helpers])
        if add_parts(sums) != shares[target - 1]:
            return False
    return True


def main():
    vectors = json.loads((pathlib.Path(sys.argv[1]) / "tests/vectors/repair.json").read_text())
    for row in vectors["sum"]:
        row["check"] = row["check"].encode().hex()
    lists = {"split": check_split, "split_check": check_split_check, "sum": check_sum}
    print(f"1..{len(lists) + 2}")
    good = True

    def say(number, passed, what):
        print(f"{'' if passed else 'not '}ok {number} - {what}")
        return passed

    for number, (name, check_row) in enumerate(lists.items(), 1):
        wrong = [i for i, row in enumerate(vectors[name]) if not check_row(read(row))]
        good &= say(number, not wrong and bool(vectors[name]), f"{name}: {len(vectors[name])} rows")
        for i in wrong:
            print(f"# row {i}: {vectors[name][i]}")
    deal = read(vectors["deal"][0])
    lost = vectors["split"][0]["target"]
    restored = read(vectors["sum"][-1])["sum"] == split(deal["shares"], 32)[lost - 1]
    good &= say(len(lists) + 1, restored, "the sums of the rows are the lost share")
    good &= say(len(lists) + 2, restores(deal), "what it splits by itself restores every share of nine")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
