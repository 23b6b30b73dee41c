"""The parameters of the model, each measured by itself."""

import json
import pathlib
import shutil
import statistics
import subprocess
import time

from mesh import check

RELOADS = 20
RELOAD_S = 0.1

# Fields of a scenario's `processor` that a bench reports under the same name.
DIRECT = ("message", "connect", "accept", "connect_locked", "accept_locked", "certificate", "documents",
          "collateral", "write", "create", "open", "quote", "judge", "judge_again", "hash", "kdf", "sign", "verify", "base_mult", "point_mult",
          "aead")
WAITS = ("one_way", "write_wait", "open_wait")


def _spent_us(pid):
    """Processor time of a process so far: of its first thread, and of the others."""
    spent = {int(path.parent.name): int(path.read_text().split()[0]) / 1e3
             for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")}
    return spent[pid], sum(spent.values()) - spent[pid]


class Costs:
    """Figures by name, in microseconds: each the mean of those that were measured, at different times.

    crowd: how many processes take turns on the cores. What an operation costs depends on it: each finds the caches as
    the others left them.
    """

    def __init__(self, build, folder, crowd):
        self.crowd = crowd
        self._build = build / "tests/bench"
        self._folder = folder
        self._found = {}
        self._rounds = 0

    def _note(self, name, us):
        self._found.setdefault(name, []).append(us)

    def _run(self, program, *arguments):
        done = subprocess.run([self._build / program, *arguments], capture_output=True, text=True, timeout=120)
        check(done.returncode == 0, f"{program}: {done.stderr}")
        for line in done.stdout.splitlines():
            figure = json.loads(line)
            self._note(figure["name"], figure["us"])

    def of_operations(self):
        self._rounds += 1
        folder = self._folder / f"costs{self.crowd}-{self._rounds}"
        folder.mkdir()
        self._run("bench_costs", str(self.crowd), folder)
        self._run("bench_link", str(self.crowd))
        shutil.rmtree(folder)

    def of_daemon(self, mesh):
        """What a request and documents from the operator cost one that is otherwise idle."""
        owner = mesh.nodes[0]
        provider = owner.status()["providers"][0]["account"]
        node = next(node for node in mesh.nodes if node.account == provider)
        pid = node.process.pid
        self._run("bench_link", node.address, node.account, str(pid), owner.account)
        before = _spent_us(pid)
        for _ in range(RELOADS):
            node.hang_up()
            time.sleep(RELOAD_S)
        # The loop reads documents, another thread the collateral.
        for name, begin, end in zip(("documents", "collateral"), before, _spent_us(pid)):
            self._note(name, (end - begin) / RELOADS)

    def found(self):
        """Everything that was measured, for a file."""
        return self._found

    def take(self, found):
        """What was measured before, instead."""
        self._found = found

    def us(self, name):
        return max(0, statistics.mean(self._found[name]))

    def processor(self):
        """The figures by field of `processor`, in nanoseconds."""
        found = {name: self.us(name) for name in DIRECT}
        # What a request costs a daemon, less what it costs anyone who takes and answers one.
        found["step"] = max(0, self.us("daemon_request") - self.us("request_alone"))
        # What it costs one that slept, less what it costs one that takes turns.
        found["wake"] = max(0, self.us("request_alone") - 2 * found["message"])
        return {name: round(us * 1000) for name, us in found.items()}

    def show(self):
        print(f"\nmeasured among {self.crowd} processes, in us of one core:")
        print("  " + ", ".join(f"{name} {ns / 1000:.1f}" for name, ns in self.processor().items()))
        print("  beside it: " + ", ".join(f"{name} {self.us(name):.1f}" for name in WAITS))
