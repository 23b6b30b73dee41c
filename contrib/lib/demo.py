"""The main job, shown: real daemons save a real encrypted database from a crash, again and again.

usage: demo.py --programs FOLDER [--nodes N] [--shares N] [--threshold K] [--keep]
"""

import argparse
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from keysearch import find
from mesh import Failure, Mesh, Programs, check, until
from report import Report
from sqlcipher import Database

ROWS = 10000
KEY = "tss-db"


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

    # The chapters.

    def network(self):
        mesh = self.mesh
        self.report.title(f"A network of {len(mesh.nodes)} daemons on loopback (development mode)")
        with self.report.step("authority of 3 keys, any 2 sign; policy signed"):
            mesh.found()
        with self.report.step(f"{len(mesh.nodes)} daemons started, each with folder and port of its own"):
            mesh.start_all()
        with self.report.step("quotes verified, all added to the validator set, set signed"):
            mesh.register()
        self.wait_ready(mesh.nodes, f"every one has left {mesh.shares} shares with others, any "
                                    f"{mesh.threshold} rebuild")

    def load(self):
        self.report.title("A database that only a released key opens")
        with self.report.step("key") as step:
            self.key = until(lambda: self.owner.key(KEY), 30, "no key")
            step.text = f"node 1 released the application key {KEY}"
        with self.report.step(f"SQLCipher database made with it, {ROWS:,} rows loaded"):
            self.database = Database(self.mesh.folder / "database" / "tss.db", self.key)
            self.database.path.parent.mkdir()
            self.database.create(ROWS)
            self.checksum = self.database.checksum()
            check(self.database.count() == ROWS, "rows are missing")
        with self.report.step("another key does not open it"):
            try:
                Database(self.database.path, bytes(32)).count()
            except RuntimeError:
                pass
            else:
                raise Failure("a key of zeros opened the database")

    def plain_crash(self):
        self.report.title("Crash: daemon and database killed with SIGKILL")
        with self.report.step("both killed in the middle of a transaction"):
            self.crash()
        with self.report.step("search") as step:
            found, files, size = find(self.key, [self.owner.folder, self.database.path.parent])
            check(not found, f"the key is in {found[:3]}")
            step.text = f"key in none of {files} files ({size >> 10:,} KiB), in no encoding"
        self.comes_back("restarted: recovered unasked, key released")
        self.rows_are_there()
        self.wait_ready([self.owner], "node 1 is ready again")

    def providers_dead(self):
        count = self.mesh.shares - self.mesh.threshold
        if count == 0:
            return  # every share is needed: nobody may be dead
        self.report.title(f"Crash again, with {count} of the {self.mesh.shares} providers dead")
        dead = self.providers()[:count]
        with self.report.step(f"node 1 and {names(dead)} killed"):
            self.crash()
            for node in dead:
                node.kill()
        self.comes_back(f"recovered from the other {self.mesh.threshold}, key released")
        self.rows_are_there()
        for node in dead:
            node.start()
        self.wait_ready([self.owner] + dead, "the dead restarted; all are ready again")

    def providers_cut_off(self):
        count = self.mesh.shares - self.mesh.threshold + 1
        self.report.title(f"Crash again, with {count} of the {self.mesh.shares} providers cut off (SIGSTOP)")
        frozen = self.providers()[:count]
        with self.report.step(f"node 1 killed, {names(frozen)} stopped"):
            self.crash()
            for node in frozen:
                node.freeze()
        with self.report.step("restarted: too few answer, so no key") as step:
            self.owner.start()
            status = self.stuck(frozen)
            step.text = f"restarted: it says {status['state']}, and gives no key"
        self.show_answers(status)
        with self.report.step(f"provider {frozen[0].number} continued: unlocked by itself"):
            frozen[0].thaw()
            self.released()
        self.rows_are_there()
        for node in frozen[1:]:
            node.thaw()
        self.wait_ready(self.mesh.nodes, "all continued, all ready again")

    def stuck(self, frozen):
        """Waits until every provider that can answer has, and each that cannot has been given up on once."""
        accounts = {node.account for node in frozen}

        def told():
            status = self.owner.status()
            if not status or status["state"] != "recovering":
                return None
            rows = {p["account"]: p for p in status["providers"]}
            silent = {a for a, p in rows.items() if not p["answered"] and p["error"]}
            answered = {a for a, p in rows.items() if p["answered"]}
            return status if accounts <= silent and len(answered) >= self.mesh.threshold - 1 else None

        status = until(told, 60, lambda: f"the status does not name who is silent: {self.owner.status()}")
        check(self.owner.key(KEY) is None, "a key was released with too few shares")
        return status

    def show_answers(self, status):
        numbers = {node.account: node.number for node in self.mesh.nodes}
        since = time.strftime("%H:%M:%S", time.localtime(time.time() - status["since_ms"] / 1000))
        self.report.note(f"recovering since {since}, {self.mesh.threshold} answers needed, round {status['round']}:")
        for provider in sorted(status["providers"], key=lambda p: numbers[p["account"]]):
            said = "answered with its share" if provider["answered"] else provider["message"]
            self.report.note(f"provider {numbers[provider['account']]}: {said}")

    def rolling(self):
        nodes = self.mesh.nodes
        self.report.title(f"Rolling restart: all {len(nodes)} daemons, one after the other")
        self.database.kill()
        for node in nodes:
            with self.report.step(f"node {node.number}: drained, stopped, started, ready again"):
                # Refused while an owner would be left with too few live providers.
                until(lambda node=node: node.command("drain").returncode == 0, 60,
                      lambda node=node: f"drain: {node.command('drain').stderr.decode()}", pause=0.05)
                node.terminate()
                node.start()
                node.wait("ready", 60)
        with self.report.step("node 1 still has its key"):
            self.released()
        self.rows_are_there()

    def run(self):
        for chapter in (self.network, self.load, self.plain_crash, self.providers_dead, self.providers_cut_off,
                        self.rolling):
            chapter()


def names(nodes):
    """provider 2; providers 2 and 3; providers 2, 3 and 4"""
    numbers = [str(node.number) for node in nodes]
    if len(numbers) == 1:
        return f"provider {numbers[0]}"
    return f"providers {', '.join(numbers[:-1])} and {numbers[-1]}"


def arguments():
    parser = argparse.ArgumentParser(prog="contrib/demo", add_help=False)
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--nodes", type=int, default=7)
    parser.add_argument("--shares", type=int, default=5)
    parser.add_argument("--threshold", type=int, default=3)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    if not 1 <= given.shares <= 16:
        parser.error("--shares is from 1 to 16")
    if not given.shares < 2 * given.threshold <= 2 * given.shares:
        parser.error(f"--threshold is more than half of the {given.shares} shares, and at most all of them")
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
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    report = Report()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-demo-"))
    mesh = Mesh(folder, Programs(given.programs), given.nodes, given.shares, given.threshold,
                outlive=given.keep)
    demo = Demo(report, mesh)
    status = 1
    try:
        demo.run()
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
