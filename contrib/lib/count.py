"""Counts the tests that `meson test` ran, sub-tests of TAP programs each for itself.

usage: count.py FOLDER

FOLDER holds meson's testlog.json of each lane under the lane's name, and `notes`, a line `passed NAME` or
`failed NAME` for each check that meson did not run. Names every failure, prints `N passed, N failed, N skipped` as
the last line, and exits 1 when something failed or nothing ran.
"""

import json
import pathlib
import re
import sys

TAP_LINE = re.compile(r"^(not )?ok\b(.*)$")
DIRECTIVE = re.compile(r"#\s*(SKIP|TODO)\b", re.IGNORECASE)
# What meson makes of a whole program, and counts as no failure.
GOOD = {"OK", "EXPECTEDFAIL"}


def count_program(row):
    """One program of one lane: (passed, [names that failed], skipped)."""
    passed, failed, skipped = 0, [], 0
    for line in (row.get("stdout") or "").splitlines():
        match = TAP_LINE.match(line)
        if not match:
            continue
        rest = match.group(2)
        if DIRECTIVE.search(rest):
            skipped += 1
        elif match.group(1):
            failed.append(f"{row['name']}:{rest}")
        else:
            passed += 1
    result = row["result"]
    if result == "SKIP":
        return 0, [], max(skipped, 1)
    if result in GOOD:
        # A program that is not TAP is one test.
        return (passed, failed, skipped) if passed or failed or skipped else (1, [], 0)
    # Timed out, crashed, or broken off: a failure even where no sub-test says so.
    if not failed:
        failed.append(f"{row['name']}: {result.lower()}")
    return passed, failed, skipped


def main():
    folder = pathlib.Path(sys.argv[1])
    passed, failed, skipped = 0, [], 0
    for log in sorted(folder.glob("*.json")):
        for line in log.read_text(errors="replace").splitlines():
            more_passed, more_failed, more_skipped = count_program(json.loads(line))
            passed += more_passed
            failed += [f"{log.stem}: {name}" for name in more_failed]
            skipped += more_skipped
    notes = folder / "notes"
    for line in notes.read_text().splitlines() if notes.exists() else []:
        state, name = line.split(" ", 1)
        if state == "passed":
            passed += 1
        else:
            failed.append(name)
    for name in failed:
        print(f"failed: {name}")
    print(f"{passed} passed, {len(failed)} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
