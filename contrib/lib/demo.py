"""The main job, shown: real daemons save a real encrypted database from a crash, again and again.

usage: demo.py --programs FOLDER [--scene NAME... | --without NAME...] [--nodes N] [--shares N] [--threshold K] [--quorum Q] [--keep] | --list
"""

import argparse
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import scenes
from mesh import Failure, Mesh, Programs, check, until
from report import Report
from scenes.common import KEY, ROWS
from sqlcipher import Database


class Demo:
    def __init__(self, report, mesh):
        self.report = report
        self.mesh = mesh
        self.owner = mesh.nodes[0]
        self.database = None
        self.checksum = None
        self.key = None

    # What is done again and again.

    def providers(self):
        """The nodes that hold the owner's shares, as its status names them."""
        accounts = [p["account"] for p in self.owner.status()["providers"]]
        found = [node for node in self.mesh.nodes if node.account in accounts]
        check(len(found) == self.mesh.shares, f"{len(found)} providers, not {self.mesh.shares}")
        return found

    def crash(self):
        """SIGKILL to the daemon and to the database's process, in the middle of a transaction."""
        self.database.open_for_writing()
        self.owner.kill()
        self.database.kill()

    def released(self, timeout=60):
        """Waits until the daemon gives the key, and holds it against the one before the crash."""
        key = until(lambda: self.owner.key(KEY), timeout, lambda: f"no key:\n{self.owner.tail()}", pause=0.002)
        check(key == self.key, "the key is another one")

    def comes_back(self, text):
        with self.report.step(text) as step:
            started = time.monotonic()
            self.owner.start()
            self.released()
            step.seconds = time.monotonic() - started

    def rows_are_there(self):
        with self.report.step("database") as step:
            database = Database(self.database.path, self.owner.key(KEY))
            said = database.integrity()
            check(said == "ok", f"integrity_check says {said}")
            check(database.count() == ROWS, f"{database.count()} rows")
            check(database.checksum() == self.checksum, "the rows are others")
            step.text = f"integrity_check says ok; {ROWS:,} rows, same checksum {self.checksum[:12]}"
            self.database = database

    def wait_ready(self, nodes, text):
        with self.report.step(text):
            for node in nodes:
                node.wait("ready", 90)


def arguments():
    parser = argparse.ArgumentParser(prog="contrib/demo", add_help=False)
    parser.add_argument("--programs", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--scene", choices=scenes.ORDER, action="append")
    parser.add_argument("--without", choices=[name for name in scenes.ORDER if not scenes.needed(name)], action="append")
    parser.add_argument("--nodes", type=int, default=9)
    parser.add_argument("--shares", type=int, default=7)
    parser.add_argument("--threshold", type=int, default=3)
    parser.add_argument("--quorum", type=int)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    if given.programs is None and not given.list:
        parser.error("--programs is required")
    if not 1 <= given.shares <= 16:
        parser.error("--shares is from 1 to 16")
    if not min(2, given.shares) <= given.threshold <= given.shares:
        parser.error(f"--threshold is from {min(2, given.shares)} to the {given.shares} shares")
    if given.quorum is None:
        given.quorum = max(given.threshold, -(-2 * given.shares // 3))  # what `holdfast network init` proposes
    if not max(given.threshold, given.shares // 2 + 1) <= given.quorum <= given.shares:
        parser.error(f"--quorum is at least --threshold, more than half of the {given.shares} shares, and at most all "
                     "of them")
    if not given.shares < given.nodes <= 64:
        parser.error(f"--nodes is from {given.shares + 1} (the shares and their owner) to 64")
    return given


def what_next(report, mesh):
    """Where everything is, what to try, and how to end it."""
    pids = mesh.folder / "pids"
    pids.write_text("\n".join(str(node.process.pid) for node in mesh.nodes) + "\n")
    node, folder = mesh.nodes[0], mesh.folder
    report.line()
    report.line(f"The mesh goes on, in {folder}. Try, for example:")
    for line in (f"  export PATH={mesh.programs.holdfast.parent}:$PATH", f"  cd {folder}/node1",
                 "  holdfast --socket socket status", "  holdfast --socket socket backup verify",
                 f"  holdfast --socket socket key get {KEY} | wc -c",
                 f"  kill -9 {node.process.pid}",
                 f"  {mesh.programs.holdfastd} --config holdfastd.yaml 2>>log & echo $! >>{pids}",
                 "  tail -f log", "And to end it:", f"  kill $(cat {pids}); sleep 1; rm -r {folder}"):
        report.line(line)


def interrupted(number, _frame):
    raise KeyboardInterrupt(signal.Signals(number).name)


def main():
    given = arguments()
    if given.list:
        print("\n".join(scenes.listed()))
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    report = Report()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-demo-"))
    mesh = Mesh(folder, Programs(given.programs), given.nodes, given.shares, given.threshold, given.quorum,
                outlive=given.keep)
    demo = Demo(report, mesh)
    status = 1
    try:
        for scene in scenes.chosen(given.scene, given.without):
            scene.play(demo)
        report.line()
        report.line(f"All of it held, in {report.total():.0f} s.")
        status = 0
        if given.keep:
            what_next(report, mesh)
    except (Failure, OSError, RuntimeError, ValueError, subprocess.SubprocessError) as why:
        report.line(f"\nNot as it should be: {why}")
    except KeyboardInterrupt:
        report.line("\nInterrupted: ending the daemons, removing their folders.")
        status = 130
    finally:
        if demo.database is not None:
            demo.database.kill()
        if not (given.keep and status == 0):
            mesh.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
