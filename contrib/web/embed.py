#!/usr/bin/env python3
"""A file as an array of C. usage: embed.py NAME INPUT OUTPUT

OUTPUT defines `const unsigned char NAME[]`, which ends with a zero, and `const unsigned long NAME_len` without it.
"""

import pathlib
import sys


def main():
    name, source, target = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    data = source.read_bytes()
    lines = [",".join(map(str, data[at:at + 40])) + "," for at in range(0, len(data), 40)]
    target.write_text(f"extern const unsigned char {name}[];\nextern const unsigned long {name}_len;\n"
                      f"const unsigned long {name}_len = {len(data)};\n"
                      f"const unsigned char {name}[] = {{\n" + "\n".join(lines) + "\n0};\n", encoding="ascii")


if __name__ == "__main__":
    main()
