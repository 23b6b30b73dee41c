#!/usr/bin/env python3
"""What a Substrate chain says of its validators, for `holdfast authority follow` (proto/FOLLOW.md).

    substrate.py --url http://127.0.0.1:9944 [--pallet Holdfast] [--item Nodes] [--since NUMBER]

Prints one JSON object: the set at the newest *finalised* block, and nothing of later ones. The calls, in this order, to
the operator's own node:

    chain_getBlockHash(0)            which chain it is
    chain_getFinalizedHead           the block at which everything else is read
    chain_getHeader(head)            its number
    state_getStorage(key, head)      Timestamp.Now; Session.Validators
    state_queryStorageAt(keys, head) Holdfast.Nodes of each of these
    chain_getBlockHash(NUMBER)       of the block that was final when --since was

A node that follows a finality gadget never takes a finalised block back. This one is not believed in that: who runs
this hands back the newest block that it has gone by, and stops where the chain has another in its place. A node that
lies about storage deceives this signer alone: a set needs as many signers as the root asks for, each with a node of
its own.

Session.Validators is Vec<AccountId32>. Nodes is a map that the chain keeps for Holdfast: Twox64Concat of an AccountId32
to a struct of the Holdfast account ([u8; 32]), its address, operator and zone (each Vec<u8>, UTF-8). A validator without
an entry has no Holdfast daemon, and is left out; of an entry that is something else the account alone is printed. The
chain has to keep an account from standing in two entries: such a one can neither enter nor move.
"""

import argparse
import json
import struct
import sys
import urllib.request

TIMEOUT_S = 20
ANSWER_MAX = 4 << 20
KEYS_AT_ONCE = 256
VALIDATORS_MAX = 16384  # that FOLLOW.md has read; what a node says of so many is bounded with them
MASK = (1 << 64) - 1
P1, P2, P3, P4, P5 = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579,
                      2870177450012600261)


class Wrong(Exception):
    """The node has answered something that cannot be used."""


# ---- hashes of storage keys: xxHash64 by its specification, 64 bits for each seed


def rotated(value, bits):
    return (value << bits | value >> (64 - bits)) & MASK


def mixed(lane, word):
    return rotated((lane + word * P2) & MASK, 31) * P1 & MASK


def xxh64(data, seed):
    length, at = len(data), 0
    if length >= 32:
        lanes = [(seed + P1 + P2) & MASK, (seed + P2) & MASK, seed, (seed - P1) & MASK]
        while length - at >= 32:
            lanes = [mixed(lane, word) for lane, word in zip(lanes, struct.unpack_from("<4Q", data, at))]
            at += 32
        value = sum(rotated(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            value = ((value ^ mixed(0, lane)) * P1 + P4) & MASK
    else:
        value = (seed + P5) & MASK
    value = (value + length) & MASK
    while length - at >= 8:
        value = (rotated(value ^ mixed(0, struct.unpack_from("<Q", data, at)[0]), 27) * P1 + P4) & MASK
        at += 8
    if length - at >= 4:
        value = (rotated(value ^ struct.unpack_from("<I", data, at)[0] * P1 & MASK, 23) * P2 + P3) & MASK
        at += 4
    for byte in data[at:]:
        value = rotated(value ^ byte * P5 & MASK, 11) * P1 & MASK
    for shift, factor in ((33, P2), (29, P3), (32, 1)):
        value = (value ^ value >> shift) * factor & MASK
    return value


def twox(data, bits):
    return b"".join(struct.pack("<Q", xxh64(data, seed)) for seed in range(bits // 64))


def item(pallet, name):
    return twox(pallet.encode(), 128) + twox(name.encode(), 128)


def entry(pallet, name, key):
    return item(pallet, name) + twox(key, 64) + key


# ---- SCALE


class Reader:
    """The bytes of a storage value, taken from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if len(self.data) - self.at < count:
            raise Wrong("a storage value is too short")
        self.at += count
        return self.data[self.at - count:self.at]

    def compact(self):
        first = self.take(1)[0]
        if first & 3 == 0:
            return first >> 2
        if first & 3 == 1:
            return (first | self.take(1)[0] << 8) >> 2
        if first & 3 == 2:
            return (first | int.from_bytes(self.take(3), "little") << 8) >> 2
        return int.from_bytes(self.take((first >> 2) + 4), "little")

    def text(self):
        try:
            return self.take(self.compact()).decode()
        except UnicodeDecodeError as error:
            raise Wrong("a text is no UTF-8") from error

    def end(self):
        if self.at != len(self.data):
            raise Wrong("a storage value is too long")


def validators_in(data):
    reader = Reader(data)
    count = reader.compact()
    if count > VALIDATORS_MAX:
        raise Wrong(f"more than {VALIDATORS_MAX} validators")
    found = [reader.take(32) for _ in range(count)]
    reader.end()
    return found


def node_in(data):
    """One entry. What a validator has put there wrongly is left out, and keeps no other from being read."""
    reader, entry = Reader(data), {}
    try:
        entry["account"] = reader.take(32).hex()
        address, operator, zone = reader.text(), reader.text(), reader.text()
        reader.end()
    except Wrong:
        return entry
    return {**entry, "address": address, "operator": operator, **({"zone": zone} if zone else {})}


# ---- the node


class Node:
    """JSON-RPC over HTTP."""

    def __init__(self, url):
        self.url = url

    def call(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            text = answer.read(ANSWER_MAX + 1)
        if len(text) > ANSWER_MAX:
            raise Wrong(f"{method}: the answer is too large")
        said = json.loads(text)
        if not isinstance(said, dict) or said.get("error") is not None or "result" not in said:
            raise Wrong(f"{method}: {said.get('error') if isinstance(said, dict) else 'no object'}")
        return said["result"]

    def block_hash(self, number):
        return hash_of(self.call("chain_getBlockHash", number), "chain_getBlockHash")

    def storage(self, key, block):
        value = self.call("state_getStorage", "0x" + key.hex(), block)
        if value is None:
            raise Wrong(f"nothing is stored under {key.hex()}")
        return unhexed(value)


def unhexed(text):
    if not isinstance(text, str) or not text.startswith("0x"):
        raise Wrong("no hexadecimal number")
    return bytes.fromhex(text[2:])


def hash_of(text, what):
    if len(unhexed(text)) != 32:
        raise Wrong(f"{what}: no hash of 32 bytes")
    return text


def nodes(node, pallet, name, accounts, block):
    """The entries of these validators, in their order; who has none is left out."""
    found = {}
    keys = ["0x" + entry(pallet, name, account).hex() for account in accounts]
    for at in range(0, len(keys), KEYS_AT_ONCE):
        for changes in node.call("state_queryStorageAt", keys[at:at + KEYS_AT_ONCE], block):
            if changes["block"] != block:
                raise Wrong("state_queryStorageAt: of another block")
            found.update((key, value) for key, value in changes["changes"] if value is not None)
    return [node_in(unhexed(found[key])) for key in keys if key in found]


def view(node, pallet, name, since):
    chain = node.block_hash(0)
    head = hash_of(node.call("chain_getFinalizedHead"), "chain_getFinalizedHead")
    number = int(node.call("chain_getHeader", head)["number"], 16)
    if node.block_hash(number) != head:
        raise Wrong("the finalised block is not the chain's block of its number")
    now = Reader(node.storage(item("Timestamp", "Now"), head)).take(8)
    accounts = validators_in(node.storage(item("Session", "Validators"), head))
    block = {"number": number, "hash": head[2:], "time_s": int.from_bytes(now, "little") // 1000}
    # A node that is behind what was final has no such block yet: the number alone says so.
    before = {"number": since, "hash": node.block_hash(since)[2:]} if since and since <= number else None
    return {"chain": chain[2:], "block": block, "since": before,
            "validators": nodes(node, pallet, name, accounts, head)}


def main():
    parser = argparse.ArgumentParser(description="The validators of a Substrate chain at its newest finalised block.")
    parser.add_argument("--url", required=True, help="of the node's JSON-RPC")
    parser.add_argument("--pallet", default="Holdfast")
    parser.add_argument("--item", default="Nodes", help="the map from a validator to its Holdfast daemon")
    parser.add_argument("--since", type=int, default=0, help="show the chain's block of this number too")
    options = parser.parse_args()
    try:
        print(json.dumps(view(Node(options.url), options.pallet, options.item, options.since)))
    except (Wrong, OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        print(f"substrate.py: {options.url}: {error or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
