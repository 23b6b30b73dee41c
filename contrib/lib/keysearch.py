"""Looks for a key in files, in every encoding in which a program may have written it.

A key that was cut in two, by a page of a database or a line of a log, is found too: each half of it is looked for by
itself. `find` proves itself on every run: it plants a key of its own, as other programs would write it, and must find
it there.
"""

import base64
import os
import pathlib
import tempfile


class BlindSearch(Exception):
    """The search missed what it had planted itself: what it says of other files is worth nothing."""


def _base64_forms(piece):
    """The characters that depend on piece alone, for each of the three ways in which it can lie in a longer text."""
    forms = {}
    for before in range(3):
        text = base64.b64encode(b"\0" * before + piece + b"\0" * 3).decode()
        first = -(-before * 8 // 6)
        whole = (before + len(piece)) * 8 // 6
        forms[f"base64, {before} bytes after a boundary"] = text[first:whole]
    return forms


def encodings(piece):
    """name → bytes, for each way in which piece may stand in a file."""
    texts = {
        "hexadecimal": piece.hex(),
        "hexadecimal with colons": piece.hex(":"),
        "hexadecimal with blanks": piece.hex(" "),
        "C bytes": ", ".join(f"0x{b:02x}" for b in piece),
        "C bytes without blanks": ",".join(f"0x{b:02x}" for b in piece),
        "C string": "".join(f"\\x{b:02x}" for b in piece),
        "per cent": "".join(f"%{b:02x}" for b in piece),
        "decimal bytes": ", ".join(str(b) for b in piece),
        "decimal bytes without blanks": ",".join(str(b) for b in piece),
        "decimal bytes with blanks": " ".join(str(b) for b in piece),
        "decimal number": str(int.from_bytes(piece, "big")),
        "decimal number, little-endian": str(int.from_bytes(piece, "little")),
        "binary digits": "".join(f"{b:08b}" for b in piece),
        "base32": base64.b32encode(piece).decode().rstrip("=")[:-1],
        "base85": base64.b85encode(piece).decode()[: len(piece) // 4 * 5],
        "ascii85": base64.a85encode(piece).decode()[: len(piece) // 4 * 5],
        **_base64_forms(piece),
    }
    found = {"raw": piece, "raw, reversed": piece[::-1]}
    for name, text in texts.items():
        urls = text.replace("+", "-").replace("/", "_") if name.startswith("base64") else text
        forms = {"": text, ", URL-safe": urls}
        if not name.startswith(("base", "ascii85")):
            forms |= {", upper case": text.upper(), ", lower case": text.lower()}
        for suffix, form in forms.items():
            if suffix and form == text:
                continue
            found[name + suffix] = form.encode()
            found[name + suffix + ", UTF-16"] = form.encode("utf-16-le")
    return found


def needles(key):
    """(name, bytes) of every encoding of both halves of key."""
    half = len(key) // 2
    halves = {"first half": key[:half], "second half": key[half:]}
    return [(f"{which}, {name}", data) for which, piece in halves.items() for name, data in encodings(piece).items()]


def _search(wanted, folders):
    """([(path, name of the encoding)], files, bytes) under the folders."""
    found, files, size = [], 0, 0
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            content = path.read_bytes()
            files += 1
            size += len(content)
            # A file's name is a place to write, too.
            name = os.fsencode(path.name)
            found += [(path, encoding) for encoding, data in wanted if data in content or data in name]
    return found, files, size


def _samples(key):
    """Texts that hold the whole key as common programs would write it, each at an odd place."""
    yield "raw", b"x" + key
    yield "hexdump", b"key = " + key.hex(" ").encode()
    yield "SQL", f"PRAGMA key = \"x'{key.hex().upper()}'\"".encode()
    yield "JSON", str(list(key)).encode()
    for before in range(3):
        yield f"base64 {before}", base64.b64encode(b"\0" * before + key + b"tail")
        yield f"base64 for URLs {before}", base64.urlsafe_b64encode(b"\0" * before + key + b"tail")
    yield "base32", base64.b32encode(key)
    yield "base85", base64.b85encode(key)
    yield "torn", b"page 1" + key[:16] + b"\0" * 100 + b"page 2" + key[16:]


def prove():
    """Plants a key of its own in files, and raises BlindSearch when the search misses one of them."""
    key = os.urandom(32)
    with tempfile.TemporaryDirectory() as folder:
        for name, sample in _samples(key):
            pathlib.Path(folder, name).write_bytes(os.urandom(777) + sample + os.urandom(777))
        found = {path.name for path, _ in _search(needles(key), [folder])[0]}
        missed = {name for name, _ in _samples(key)} - found
    if missed:
        raise BlindSearch(", ".join(sorted(missed)))


def find(key, folders):
    """Searches all files under folders. Returns ([(path, encoding)], files searched, bytes searched)."""
    prove()
    return _search(needles(key), folders)
