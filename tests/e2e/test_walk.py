#!/usr/bin/env python3
"""The walk of somebody who reads nothing but what the programs print: from nothing to a key on seven machines, with two
commands a machine and no YAML written by hand; then a lost disk, a removed validator, a clock two days off, an expired
policy, and a power cut of all, before and after people hold a key for that hour. Each next command is one that was printed before. What was typed and printed goes to standard
output, and to walk-transcript.txt in the build folder."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import AS_ROOT, Programs, free_ports, until  # noqa: E402
from quorum import QUICK, share  # noqa: E402
from other_clock import OtherClock  # noqa: E402

MACHINES = 7
DAY_S = 86400
TRANSCRIPT = BUILD / "walk-transcript.txt"


class Walk:
    """A folder, the commands that were typed, and the daemons that were started."""

    def __init__(self):
        self.held = tempfile.TemporaryDirectory(prefix="holdfast-walk-")
        self.folder = pathlib.Path(self.held.name)
        self.programs = Programs(BUILD)
        self.daemons = {}
        self.clocks = {}
        self.typed = {}
        self.printed = []
        self.transcript = TRANSCRIPT.open("a")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for where in list(self.daemons):
            self.stop(where)
        self.transcript.close()
        self.held.cleanup()

    def say(self, text):
        print(f"# {text}")
        self.transcript.write(f"{text}\n")

    def clock(self, where, seconds):
        """Sets a machine's clock so far ahead of the true time."""
        self.clock_of(where).set_ahead(seconds)

    def clock_of(self, where):
        if where not in self.clocks:
            self.clocks[where] = OtherClock(self.folder / f"{where}.clock")
        return self.clocks[where]

    def environment(self, where):
        return os.environ | self.clock_of(where).environment()

    def stop(self, where):
        daemon = self.daemons.pop(where)
        daemon.kill()
        daemon.wait()

    def type(self, where, line, status=0):
        """Types a line at a machine; returns what it printed."""
        words = shlex.split(line)
        self.typed.setdefault(where, []).append(line)
        self.say(f"{where}$ {line}")
        if words[0] == "holdfastd":
            with open(self.folder / f"{where}.log", "ab") as log:
                self.daemons[where] = subprocess.Popen(
                    [self.programs.holdfastd, *words[1:]], cwd=self.folder, env=self.environment(where),
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            return ""
        done = self.person(where, words) if words[0] != "holdfast" else self.quietly(*words[1:], where=where)
        for text in (done.stdout + done.stderr).splitlines():
            self.say(f"  {text}")
        assert status is None or done.returncode == status, (line, done)
        self.printed.append(done.stdout + done.stderr)
        return self.printed[-1]

    def person(self, where, words):
        """A program that asks for a passphrase, which is typed unseen; and one whose environment stands before its name."""
        environment = {}
        while "=" in words[0]:
            name, value = words.pop(0).split("=")
            environment[name] = str(self.folder / value) if (self.folder / value).exists() else value
        if words[0] == "holdfast-share":
            quick = QUICK if words[1:3] == ["key", "new"] else []
            return share(self.programs.share, *words[1:], *quick, passphrase=f"of {where}", cwd=self.folder)
        assert words[0] == "holdfast-ceremony", words
        return subprocess.run([self.programs.ceremony, *words[1:]], cwd=self.folder, env=os.environ | environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def quietly(self, *words, where="authority"):
        return subprocess.run([self.programs.holdfast, *words], cwd=self.folder, env=self.environment(where),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90)

    def does(self, where, what):
        """Something that somebody does without a command, or that happens."""
        self.say(f"-- {where}: {what}")

    def signed(self, line):
        """Types what signs a document, reads what changes, and confirms it with the words that are printed for that."""
        shown = self.type("authority", line, status=2)
        return self.type("authority", f"{line} {re.search(r'--yes [0-9a-f]{64}', shown)[0]}")

    def log(self, where):
        return (self.folder / f"{where}.log").read_text(errors="replace")[-3000:]

    def ready(self, where):
        """Whether a machine is ready within a minute and a half; returns its key."""
        done = self.quietly("--socket", f"{where}/socket", "wait", "--for", "ready", "--timeout", "90", where=where)
        assert done.returncode == 0, (done, self.quietly("--socket", f"{where}/socket", "status").stdout, self.log(where))
        done = self.quietly("--socket", f"{where}/socket", "key", "get", "tss-db", where=where)
        assert re.fullmatch(r"[0-9a-f]{64}\n", done.stdout), done
        return done.stdout


def printed(text, beginning):
    """The one line that a program printed for its reader to type, without its label."""
    found = [line.strip() for line in text.splitlines() if line.strip().startswith(beginning)]
    assert found, (beginning, text)
    return found[0]


def quoted(text, beginning):
    """A command that a sentence names."""
    found = re.findall(rf"`({re.escape(beginning)}[^`]*)`", text)
    assert found, (beginning, text)
    return found[0]


def up(w, validators):
    """From nothing to a key on every machine, in a network that is to work with so many. Returns what `node init` printed on each, and the keys."""
    ports = free_ports(MACHINES)
    first = w.type("authority", f"holdfast network init authority --dev --validators {validators}")
    init = printed(first, "holdfast node init")
    assert re.search(r"--network [0-9a-f]{64} --dev authority", init), first
    daemon = printed(first, "holdfastd")
    # As it stands: whoever is root is told so.
    assert ("--as-root" in daemon) == bool(AS_ROOT), daemon
    told = {}
    for i, port in enumerate(ports, 1):
        line = init.replace("HOST:PORT", f"127.0.0.1:{port}")
        line = line.replace(f"--join 127.0.0.1:{port}", f"--join 127.0.0.1:{ports[i % MACHINES]}")
        said = told[f"m{i}"] = w.type(f"m{i}", f"{line} --dir m{i} --listen 127.0.0.1:{port}")
        assert f"wrote m{i}/holdfastd.yaml" in said and "Do not restart the node before" in said, said
        checked = subprocess.run([w.programs.holdfastd, "--check-config", "--config", f"m{i}/holdfastd.yaml"],
                                 cwd=w.folder, capture_output=True, text=True)
        assert checked.returncode == 0, checked
        w.type(f"m{i}", daemon.replace("holdfastd.yaml", f"m{i}/holdfastd.yaml"))
    add = printed(first, "holdfast --socket SOCKET set add")
    for i in range(1, MACHINES + 1):
        until(lambda i=i: w.quietly("--socket", f"m{i}/socket", "identity").returncode == 0, 30, f"m{i} has no identity")
        # Where to bind is an address that every machine takes for itself.
        words = add.replace("SOCKET", f"m{i}/socket").replace("NAME", f"operator{i}").split()[1:]
        done = w.quietly(*words, "--address", "[0::0]:7700")
        assert done.returncode == 1 and "its address is of no machine" in done.stderr, done
        w.type("authority", add.replace("SOCKET", f"m{i}/socket").replace("NAME", f"operator{i}"))
    w.signed(printed(first, "holdfast set sign"))
    return told, {f"m{i}": w.ready(f"m{i}") for i in range(1, MACHINES + 1)}


@tap.case
def seven_machines_have_a_key_after_two_commands_each():
    TRANSCRIPT.write_text("")
    with Walk() as w:
        up(w, MACHINES)
        status = w.quietly("--socket", "m1/socket", "status")
        for text in status.stdout.splitlines():
            w.say(f"  {text}")
        assert status.returncode == 0 and "can this key come back?  yes" in status.stdout, status
        assert all(len(w.typed[f"m{i}"]) == 2 for i in range(1, MACHINES + 1)), w.typed
        assert len(w.typed["authority"]) == MACHINES + 3, w.typed["authority"]


def status_of(w, where, told, status, says, timeout=60):
    """Types the command that `node init` told, once the status says what it has to come to."""
    line = quoted(told[where], f"holdfast --socket {where}/socket status")
    until(lambda: says in w.quietly(*shlex.split(line)[1:], where=where).stdout, timeout,
          lambda: f"{says}: {w.quietly(*shlex.split(line)[1:], where=where).stdout}\n{w.log(where)}")
    return w.type(where, line, status=status)


def a_disk_is_lost(w, told, keys):
    start = printed(told["m1"], "next, here:").split(":", 1)[1].strip()
    w.does("m1", "its disk is lost, with the data folder; it is started again on an empty one")
    w.stop("m1")
    shutil.rmtree(w.folder / "m1/data")
    w.type("m1", start)
    said = status_of(w, "m1", told, 3, "(another_at_address)")
    w.does("m1", f"stops the daemon, moves the new folder away, writes `{printed(said, 'account: ')}` into its configuration")
    w.stop("m1")
    (w.folder / "m1/data").rename(w.folder / "m1/away")
    with (w.folder / "m1/holdfastd.yaml").open("a") as configuration:
        configuration.write(printed(said, "account: ") + "\n")
    w.type("m1", start)
    assert w.ready("m1") == keys["m1"]


def a_validator_is_removed(w, told, keys, authority):
    said = w.type("authority", f"holdfast set remove operator2 {authority}")
    w.signed(f"{quoted(said, 'holdfast set sign')} {authority}")
    # While it still works, and after a restart: the same is to be typed.
    said = status_of(w, "m2", told, 3, "(left_out)")
    restore = quoted(said, "holdfast set restore")
    w.stop("m2")
    w.does("m2", "is restarted all the same")
    w.type("m2", printed(told["m2"], "next, here:").split(":", 1)[1].strip())
    assert quoted(status_of(w, "m2", told, 2, "no longer in the validator set"), "holdfast set restore") == restore
    said = w.type("authority", f"{restore} {authority}")
    w.signed(f"{quoted(said, 'holdfast set sign')} {authority}")
    assert w.ready("m2") == keys["m2"]


def a_clock_is_two_days_off(w, told, keys):
    w.does("m3", "its clock is two days ahead, and it is restarted")
    w.stop("m3")
    w.clock("m3", 2 * DAY_S)
    w.type("m3", printed(told["m3"], "next, here:").split(":", 1)[1].strip())
    said = status_of(w, "m3", told, 3, "(clock_off)")
    assert "clock is 2 days ahead of those of" in said and "Set it right." in said, said
    w.does("m3", "sets its clock right")
    w.clock("m3", 0)
    assert w.ready("m3") == keys["m3"]


def a_policy_expires(w, told, keys, authority):
    form = w.folder / "authority/policy.yaml"
    text = form.read_text()
    w.does("authority", "signs a policy that is good for a minute, by mistake; the minute passes")
    form.write_text(re.sub(r"^validity: .*$", "validity: 1m", text, flags=re.M))
    w.signed(f"holdfast policy sign {authority}")
    form.write_text(text)
    until(lambda: all("policy 2," in w.quietly("--socket", f"m{i}/socket", "status").stdout for i in range(1, MACHINES + 1)), 60,
          "the policy has not come everywhere")
    for where in [*w.daemons, "authority"]:
        w.clock(where, 90)
    said = status_of(w, "m4", told, 3, "(document_expired)")
    w.signed(f"{quoted(said, 'holdfast policy sign')} {authority}")
    for where in keys:
        assert w.ready(where) == keys[where], where


def all_lose_power(w, told, keys, authority):
    w.does("all", "a power cut of the whole network")
    for where in keys:
        w.stop(where)
    start = {where: printed(told[where], "next, here:").split(":", 1)[1].strip() for where in keys}
    for where in keys:
        w.type(where, start[where])
    said = status_of(w, "m5", told, 3, "NOT BY ITSELF")
    assert "if one validator was not restarted, do not restart it" in said, said
    assert "move the data folder away (keep it), start the daemon, and register it with" in said, said
    add = quoted(said, "holdfast set add")
    for where in keys:
        w.does(where, "moves its data folder away")
        w.stop(where)
        (w.folder / where / "data").rename(w.folder / where / "before the power cut")
        configuration = w.folder / where / "holdfastd.yaml"
        configuration.write_text(re.sub(r"^account: .*\n", "", configuration.read_text(), flags=re.M))
        w.type(where, start[where])
    for i, where in enumerate(keys, 1):
        at = f"holdfast --socket {where}/socket{add.removeprefix('holdfast')} --operator operator{i} {authority}"
        until(lambda where=where: w.quietly("--socket", f"{where}/socket", "identity").returncode == 0, 30, w.log(where))
        refused = w.type("authority", at, status=2)
        w.type("authority", f"{at} {re.search(r'--replace', refused)[0]}")
    w.signed(f"{quoted(said, 'holdfast set sign')} {authority}")
    for where in keys:
        assert w.ready(where) != keys[where], where


@tap.case
def whatever_happens_to_it_the_next_command_is_one_that_was_printed():
    with Walk() as w:
        told, keys = up(w, MACHINES - 1)  # one of them may be removed
        authority = "--authority authority"
        for accident in (lambda: a_disk_is_lost(w, told, keys), lambda: a_validator_is_removed(w, told, keys, authority),
                         lambda: a_clock_is_two_days_off(w, told, keys), lambda: a_policy_expires(w, told, keys, authority),
                         lambda: all_lose_power(w, told, keys, authority)):
            accident()
            for where in keys:  # the next one comes when this one is over everywhere
                w.ready(where)


def people_hold_a_key(w, shown):
    """From what `network init` says of the hour without power to validators that people can start."""
    people = ("ada", "bob", "cy")
    said = w.type("authority", quoted(shown, "holdfast quorum show"), status=1)
    public = {alias: printed(w.type(alias, printed(said, "holdfast-share key new").replace("FILE", f"{alias}.key")), "public key: ")
              for alias in people}
    holders = " ".join(f"--holder {alias}={public[alias].split()[-1]}" for alias in people)
    propose = printed(said, "holdfast quorum propose").replace("--threshold M", "--threshold 2")
    said = w.signed(propose.replace("--holder NAME=PUBLIC ...", holders))
    deal = printed(said, "holdfast quorum deal").replace("OUTPUT", "output")
    w.type("ceremony", printed(said, "HOLDFAST_DEV=authority/dev").replace("OUTPUT", "output"))
    said = w.type("authority", deal, status=1)  # the policy does not know that software yet
    w.type("authority", printed(said, "holdfast policy measurement add").replace("NAME", "ceremony-1"))
    w.signed(printed(said, "holdfast policy sign"))
    said = w.type("authority", deal)
    for alias in people:
        line = printed(said, "holdfast-share open").replace("OUTPUT", "output").replace("FILE", f"{alias}.key")
        w.type(alias, line.replace("ACK", f"{alias}.ack"))
    said = w.type("authority", printed(said, "holdfast quorum ack").replace("ACK...", " ".join(f"{alias}.ack" for alias in people)))
    said = w.signed(printed(said, "holdfast quorum sign"))
    form = w.folder / "authority/policy.yaml"
    lines = [printed(said, "quorum_key:"), printed(said, "quorum_required:")]
    w.does("authority", f"writes into policy.yaml: {'; '.join(lines)}")
    form.write_text("\n".join(lines) + "\n" + form.read_text())
    w.signed(printed(said, "holdfast policy sign"))
    return people


def is_started_by_people(w, where, advice, people):
    """What its status says, and what each command after it prints, until the node is open."""
    at = f"holdfast --socket {where}/socket"
    request = quoted(advice, "holdfast blackstart request").replace("FILE", f"{where}.request")
    said = w.type(where, request.replace("holdfast", at, 1))
    for alias in people[:2]:
        answer = printed(said, "holdfast-share answer").replace("FILE", f"{alias}.key").replace("DIR", "authority/collateral")
        answer = answer.replace("ANSWER", f"{where}.{alias}")
        shown = w.type(alias, answer, status=8)
        assert "no answer was written: it was not confirmed" in shown, shown
        given = w.type(alias, f"{answer} {re.search(r'--yes [0-9a-f]{64}', shown)[0]}")
        w.type(where, printed(given, "holdfast blackstart add").replace("holdfast", at, 1), status=2 if alias == people[0] else 0)


@tap.case
def what_was_printed_leads_from_a_proposal_to_a_network_that_people_start_again():
    with Walk() as w:
        told, keys = up(w, MACHINES)
        status = w.quietly("--socket", "m1/socket", "status").stdout
        assert "a power cut of all of it loses every key" in status, status
        people = people_hold_a_key(w, w.printed[0])
        for where in keys:
            until(lambda where=where: "sealed     since" in w.quietly("--socket", f"{where}/socket", "status").stdout, 90, w.log(where))
            assert w.ready(where) == keys[where]
        w.does("all", "a power cut of the whole network")
        for where in keys:
            w.stop(where)
        for where in keys:
            w.type(where, printed(told[where], "next, here:").split(":", 1)[1].strip())
        by_people = 0
        for where in keys:
            advice = status_of(w, where, told, None, "holdfast blackstart request")
            is_started_by_people(w, where, advice, people)
            by_people += 1
            if by_people == 3:  # as many as rebuild a share: the others follow
                break
        for where in keys:
            assert w.ready(where) == keys[where]


@tap.case
def what_cannot_be_right_is_said_before_anything_is_written():
    with Walk() as w:
        network = "5f" * 32
        for words, what in ((f"--network 5f --join a:1 --address b:1", "64 hexadecimal digits"),
                            (f"--network {network} --join a:1", "--address: peers need one"),
                            (f"--network {network} --join a:1 --listen [::0]:1", "--address: peers need one"),
                            (f"--network {network} --join a:1 --address 0.0.0.0:1", "--address: peers need one"),
                            (f"--network {network} --address b:1", "--join a node of the network"),
                            (f"--network {network} --join a --address b:1", "--join a:"),
                            (f"--network {network} --join a:70000 --address b:1", "--join a:70000:"),
                            (f"--network {network} --join a:1 --address 'b c:1'", "--address b c:1:"),
                            (f"--network {network} --join a:1 --address b:1 --listen b:1", "--listen: write ip:port")):
            said = w.type("m1", f"holdfast node init {words} --dir m1", status=64)
            assert what in said and not (w.folder / "m1").exists(), said
        said = w.type("m1", f"holdfast node init --network {network} --join a:1 --address b:1 --dir {'d' * 100}", status=64)
        assert "--dir: with it" in said and not (w.folder / ("d" * 100)).exists(), said
        w.type("m1", f"holdfast node init --network {network} --join a:1 --address b:1 --dir m1")
        text = (w.folder / "m1/holdfastd.yaml").read_text()
        assert "platform: tdx" in text and "# " in text, text
        checked = subprocess.run([w.programs.holdfastd, "--check-config", "--config", "m1/holdfastd.yaml"], cwd=w.folder,
                                 capture_output=True, text=True)
        assert checked.returncode == 0, checked
        said = w.type("m1", f"holdfast node init --network {network} --join a:1 --address c:1 --dir m1", status=1)
        assert "it is there already" in said and (w.folder / "m1/holdfastd.yaml").read_text() == text, said


sys.exit(tap.main())
