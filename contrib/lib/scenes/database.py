"""A database that only a released key opens."""

from mesh import Failure, check, until
from sqlcipher import Database

from scenes.common import KEY, ROWS

SHOWS = "a database opened with a key that a daemon released"
NEEDS = ("network",)


def play(demo):
    demo.report.title("A database that only a released key opens")
    with demo.report.step("key") as step:
        demo.key = until(lambda: demo.owner.key(KEY), 30, "no key")
        step.text = f"node 1 released the application key {KEY}"
    with demo.report.step(f"SQLCipher database made with it, {ROWS:,} rows loaded"):
        demo.database = Database(demo.mesh.folder / "database" / "tss.db", demo.key)
        demo.database.path.parent.mkdir()
        demo.database.create(ROWS)
        demo.checksum = demo.database.checksum()
        check(demo.database.count() == ROWS, "rows are missing")
    with demo.report.step("another key does not open it"):
        try:
            Database(demo.database.path, bytes(32)).count()
        except RuntimeError:
            pass
        else:
            raise Failure("a key of zeros opened the database")
