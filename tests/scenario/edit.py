#!/usr/bin/env python3
"""Makes a copy of a source file with a fault in it: edit.py EDIT SOURCE OUTPUT

An edit says on its first line what is broken, on its second `--- PATH` of which file; then come its hunks, divided by
lines `@@`. A hunk's lines begin with a blank (stay), `-` (go) or `+` (come). What stays and goes must stand in the file
exactly once: an edit that no longer fits its source is an error of the build.
"""

import sys


def hunks_of(text):
    """The path that an edit is for, and its hunks as (old, new)."""
    head, path, *lines = [*text.splitlines(keepends=True), "", ""]
    if not head.strip() or not path.startswith("--- "):
        raise ValueError("the first line says what is broken, the second `--- PATH`")
    hunks = [("", "")]
    for line in filter(None, lines):
        old, new = hunks[-1]
        if line == "@@\n":
            hunks.append(("", ""))
        elif line[0] in " -+":
            hunks[-1] = (old + (line[1:] if line[0] != "+" else ""), new + (line[1:] if line[0] != "-" else ""))
        else:
            raise ValueError(f"not a line of a hunk: {line!r}")
    return path[len("--- "):].strip(), hunks


def edited(text, hunks):
    """The source with every hunk carried out."""
    for old, new in hunks:
        count = text.count(old) if old else 0
        if count != 1:
            raise ValueError(f"the text to replace stands there {count} times, not once:\n{old}")
        if old == new:
            raise ValueError("it changes nothing")
        text = text.replace(old, new)
    return text


def main():
    edit, source, output = sys.argv[1:]
    try:
        path, hunks = hunks_of(open(edit, encoding="utf-8").read())
        if not source.replace("\\", "/").endswith(path):
            raise ValueError(f"it is for {path}")
        text = edited(open(source, encoding="utf-8").read(), hunks)
    except ValueError as error:
        sys.exit(f"{edit}: {source}: {error}")
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
