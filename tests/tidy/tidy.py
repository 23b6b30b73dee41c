#!/usr/bin/env python3
"""Holds the tree against its own rules, one TAP line a rule. usage: tidy.py ROOT [ARCHIVE...]"""

import sys

import chambers
import tables
import upkeep
from checks import CHECKS, Skip, the_engine_reaches_nothing_outside_memory
from tree import Tree


EVERY = CHECKS + chambers.INCLUDES + chambers.CALLS + tables.CHECKS + upkeep.CHECKS


def main():
    tree = Tree(sys.argv[1])
    archives = sys.argv[2:]
    print(f"1..{len(EVERY)}")
    failed = 0
    for number, check in enumerate(EVERY, 1):
        try:
            if check is the_engine_reaches_nothing_outside_memory or check in chambers.CALLS:
                found = check(tree, archives)
            else:
                found = check(tree)
        except Skip as why:
            print(f"ok {number} - {check.__name__} # SKIP {why}")
            continue
        print(f"{'not ok' if found else 'ok'} {number} - {check.__name__}")
        for line in found:
            print(f"# {line}")
        failed += bool(found)
    if archives:
        for line in chambers.table(tree, archives):
            print(f"# {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
