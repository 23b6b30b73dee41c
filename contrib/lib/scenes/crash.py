"""Daemon and database die at once, and come back by themselves."""

from keysearch import find
from mesh import check

SHOWS = "daemon and database killed, the key nowhere on the disk, and recovery unasked"
NEEDS = ("network", "database")


def play(demo):
    demo.report.title("Crash: daemon and database killed with SIGKILL")
    with demo.report.step("both killed in the middle of a transaction"):
        demo.crash()
    with demo.report.step("search") as step:
        found, files, size = find(demo.key, [demo.owner.folder, demo.database.path.parent])
        check(not found, f"the key is in {found[:3]}")
        step.text = f"key in none of {files} files ({size >> 10:,} KiB), in no encoding"
    demo.comes_back("restarted: recovered unasked, key released")
    demo.rows_are_there()
    demo.wait_ready([demo.owner], "node 1 is ready again")
