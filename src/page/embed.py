#!/usr/bin/env python3
"""Makes C of the status page: embed.py OUTPUT FILE..., the files by their names. Style and script stand in it, and their hashes in
its policy."""

import base64
import hashlib
import pathlib
import sys


def digest(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def parts(files):
    """(policy, what stands before the essentials, between them and the data, behind the data)."""
    read = {file.name: file.read_text(encoding="utf-8") for file in files}
    style = read["uplot.css"] + read["page.css"]
    script = read["uplot.js"] + "\n" + read["page.js"]
    if "</style" in style or "</script" in script:
        sys.exit("the page's style or script would end itself")
    policy = (f"default-src 'none'; style-src {digest(style)}; script-src {digest(script)}; connect-src 'self'; "
              "base-uri 'none'; form-action 'none'")
    text = read["page.html"].replace("@policy@", policy).replace("@style@", style)
    begin, _, rest = text.partition("@essentials@\n")
    middle, _, end = rest.partition("@data@")
    return policy, begin, middle, end.replace("@script@", script)


def constant(name, text):
    """A C array: a literal may have too few characters for a page."""
    data = text.encode() + b"\0"
    lines = [", ".join(str(byte if byte < 128 else byte - 256) for byte in data[at:at + 32]) for at in range(0, len(data), 32)]
    return f"extern const char {name}[];\nconst char {name}[] = {{\n" + ",\n".join(lines) + "};\n"


def main():
    output, *files = map(pathlib.Path, sys.argv[1:])
    policy, begin, middle, end = parts(files)
    output.write_text(constant("hf__page_policy", policy) + constant("hf__page_begin", begin)
                      + constant("hf__page_middle", middle) + constant("hf__page_end", end))


if __name__ == "__main__":
    main()
