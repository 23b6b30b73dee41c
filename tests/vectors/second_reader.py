#!/usr/bin/env python3
"""A second implementation of the encoding, made from proto/PROTOCOL.md, section 1, and the tables of MESSAGES.md
alone; it shares no code and no table with the first. It must read every vector as the vector says, encode it to the
same bytes, take what must be taken and refuse what must be refused. TAP. usage: second_reader.py SOURCE_ROOT"""

import hashlib
import json
import pathlib
import re
import struct
import sys

DEPTH_MAX = 16
SAFE_INTEGER = 2**53 - 1


class Refused(Exception):
    pass


def number(text):
    power = re.fullmatch(r"2\^(\d+) − 1", text)
    return 2 ** int(power.group(1)) - 1 if power else int(text)


class Field:
    def __init__(self, key, name, kind, bounds, required):
        self.key, self.name, self.required = int(key), name.strip("`"), required == "yes"
        self.message = (re.search(r"#(\w+)\)", kind) or [None, None])[1]
        self.kind = "list" if kind.startswith("list of") else "message" if self.message else kind
        ends = [number(b) for b in bounds.split(" to ")] if bounds else [0, 0]
        self.min, self.max = ends[0], ends[-1]
        self.fixed = self.kind == "bin" and len(ends) == 1


def read_tables(text):
    """Message name to its fields, from the tables of MESSAGES.md."""
    messages = {}
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        rows = re.findall(r"^\| (\d+) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \| .* \|$", section, re.M)
        messages[section.split("\n")[0]] = [Field(*(cell.strip() for cell in row)) for row in rows]
    return messages


class Reader:
    """MessagePack, item by item. An item is (kind, value); of a map or array, value is the count."""

    FIXED = {0xC0: ("nil", 0), 0xC2: ("bool", 0), 0xC3: ("bool", 0), 0xCA: ("float", 4), 0xCB: ("float", 8),
             0xCC: ("uint", 1), 0xCD: ("uint", 2), 0xCE: ("uint", 4), 0xCF: ("uint", 8),
             0xD0: ("int", 1), 0xD1: ("int", 2), 0xD2: ("int", 4), 0xD3: ("int", 8),
             0xD4: ("ext", 2), 0xD5: ("ext", 3), 0xD6: ("ext", 5), 0xD7: ("ext", 9), 0xD8: ("ext", 17)}
    SIZED = {0xC4: ("bin", 1), 0xC5: ("bin", 2), 0xC6: ("bin", 4), 0xC7: ("ext", 1), 0xC8: ("ext", 2),
             0xC9: ("ext", 4), 0xD9: ("text", 1), 0xDA: ("text", 2), 0xDB: ("text", 4),
             0xDC: ("array", 2), 0xDD: ("array", 4), 0xDE: ("map", 2), 0xDF: ("map", 4)}

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count > len(self.data) - self.at:
            raise Refused("malformed")
        self.at += count
        return self.data[self.at - count:self.at]

    def item(self):
        first = self.take(1)[0]
        if first <= 0x7F:
            return "uint", first
        if first >= 0xE0:
            return "int", first - 256
        if first <= 0x8F:
            return self.sized("map", first & 15)
        if first <= 0x9F:
            return self.sized("array", first & 15)
        if first <= 0xBF:
            return self.sized("text", first & 31)
        if first in self.FIXED:
            kind, count = self.FIXED[first]
            body = self.take(count)
            return kind, first == 0xC3 if kind == "bool" else int.from_bytes(body, "big")
        if first in self.SIZED:
            kind, count = self.SIZED[first]
            return self.sized(kind, int.from_bytes(self.take(count), "big"))
        raise Refused("malformed")

    def sized(self, kind, count):
        if kind in ("bin", "text"):
            return kind, self.take(count)
        if kind == "ext":
            return kind, self.take(count + 1)
        if count * (2 if kind == "map" else 1) > len(self.data) - self.at:
            raise Refused("malformed")
        return kind, count

    def skip(self, depth):
        kind, value = self.item()
        if kind in ("array", "map"):
            if depth == 0:
                raise Refused("malformed")
            for _ in range(value * (2 if kind == "map" else 1)):
                self.skip(depth - 1)


def check_text(data):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("malformed") from None
    if any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F for c in text):
        raise Refused("malformed")
    return text


class Codec:
    def __init__(self, messages):
        self.messages = messages

    def decode(self, name, data):
        reader = Reader(data)
        fields = self.read_map(reader, name, DEPTH_MAX)
        if reader.at != len(data):
            raise Refused("malformed")
        return fields

    def read_map(self, reader, name, depth):
        kind, count = reader.item()
        if kind != "map" or depth == 0:
            raise Refused("malformed")
        by_key = {f.key: f for f in self.messages[name]}
        seen = {}
        for _ in range(count):
            kind, key = reader.item()
            if kind != "uint" or key in seen:
                raise Refused("malformed")
            if key not in by_key:
                reader.skip(depth - 1)
                continue
            seen[key] = self.read_value(reader, by_key[key], depth - 1)
        if any(f.required and f.key not in seen for f in by_key.values()):
            raise Refused("field_missing")
        return {by_key[k].name: v for k, v in sorted(seen.items()) if by_key[k].required or by_key[k].fixed
                or by_key[k].kind == "message" or v not in (0, False, b"", "", [])}

    def read_value(self, reader, field, depth):
        if field.kind == "message":
            return self.read_map(reader, field.message, depth)
        kind, value = reader.item()
        wanted = {"version": "uint", "list": "array"}.get(field.kind, field.kind)
        if kind != wanted:
            raise Refused("malformed")
        if kind != "bool":
            size = len(value) if kind in ("bin", "text") else value
            if not field.min <= size <= field.max:
                raise Refused("unknown_version" if field.kind == "version" and size > field.max
                              else "field_out_of_bounds")
        if kind == "array":
            if depth == 0:
                raise Refused("malformed")
            return [self.read_map(reader, field.message, depth - 1) for _ in range(value)]
        return check_text(value) if kind == "text" else value

    def encode(self, name, fields):
        pairs = [(f, fields[f.name]) for f in self.messages[name] if f.name in fields]
        out = head(len(pairs), 0x80, 15, None, 0xDE, 0xDF)
        for field, value in pairs:
            out += head(field.key, 0, 0x7F, 0xCC, 0xCD, 0xCE, 0xCF) + self.encode_value(field, value)
        return out

    def encode_value(self, field, value):
        if field.kind in ("uint", "version"):
            return head(value, 0, 0x7F, 0xCC, 0xCD, 0xCE, 0xCF)
        if field.kind == "bin":
            return head(len(value), 0, -1, 0xC4, 0xC5, 0xC6) + value
        if field.kind == "text":
            data = value.encode()
            return head(len(data), 0xA0, 31, 0xD9, 0xDA, 0xDB) + data
        if field.kind == "bool":
            return b"\xc3"
        if field.kind == "message":
            return self.encode(field.message, value)
        return head(len(value), 0x90, 15, None, 0xDC, 0xDD) + b"".join(
            self.encode(field.message, element) for element in value)


def head(value, base, base_max, *forms):
    """The shortest form of a number: in the first byte, or behind one of the bytes in forms (1, 2, 4, 8 bytes)."""
    if value <= base_max:
        return bytes([base | value])
    for form, layout, limit in zip(forms, (">B", ">H", ">I", ">Q"), (2**8, 2**16, 2**32, 2**64)):
        if form is not None and value < limit:
            return bytes([form]) + struct.pack(layout, value)
    raise ValueError(value)


def as_json(value):
    """What the vectors hold of a decoded value."""
    if isinstance(value, dict):
        return {k: as_json(v) for k, v in value.items()}
    if isinstance(value, list):
        return [as_json(v) for v in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int) and not isinstance(value, bool) and value > SAFE_INTEGER:
        return str(value)
    return value


def outcome(codec, vector):
    try:
        return as_json(codec.decode(vector["message"], bytes.fromhex(vector["encoding"])))
    except Refused as why:
        return str(why)


def again(codec, vector):
    """What decoding and encoding makes of a vector."""
    try:
        return codec.encode(vector["message"], codec.decode(vector["message"], bytes.fromhex(vector["encoding"]))).hex()
    except Refused as why:
        return str(why)


def labelled(vector, report):
    """The hash under a vector's label, or the report data that is made of it."""
    label = vector["label"].encode()
    prefix = bytes([len(label)]) + label
    hashed = hashlib.blake2b(prefix + bytes.fromhex(vector["input"]), digest_size=32)
    return hashlib.blake2b(prefix + hashed.digest()).hexdigest() if report else hashed.hexdigest()


def hash_of(label, data, size=32):
    name = b"holdfast/v1/" + label.encode()
    return hashlib.blake2b(bytes([len(name)]) + name + data, digest_size=size).digest()


def mix(x):
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ x >> shift) * factor % 2**64
    return x ^ x >> 31


def spread(picks, zones, n):
    """Section 5, step 5: places in blocks of n, spread over zones."""
    waiting, order = list(picks), []
    while waiting and len(order) < 48:
        block, part = [], -(-n // len(set(zones)))
        while waiting and len(block) < n:
            for i in list(waiting):
                if len(block) < n and sum(zones[j] == zones[i] for j in block) < part:
                    block.append(i)
                    waiting.remove(i)
            part += 1
        order += block
    return order


def order_of(fields, owner, version, rule, n):
    """Section 5: the first 3n candidates of an owner, by their places in the set."""
    validators, beacon = fields["validators"], fields["beacon"]
    own = int.from_bytes(hash_of("owner", beacon + validators[owner]["account"] + version.to_bytes(4, "big"))[:8], "big")
    apart = [own ^ int.from_bytes(hash_of("candidate", beacon + v["account"])[:8], "big") for v in validators]
    bits = max(len(validators).bit_length() - 11, 0)
    able = [i for i, v in enumerate(validators) if i != owner and not v.get("leaving")]
    able.sort(key=lambda i: (apart[i] >> 64 - bits, -mix(apart[i]), i))
    if rule == 2:
        return able[:3 * n]
    window, picks = 12 * n + 64, []
    while True:
        seen, picks = set(), []
        for i in able[:window]:
            if validators[i]["operator_name"] not in seen:
                seen.add(validators[i]["operator_name"])
                picks.append(i)
        if len(picks) >= 3 * n or window >= len(validators):
            break
        window *= 4
    picks = picks[:6 * n]
    return (spread(picks, [v.get("zone", "") for v in validators], n) if rule == 0 else picks)[:3 * n]


def large_set(count, beacon):
    """The set that the large orders are of."""
    accounts = sorted(hash_of("vector", i.to_bytes(4, "big")) for i in range(count))
    return {"beacon": bytes.fromhex(beacon), "validators": [
        {"account": account, "operator_name": place % 50, "zone": place % 7} for place, account in enumerate(accounts)]}


def judge_documents(codec, vectors):
    """(claim, findings) for the documents and the orders that follow from them."""
    bodies = {}
    for document in vectors["documents"]:
        envelope = codec.decode("envelope", bytes.fromhex(document["envelope"]))
        bodies[document["name"]] = envelope["body"], envelope["kind"]
    kinds = {1: "root", 2: "policy", 3: "validator_set", 4: "share_set"}
    fields = {name: codec.decode(kinds[kind], body) for name, (body, kind) in bodies.items()}
    first, second = bodies["first root"][0], fields["second root"]
    yield "the_network_id_is_the_hash_of_the_first_root", (
        [] if hash_of("network", first).hex() == vectors["network"] else [vectors["network"]])
    yield "the_second_root_names_the_first", [] if second["previous"] == hash_of("body", first) else ["previous"]
    large = large_set(vectors["large"]["count"], vectors["large"]["beacon"])
    orders = [(fields["validator set"], o) for o in vectors["orders"]] + [(large, o) for o in vectors["large"]["orders"]]
    yield "every_order_of_candidates_is_as_specified", [
        f"owner {o['owner']}, rule {o['rule']}, n {o['n']}" for of, o in orders
        if order_of(of, o["owner"], o["version"], o["rule"], o["n"]) != o["order"]]


def judge(root):
    """(claim, findings) for each."""
    codec = Codec(read_tables((root / "proto/MESSAGES.md").read_text(encoding="utf-8")))
    vectors = json.loads((root / "tests/vectors/messages.json").read_text(encoding="utf-8"))
    labels = json.loads((root / "tests/vectors/labels.json").read_text(encoding="utf-8"))["labels"]
    yield "every_vector_is_read_as_it_says", [
        v["message"] for v in vectors["messages"] if outcome(codec, v) != v["fields"]]
    yield "every_vector_is_encoded_to_the_same_bytes", [
        v["message"] for v in vectors["messages"] if again(codec, v) != v["encoding"]]
    first = outcome(codec, vectors["accepted"][0])
    yield "what_must_be_taken_is_taken", [
        v["why"] for v in vectors["accepted"] if not isinstance(first, dict) or outcome(codec, v) != first]
    yield "what_must_be_refused_is_refused_with_its_error", [
        f"{v['message']}, {v['why']}: {outcome(codec, v)}" for v in vectors["refused"] if outcome(codec, v) != v["error"]]
    yield "every_label_hashes_as_specified", [
        v["label"] for v in labels
        if v["report" if "report" in v else "hash"] != labelled(v, "report" in v)]


    documents = root / "tests/vectors/documents.json"
    yield from judge_documents(codec, json.loads(documents.read_text(encoding="utf-8")))


def main():
    results = list(judge(pathlib.Path(sys.argv[1])))
    print(f"1..{len(results)}")
    for at, (claim, found) in enumerate(results, 1):
        print(f"{'not ok' if found else 'ok'} {at} - {claim}")
        for line in found:
            print(f"# {line}")
    return 1 if any(found for _, found in results) else 0


if __name__ == "__main__":
    sys.exit(main())
