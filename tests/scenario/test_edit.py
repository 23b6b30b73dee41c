#!/usr/bin/env python3
"""Edits that make a fault: what fits exactly once is carried out, and whatever does not fit is refused."""

import sys

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/lib")
import tap
from edit import edited, hunks_of

SOURCE = "int f(void)\n{\n    check();\n    return 1;\n}\n\nint g(void)\n{\n    check();\n    return 2;\n}\n"
HEAD = "Nothing is checked.\n--- src/core/x.c\n"


def refused(text, part):
    try:
        edited(SOURCE, hunks_of(text)[1])
    except ValueError as error:
        assert part in str(error), error
    else:
        raise AssertionError("it was carried out")


@tap.case
def replaces_what_stands_once():
    path, hunks = hunks_of(HEAD + "-    check();\n-    return 2;\n+    return 3;\n@@\n     check();\n+    more();\n     return 1;\n")
    assert path == "src/core/x.c"
    text = edited(SOURCE, hunks)
    assert text == SOURCE.replace("    check();\n    return 2;", "    return 3;").replace(
        "check();\n    return 1;", "check();\n    more();\n    return 1;"), text


@tap.case
def that_stands_twice_is_refused():
    refused(HEAD + "-    check();\n", "2 times")


@tap.case
def that_stands_nowhere_is_refused():
    refused(HEAD + "-    forget();\n", "0 times")


@tap.case
def that_changes_nothing_is_refused():
    refused(HEAD + "     return 1;\n", "changes nothing")
    refused(HEAD, "0 times")


@tap.case
def without_its_two_lines_is_refused():
    refused("-    return 1;\n", "first line")
    refused(HEAD + "return 1;\n", "not a line of a hunk")


if __name__ == "__main__":
    sys.exit(tap.main())
