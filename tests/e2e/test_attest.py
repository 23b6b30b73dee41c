#!/usr/bin/env python3
"""Daemons that keep their collateral fresh from a service on loopback, and one without the hardware that it needs.

usage: test_attest.py HOLDFAST_COLLATERAL DEV_SET [CASE ...]
"""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import pcs  # noqa: E402
import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402

FETCHER, DEV_SET = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(2))
DAY = 86400
FMSPC = "de7000000000"


class Network:
    """Two daemons that hold each other's share, and the service that both fetch from into their data folders."""

    def __init__(self, **service):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-attest-"))
        self.mesh = Mesh(self.folder, Programs(BUILD), 2, 1, 1)
        self.keys = {"every": "1d", "retry_min": "1s", "retry_max": "1s", "timeout": "5s", **service}
        self.sets = 0

    def __enter__(self):
        pcs.make_tls(self.folder)
        self.mesh.found()
        self.service = pcs.Service(self.mesh.authority / "collateral", self.folder).__enter__()
        for node in self.mesh.nodes:
            self.configure(node)
        return self

    def __exit__(self, *_):
        self.service.__exit__()
        self.mesh.close()

    def configure(self, node):
        keys = {"url": self.service.url, "ca_file": self.folder / "cert.pem", "program": FETCHER, **self.keys}
        text = node.config.read_text().replace(f"collateral: {self.mesh.authority}/collateral",
                                               "collateral: data/collateral")
        node.config.write_text(text + "timing: {watch: 1s}\ncollateral_service:\n" + "".join(f"  {k}: {v}\n" for k, v in keys.items()))

    def make(self):
        self.mesh.start_all()
        self.mesh.register()
        for node in self.mesh.nodes:
            node.wait("ready", 60)

    def serve(self, issued, valid=30 * DAY, evaluation=17):
        """From now on the service has a set of these dates; evaluation may name a TCB status, as 18/OutOfDate."""
        self.sets += 1
        folder = self.folder / f"set{self.sets}"
        subprocess.run([DEV_SET, self.mesh.authority / "dev", folder, str(int(issued)), str(valid), str(evaluation),
                        FMSPC], check=True, capture_output=True)
        self.service.folder = folder
        return folder

    def collateral(self, number=0):
        return self.mesh.nodes[number].status()["collateral"]

    def reload(self):
        assert self.mesh.nodes[0].command("reload").returncode == 0

    def fails(self, why, timeout=20):
        """Waits until node 1 tells of a failure in which this word is."""
        until(lambda: why in (self.collateral()["last_failure"] or ""), timeout,
              lambda: f"no failure with {why!r}: {self.collateral()}")

    def holds(self, folder, timeout=20):
        data = self.mesh.nodes[0].data / "collateral"
        until(lambda: files_of(data) == files_of(folder), timeout, lambda: f"{data} is not {folder}")


def files_of(folder):
    with contextlib.suppress(FileNotFoundError):
        return {p.name: p.read_bytes() for p in folder.iterdir()}
    return {}


def children(process):
    return [int(n) for n in pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def seccomp(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(text.split("Seccomp:")[1].split()[0])


@tap.case
def platforms_come_from_quotes_and_collateral_from_the_service():
    with Network() as n:
        n.make()
        for number in (0, 1):
            c = n.collateral(number)
            assert c["set"] == "current" and c["fetched_s"] and c["last_failure"] is None, c
            assert c["expires_s"] > time.time() + DAY and not c["older_documents"], c
        n.holds(n.mesh.authority / "collateral")
        newer = n.serve(time.time() + 0, evaluation=18)
        before = n.collateral()["expires_s"]
        n.reload()
        n.holds(newer)
        until(lambda: n.collateral()["expires_s"] != before, 10, "the status has not changed")
        older = n.serve(time.time() - DAY)
        n.mesh.nodes[0].hang_up()
        n.fails("newer")
        n.holds(newer)
        # What somebody puts into the folder is held to the same rule.
        n.service.faults = dict.fromkeys(("tcb", "identity", "pckcrl", "rootcrl"), "500")
        for path in older.iterdir():
            (n.mesh.nodes[0].data / "collateral" / path.name).write_bytes(path.read_bytes())
        n.reload()
        until(lambda: n.collateral()["older_documents"], 10, "nobody noticed the older set")
        assert n.collateral()["set"] == "current" and n.mesh.nodes[0].state() == "ready"


@tap.case
def an_older_folder_put_in_place_while_the_daemon_was_down_is_refused_by_name():
    with Network() as n:
        n.make()
        node, folder = n.mesh.nodes[0], n.mesh.nodes[0].data / "collateral"
        older, before = files_of(folder), n.collateral()["expires_s"]
        newer = n.serve(time.time(), evaluation=18)
        for each in n.mesh.nodes:
            assert each.command("reload").returncode == 0
        n.holds(newer)
        until(lambda: n.collateral()["expires_s"] != before, 10, "the newer set is not read")
        # A name is bound durably, and so is what was seen before it.
        until(lambda: node.key("another"), 30, lambda: f"no key:\n{node.tail()}")
        node.kill()
        n.service.faults = dict.fromkeys(("tcb", "identity", "pckcrl", "rootcrl"), "500")
        for name, content in older.items():
            (folder / name).write_bytes(content)
        node.start()
        until(node.status, 30, "it does not answer")
        until(lambda: n.collateral()["rolled_back"], 30, "nobody noticed the older set")
        c = n.collateral()
        assert c["error"]["code"] == "collateral_rolled_back" and c["rolled_back"] in older and c["set"] == "missing", c
        n.service.faults = {}
        n.reload()
        n.holds(newer)
        node.wait("ready", 60)
        assert n.collateral()["rolled_back"] is None and n.collateral()["error"] is None, n.collateral()


@tap.case
def a_service_that_fails_is_asked_again_and_keeps_nobody_waiting():
    with Network() as n:
        n.make()
        n.service.faults = {"tcb": "stall"}
        n.reload()
        until(lambda: n.collateral()["fetching"], 10, "no fetch is under way")
        started = time.monotonic()
        assert n.mesh.nodes[0].state() == "ready" and n.mesh.nodes[0].key("tss-db")
        assert time.monotonic() - started < 3
        n.fails("tcb")
        n.service.faults = {"identity": "500"}
        n.fails("identity")
        failures = n.collateral()["failures"]
        assert failures >= 1 and n.collateral()["set"] == "current"
        n.service.faults = {}
        until(lambda: n.collateral()["last_failure"] is None, 20, "it did not come back to the service")
        log = n.mesh.nodes[0].log.read_text()
        assert "event=collateral_not_fetched" in log and "event=collateral_read" in log


@tap.case
def a_set_is_renewed_ahead_of_its_end_and_serves_for_a_time_after_it():
    with Network(ahead="4s", stale="1h") as n:
        n.serve(time.time(), valid=12)
        n.make()
        form = n.mesh.authority / "policy.yaml"
        form.write_text(form.read_text() + "collateral_stale: 1h\n")
        n.mesh.authority_command("policy", "sign", "--authority", n.mesh.authority)
        for node in n.mesh.nodes:
            node.hang_up()
            until(lambda node=node: node.status()["policy"] == 2, 20, "it does not take the policy")
        first = n.collateral()["expires_s"]
        second = n.serve(time.time(), valid=12)
        until(lambda: n.collateral()["expires_s"] > first, 15, "it was not renewed")
        assert time.time() < first, "renewed only after its end"
        n.holds(second)
        n.service.faults = dict.fromkeys(("tcb", "identity", "pckcrl", "rootcrl"), "503")
        until(lambda: n.collateral()["set"] == "stale", 30, "it is not stale")
        assert n.collateral()["failures"] > 0
        # Stale, it still lets a node recover: its providers judge the new quote by it.
        n.mesh.nodes[0].kill()
        n.mesh.nodes[0].start()
        n.mesh.nodes[0].wait({"ready", "placed", "degraded"}, 60)


@tap.case
def a_tcb_status_that_newer_collateral_brings_counts_at_once():
    with Network() as n:
        n.make()
        n.serve(time.time(), evaluation="18/OutOfDate")
        for node in n.mesh.nodes:
            assert node.command("reload").returncode == 0
        for node in n.mesh.nodes:
            node.wait("degraded", 60)
            assert "tcb_status_refused" in node.log.read_text(), node.tail()
        form = n.mesh.authority / "policy.yaml"
        form.write_text(form.read_text().replace("trust: dev", "trust: dev\ntcb_accepted: [OutOfDate]"))
        n.mesh.authority_command("policy", "sign", "--authority", n.mesh.authority)
        for node in n.mesh.nodes:
            node.hang_up()
        for node in n.mesh.nodes:
            node.wait("ready", 60)


@tap.case
def a_machine_that_the_announced_evaluation_refuses_is_warned_of():
    with Network() as n:
        n.make()
        node = n.mesh.nodes[0]
        now = n.serve(time.time())
        later = n.serve(time.time(), evaluation="18/OutOfDate")
        n.service.folder = now
        n.reload()
        n.holds(now)

        def due():
            return [w["text"] for w in node.status()["warnings"] if w["code"] == "platform_due"]

        assert not due()
        for name in (f"tcb_info_{FMSPC}.json", "qe_identity.json"):
            (now / f"early_{name}").write_bytes((later / name).read_bytes())
        n.reload()
        (text,) = until(due, 30, lambda: f"{node.status()['warnings']}\n{node.tail()}")
        assert "evaluation 18" in text, text
        # It is a warning, and all that counts is as it was.
        assert node.state() == "ready" and node.key("tss-db")
        for name in now.glob("early_*"):
            name.unlink()
        n.reload()
        until(lambda: not due(), 30, "it is warned of what is not announced any more")


@tap.case
def only_the_launcher_may_start_a_program():
    with Network(fmspcs=f"[{FMSPC}]") as n:
        n.make()
        node = n.mesh.nodes[0]
        launcher, = children(node.process)
        # The daemon's filter denies every program, the launcher's every local socket.
        assert seccomp(node.process.pid) == 2 and seccomp(launcher) == 2
        needed = subprocess.run(["readelf", "-d", n.mesh.programs.holdfastd], capture_output=True, text=True)
        assert "libcurl" not in needed.stdout
        os.kill(launcher, signal.SIGTERM)  # its life is the daemon's
        n.reload()
        until(lambda: not n.collateral()["fetching"], 20, "the fetch does not end")
        assert n.collateral()["last_failure"] is None, n.collateral()
        os.kill(launcher, signal.SIGKILL)
        n.fails("restart the daemon")
        assert node.state() == "ready"
        node.terminate()
        node.start()
        node.wait("ready", 60)
        launcher, = children(node.process)
        node.kill()
        until(lambda: not pathlib.Path(f"/proc/{launcher}/cmdline").exists() or
              not pathlib.Path(f"/proc/{launcher}/cmdline").read_bytes(), 10, "the launcher outlives its daemon")


@tap.case
def a_daemon_without_the_hardware_says_so_and_goes_on_looking():
    with tempfile.TemporaryDirectory() as folder:
        m = Mesh(pathlib.Path(folder), Programs(BUILD), 1, 1, 1)
        node = m.nodes[0]
        node.folder.mkdir()
        report = f"{folder}/tsm/report"
        os.mkdir(f"{folder}/tsm")
        node.config.write_text(f"data: data\nnetwork: {'00' * 32}\nlisten: {node.address}\nsocket: socket\n"
                               f"platform: tdx\ncollateral: collateral\ntdx:\n  report: {report}\n")
        node.start()
        try:
            status = node.wait_status(lambda s: s.get("reason"), "it does not say why it has not started")
            assert status["state"] == "starting" and status["reason"]["code"] == "no_platform", status
            assert report in status["start_text"] and "trust domain" in status["start_text"], status
            shown = node.command("status").stdout.decode()
            assert report in shown, shown
            assert not list(node.data.iterdir()), "a vault without a platform"
            # Once the kernel has it, the node begins; a folder without the kernel behind it shows that much.
            os.makedirs(report)
            until(lambda: node.state() == "fresh", 20, lambda: f"it does not begin: {node.tail()}")
            assert node.tail().count("event=cannot_start") == 1, node.tail()
            node.terminate()
        finally:
            node.kill()


@tap.case
def the_signed_policy_judges_a_quote_as_its_form_does():
    with tempfile.TemporaryDirectory() as folder:
        m = Mesh(pathlib.Path(folder), Programs(BUILD), 1, 1, 1)
        m.found()
        node = m.nodes[0]
        node.start()
        try:
            until(node.identified, 20, "no identity")
            quote = pathlib.Path(folder) / "quote"
            quote.write_bytes(quote_in(bytes.fromhex(json.loads(node.command("identity").stdout)["identity"])))
        finally:
            node.kill()
        policies = {"form": m.authority / "policy.yaml", "signed": m.authority / "documents/policy.doc",
                    "root": m.authority / "documents/root-1.doc"}

        def verify(name):
            return subprocess.run([m.programs.holdfast, "quote", "verify", quote, "--collateral",
                                   m.authority / "collateral", "--policy", policies[name]], capture_output=True,
                                  text=True, timeout=20)

        assert verify("form").returncode == 0, verify("form")
        assert verify("signed").returncode == 0
        # A document expires; a form does not.
        signed = [line for line in verify("signed").stdout.splitlines() if not line.startswith("policy_dates")]
        assert signed == verify("form").stdout.splitlines()
        assert verify("root").returncode == 2 and "root-1.doc" in verify("root").stderr, verify("root")
        # Withdrawn: refused by the form at once, by the document once it is signed.
        m.authority_command("policy", "measurement", "withdraw", "holdfast", "--authority", m.authority)
        assert verify("form").returncode == 1 and verify("signed").returncode == 0
        m.authority_command("policy", "sign", "--authority", m.authority, "--force")
        assert verify("signed").returncode == 1 and "measurement" in verify("signed").stdout


def quote_in(identity):
    """The quote in an encoded identity: it begins with version 4 and key type 2, and ends where the message does."""
    return identity[identity.index(bytes([4, 0, 2, 0, 0x81, 0, 0, 0])):]


@tap.case
def measurements_are_added_and_withdrawn_one_by_one():
    with tempfile.TemporaryDirectory() as folder:
        authority = pathlib.Path(folder) / "authority"
        programs = Programs(BUILD)

        def run(*words):
            done = subprocess.run([programs.holdfast, *words, "--authority", authority], capture_output=True, text=True,
                                  timeout=20)
            return done.returncode, done.stdout + done.stderr

        def measurement(*words):
            return run("policy", "measurement", *words)

        def signed():
            status, text = run("policy", "sign")
            assert status == 2, text
            status, text = run("policy", "sign", "--yes", text.split("\ndigest: ")[1].split()[0])
            assert status == 0, text
            policy = json.loads(run("policy", "show")[1].splitlines()[0])
            return policy["version"], {m["name"]: m for m in policy["measurements"]}

        subprocess.run([programs.holdfast, "network", "init", authority, "--dev"], check=True, capture_output=True)
        form = authority / "policy.yaml"
        form.write_text(form.read_text().replace("trust:", "# said by people\ntrust:"))
        digest = "5a" * 32
        assert measurement("add", "release 2", digest, "--after", "12h")[0] == 0
        assert measurement("add", "release 3", digest, "--rank", "9")[0] == 0
        version, found = signed()
        assert version == 2 and set(found) == {"holdfast", "release 2", "release 3"}, found
        assert found["release 2"]["rank"] == 2 and found["release 3"]["rank"] == 9
        assert abs(found["release 2"]["effective_from_s"] - time.time() - 43200) < 60
        assert "effective_from_s" not in found["release 3"]
        assert measurement("withdraw", "release 3")[0] == 0
        text = measurement("list")[1]
        assert "accepted until the next policy is signed" in text and "accepted later" in text, text
        version, found = signed()
        assert version == 3 and set(found) == {"holdfast", "release 2"}, found
        assert "withdrawn" in measurement("list")[1] and "# said by people" in form.read_text()
        before = form.read_bytes()
        for words in (("add", "release 2", digest), ("add", "x", digest[1:]), ("add", 'a"b', digest),
                      ("withdraw", "release 3"), ("withdraw", "nothing")):
            status, text = measurement(*words)
            assert status == 1 and text, words
        for words in (("add", "x"), ("add", "x", digest, "--rank", "-1"), ("add", "x", digest, "--after", "12"),
                      ("list", "x"), ("remove", "x"), ()):
            assert measurement(*words)[0] == 64, words
        # What waits for signatures would hide the change.
        (authority / "pending-policy.doc").write_bytes((authority / "documents/policy.doc").read_bytes())
        status, text = measurement("add", "release 4", digest)
        assert status == 1 and "lacks signatures" in text
        assert form.read_bytes() == before


if __name__ == "__main__":
    sys.exit(tap.main())
