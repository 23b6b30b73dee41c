#!/usr/bin/env python3
"""What restarts a daemon or its machine by itself asks the network first: the hooks for needrestart and unattended-upgrades."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402
from other_clock import OtherClock  # noqa: E402

PROGRAMS = Programs(BUILD)
RESTART = SOURCE / "contrib/restart/holdfast-restart"


class Host:
    """A machine whose systemctl writes down what it is asked for."""

    def __init__(self, folder):
        self.asked = folder / "asked"
        self.programs = folder / "programs"
        self.programs.mkdir()
        (self.programs / "holdfast").symlink_to(PROGRAMS.holdfast)
        self.systemctl("exit 0")

    def systemctl(self, end):
        path = self.programs / "systemctl"
        path.write_text(f"#!/bin/sh\necho \"$@\" >>{self.asked}\n{end}\n")
        path.chmod(0o755)

    def restart(self, node, *arguments):
        environment = os.environ | {"PATH": f"{self.programs}:/usr/bin:/bin", "HOLDFAST_SOCKET": str(node.socket)}
        return subprocess.run([RESTART, *arguments], env=environment, capture_output=True, text=True, timeout=120)

    def taken(self):
        text = self.asked.read_text().splitlines() if self.asked.exists() else []
        self.asked.unlink(missing_ok=True)
        return text


def peer(node, account):
    """What a node knows of another member."""
    done = node.command("peers", "--json")
    return next(p for p in json.loads(done.stdout)["peers"] if p["account"] == account)


@tap.case
def one_restarts_and_the_next_waits():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-restart-"))
    with Mesh(folder, PROGRAMS, nodes=4, shares=3, threshold=2) as m:
        m.make()
        host, (node, other) = Host(folder), m.nodes[:2]
        # What fails is undone: the node serves on, and others may restart.
        host.systemctl("exit 1")
        assert host.restart(node, "daemon").returncode == 1
        assert host.taken() == ["restart holdfastd.service"] and not node.status()["draining"]
        host.systemctl("exit 0")
        assert host.restart(node, "daemon").returncode == 0
        assert host.taken() == ["restart holdfastd.service"] and node.status()["draining"]
        for verb in ("daemon", "machine"):
            refused = host.restart(other, verb)
            assert refused.returncode == 1 and "drain_refused" in refused.stderr and "not now" in refused.stderr, refused
        assert host.taken() == [] and not other.status()["draining"]
        assert node.command("drain", "--undo").returncode == 0
        assert host.restart(other, "machine").returncode == 0
        assert host.taken() == ["reboot"]
        # One that does not answer is not restarted by a machine, which cannot know why.
        m.nodes[2].kill()
        assert host.restart(m.nodes[2], "daemon").returncode == 1 and host.taken() == []
        for words in ((), ("both",), ("",)):
            assert host.restart(other, *words).returncode == 64
        assert host.taken() == []


@tap.case
def nothing_restarts_into_an_upgrade_that_was_broken_off():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-restart-"))
    try:
        host = Host(folder)
        shutil.copy(RESTART, host.programs)
        (host.programs / "holdfastd").symlink_to(PROGRAMS.holdfastd)
        helper = host.programs / "holdfast-report"
        helper.write_text("#!/bin/sh\necho holdfast-report 0.0.1\n")
        helper.chmod(0o755)
        environment = {"PATH": f"{host.programs}:/usr/bin:/bin", "HOLDFAST_SOCKET": str(folder / "none")}
        for verb in ("daemon", "machine"):
            done = subprocess.run([host.programs / "holdfast-restart", verb], env=environment, capture_output=True, text=True, timeout=60)
            assert done.returncode == 1 and "not now: holdfast-report 0.0.1 is installed beside holdfast " in done.stderr, done
            assert "dpkg --configure -a, then: systemctl" in done.stderr and host.taken() == [], done
        # With all of one release it goes on, and asks the daemon, which is not there.
        helper.unlink()
        done = subprocess.run([host.programs / "holdfast-restart", "daemon"], env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and "broken off" not in done.stderr and "holdfast drain says yes" in done.stderr, done
    finally:
        shutil.rmtree(folder)


@tap.case
def the_hooks_are_as_their_callers_read_them():
    needrestart = BUILD / "contrib/needrestart"
    assert os.access(needrestart, os.X_OK)
    assert needrestart.read_text().splitlines()[-1].endswith("/libexec/holdfast/holdfast-restart daemon"), needrestart.read_text()
    assert "holdfast-restart machine" in (BUILD / "contrib/holdfast-reboot.service").read_text()
    said = subprocess.run(["apt-config", "-c", SOURCE / "contrib/restart/52holdfast", "dump"], capture_output=True, text=True)
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in said.stdout, said


@tap.case
def a_stop_without_return_is_told_to_the_members_and_on_the_console():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-restart-"))
    with Mesh(folder, PROGRAMS, nodes=4, shares=3, threshold=2) as m:
        m.make()
        node, other, *silent = m.nodes
        clock = OtherClock(folder / "clock")
        # As a journal reads standard error, which systemd tells a unit by this variable.
        stat = node.log.stat()
        for each, journal in ((node, {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"}), (other, {})):
            each.kill()
            each.start(clock.environment() | journal)
            each.wait("ready", 60)
        # One that comes back by itself is no affair of anybody's.
        assert "stop_without_return" not in other.log.read_text()
        for each in silent:
            each.kill()
        for each in (node, other):
            until(lambda each=each: [p["error"] for p in each.status()["providers"]].count("connect") == 2, 60, each.tail)
        # Those that fell silent a moment ago may be restarting: it takes a minute.
        clock.pass_by(61)
        for each in (node, other):
            until(lambda each=each: each.status()["key"]["says"].startswith("NOT NOW"), 30, lambda each=each: each.status()["key"])
        node.terminate()
        line, = [line for line in node.log.read_text().splitlines() if "stop_without_return" in line]
        assert line.startswith("<0>time=") and "level=error" in line and "NOT NOW" in line, line
        until(lambda: peer(other, node.account)["draining"], 20, lambda: peer(other, node.account))
        # The last one's key comes back no more than the first's, and nobody is left to be told: it ends all the same.
        other.terminate()
        assert re.search("level=error event=stop_without_return ", other.log.read_text()), other.tail()
        assert not re.search("(?m)^<0>", other.log.read_text())


if __name__ == "__main__":
    sys.exit(tap.main())
