"""A root secret gives way to another: the database is re-keyed while it is used, the daemon killed in the middle of that."""

import contextlib

from mesh import check, until
from sqlcipher import Database

from scenes.common import KEY, ROWS

SHOWS = "a database re-keyed while it is used, the daemon killed in the middle; the old key goes"
NEEDS = ("network", "database")


@contextlib.contextmanager
def half_done(demo, old, new):
    """Who reads the database, and who re-keys it meanwhile and has come as far as it can."""
    reader, writer = Database(demo.database.path, old), Database(demo.database.path, old)
    try:
        reader.open_for_reading()
        writer.start_rekey(new)
        until(writer.is_journalled, 30, "it is not re-keyed", pause=0.01)
        yield reader, writer
    finally:
        reader.kill()
        writer.kill()


def opens(demo, key):
    """Whether a key opens the database; then all rows are there."""
    database = Database(demo.database.path, key)
    try:
        database.count()
    except RuntimeError:
        return False
    check(database.integrity() == "ok" and database.count() == ROWS, "rows are missing")
    check(database.checksum() == demo.checksum, "the rows are others")
    return True


def back(demo, old, new, text):
    with demo.report.step(text):
        demo.owner.start()
        demo.released()
        check([key for _, key in demo.owner.rotated(KEY)] == [old, new], "it gives other keys than before")


def play(demo):
    demo.report.title("Keys change: the database is re-keyed while it is used")
    with demo.report.step("node 1's root secret counts as known to others: it draws another"):
        done = demo.owner.command("root", "taint", "--yes")
        check(done.returncode == 0, f"holdfast root taint: {done.stderr.decode().strip()}")
        until(lambda: demo.owner.has_active(2), 90, demo.owner.tail)
        check(demo.owner.key(KEY) == demo.key, "the application is cut off")
    with demo.report.step("holdfast key rotate: both keys, of the old version and of the new"):
        (_, old), (version, new) = demo.owner.rotated(KEY)
        check(old == demo.key and new != old, "they are not the old key and a new one")
    with demo.report.step("re-keyed while it is read: that and the daemon killed half done"):
        with half_done(demo, old, new) as (reader, writer):
            demo.owner.kill()
            writer.kill()
            reader.end()
        check(opens(demo, old) and not opens(demo, new), "it is not under the old key alone")
    back(demo, old, new, "node 1 is back: it gives both; the old key opens all rows")
    with demo.report.step("once more: the daemon killed half done, the database goes on"):
        with half_done(demo, old, new) as (reader, writer):
            demo.owner.kill()
            reader.end()
            writer.end()
        check(opens(demo, new) and not opens(demo, old), "it is not under the new key alone")
    back(demo, old, new, "node 1 is back: it gives both; the new key opens all rows")
    with demo.report.step("holdfast key confirm: from now on it gives the new key alone"):
        done = demo.owner.command("key", "confirm", KEY, str(version))
        check(done.returncode == 0, f"holdfast key confirm: {done.stderr.decode().strip()}")
        demo.key, demo.database = new, Database(demo.database.path, new)
        check(demo.owner.key(KEY) == new, "it gives another key")
    with demo.report.step("all share holders have new shares; the old version is nowhere"):
        until(lambda: list(demo.owner.roots()) == [2], 120, lambda: f"{demo.owner.roots()}\n{demo.owner.tail()}")
        check(demo.owner.command("key", "rotate", KEY).returncode != 0, "there is another key to move to")
    demo.crash()
    demo.comes_back("daemon and database killed: recovered, it gives the new key")
    demo.rows_are_there()
