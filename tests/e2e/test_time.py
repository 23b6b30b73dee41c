#!/usr/bin/env python3
"""A daemon and its time helper against real time servers with NTS, of which some lie, drift, hang, or answer without it.

usage: test_time.py HOLDFAST_TIME [CASE ...]
"""

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import nts  # noqa: E402
import tap  # noqa: E402
from mesh import Mesh, Programs  # noqa: E402
from units import filtered  # noqa: E402

PROGRAM = sys.argv.pop(1)
MINUTE, DAY, YEAR = 60, 86400, 365 * 86400
PATIENCE = 60


class Desk:
    """One node, its helper, and the servers that its policy lists, each of an operator of its own."""

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="hf-time-"))
        # Of all descriptors the first: a shell names those of one digit alone.
        self.listener = self.stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        self.mesh = self.stack.enter_context(Mesh(self.base, Programs(BUILD), nodes=1, shares=1, threshold=1))
        self.node = self.mesh.nodes[0]
        self.servers = []
        self.authority = nts.Authority(self.base / "nts")
        return self

    def __exit__(self, *error):
        self.stack.close()

    def serve(self, count=5, **options):
        """So many more servers, which are right."""
        for number in range(len(self.servers) + 1, len(self.servers) + count + 1):
            self.servers.append(nts.Server(self.authority, number, **options))
            self.stack.callback(self.servers[-1].end)
        return self.servers

    def help(self, *more, confine=nts.die_with_parent):
        """Starts the helper as systemd does, with a socket that listens. confine: runs in its process."""
        folder, path = self.base / "chrony", self.base / "time.socket"
        folder.mkdir(mode=0o700)
        self.listener.bind(str(path))
        self.listener.listen(4)
        start = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&{self.listener.fileno()}'
        source = self.base / "clock_source"
        source.write_text("tsc\n")
        with (self.base / "helper.log").open("wb") as log:
            self.helper = subprocess.Popen(
                ["sh", "-c", start, "sh", PROGRAM, "--user", str(os.geteuid()), "--folder", folder, "--ca-file",
                 self.authority.file, "--poll", "1", "--clock-source", source, *more], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, pass_fds=[self.listener.fileno()], preexec_fn=confine)
        self.stack.callback(self.helper.wait)
        self.stack.callback(self.helper.kill)
        return self

    def start(self, *more):
        """A network whose policy lists the servers, and its node."""
        self.mesh.found(f"time_helper: {self.base}/time.socket\n")
        form = self.mesh.authority / "policy.yaml"
        lines = [f"  - {{name: {s.host}, operator: op{i}}}" for i, s in enumerate(self.servers)]
        form.write_text("\n".join([form.read_text().rstrip(), "time_servers:", *lines, *more, ""]))
        self.mesh.authority_command("policy", "sign", "--authority", self.mesh.authority)
        self.node.start()

    def time(self):
        return (self.node.status() or {}).get("time") or {}

    def wait(self, holds, what, timeout=PATIENCE):
        status = self.node.wait_status(lambda s: s.get("time") and holds(s["time"]), what, timeout)
        return status["time"]

    def log(self):
        return (self.base / "helper.log").read_text(errors="replace")


def right(t, ahead_us=0):
    """Whether what is known is true: this machine's clock, which is shown to a millisecond, is right, or so far ahead."""
    return t["known"] and abs(t["clock_ahead_us"] - ahead_us) <= t["uncertainty_us"] + 1000


def said(t):
    """The name of what keeps the time from being measured."""
    return t["error"] and t["error"]["code"]


@tap.case
def servers_that_are_right_agree_closely():
    with Desk() as d:
        d.serve()
        d.help().start()
        t = d.wait(lambda t: t["agreeing"] == 5, "five agree")
        assert right(t) and t["uncertainty_us"] < 1000000 and said(t) is None, t
        assert (t["listed"], t["needed"], t["answering"]) == (5, 3, 5), t
        assert all(s["state"] == "answers" and abs(s["offset_us"]) <= s["uncertainty_us"] + 1000 for s in t["servers"]), t
        assert "Disabled control of system clock" in d.log(), d.log()


@tap.case
def two_of_five_that_lie_by_a_minute_and_a_year_move_nothing():
    with Desk() as d:
        servers = d.serve()
        servers[0].lie(MINUTE)
        servers[3].lie(-YEAR)
        d.help().start()
        t = d.wait(lambda t: t["agreeing"] == 3 and t["answering"] == 5, "three agree")
        assert right(t) and t["uncertainty_us"] < 1000000, t
        off = [s["offset_us"] / 1e6 for s in t["servers"]]
        assert abs(off[0] - MINUTE) < 1 and abs(off[3] + YEAR) < 10, off
        # They begin to lie alike while they are listened to.
        servers[0].lie(YEAR - MINUTE)
        servers[3].lie(2 * YEAR)
        t = d.wait(lambda t: t["servers"][0]["offset_us"] > 3e13 and t["servers"][3]["offset_us"] > 3e13, "both lie alike")
        assert right(t) and t["agreeing"] == 3, t


@tap.case
def one_that_drifts_and_one_that_hangs_move_nothing():
    with Desk() as d:
        servers = d.serve()
        d.help().start()
        d.wait(lambda t: t["agreeing"] == 5, "five agree")
        servers[1].drift(200000)
        servers[2].hang()
        t = d.wait(lambda t: t["servers"][1]["offset_us"] > 2e6 and t["servers"][2]["state"] == "no_answer", "they are seen")
        assert right(t) and t["agreeing"] in (3, 4) and said(t) is None, t


@tap.case
def a_lost_majority_is_said_and_nothing_wrong_is_believed():
    with Desk() as d:
        servers = d.serve()
        for number, server in enumerate(servers[:3]):
            server.lie((number + 1) * MINUTE)
        d.help().start()
        t = d.wait(lambda t: t["answering"] == 5, "all answer")
        assert not t["known"] and said(t) == "time_unknown" and t["agreeing"] == 2, t


@tap.case
def what_was_known_stays_right_when_the_majority_goes():
    with Desk() as d:
        servers = d.serve()
        d.help().start()
        before = d.wait(lambda t: t["agreeing"] == 5, "five agree")
        for number, server in enumerate(servers[:3]):
            server.lie(-(number + 1) * MINUTE)
        t = d.wait(lambda t: t["agreeing"] == 2, "two agree")
        assert right(t) and said(t) == "time_unknown", t
        assert t["uncertainty_us"] > before["uncertainty_us"], (before, t)


@tap.case
def servers_without_nts_have_no_word():
    with Desk() as d:
        d.serve(2)
        d.serve(3, nts=False)
        d.help().start()
        t = d.wait(lambda t: t["answering"] == 2, "two answer")
        assert not t["known"] and said(t) == "time_no_keys", t
        assert [s["state"] for s in t["servers"]] == ["answers"] * 2 + ["no_keys"] * 3, t
        assert all(s["offset_us"] is None for s in t["servers"][2:]), t


@tap.case
def keys_without_answers_by_udp_are_told_by_name():
    with Desk() as d:
        d.serve(2)
        d.serve(3, answers_at=nts.address(9))
        d.help().start()
        t = d.wait(lambda t: t["answering"] == 2 and said(t) == "time_udp", "what is missing is said")
        assert not t["known"] and [s["state"] for s in t["servers"]] == ["answers"] * 2 + ["no_answer"] * 3, t


@tap.case
def a_certificate_of_another_authority_gives_no_keys():
    with Desk() as d:
        own, other = d.authority, nts.Authority(d.base / "other")
        d.serve(2)
        d.authority = other
        d.serve(3)
        d.authority = own
        d.help().start()
        t = d.wait(lambda t: t["answering"] == 2, "two answer")
        assert not t["known"] and said(t) == "time_no_keys", t


@tap.case
def a_clock_that_is_months_behind_meets_the_time_and_then_judges_dates_by_it():
    with Desk() as d:
        ahead = 200 * DAY
        d.serve(3, ahead_s=ahead)
        d.help().start()
        d.wait(lambda t: t["answering"] == 0 and said(t) == "time_no_keys", "no certificate passes")
        assert "not yet" in d.log() or "NOT trusted" in d.log(), d.log()
        d.wait(lambda t: not t["judges_dates"], "dates are not judged", 100)
        t = d.wait(lambda t: t["known"], "the time is known", 100)
        assert right(t, -ahead * 10**6) and t["judges_dates"], t
        assert d.node.status()["time"]["agreeing"] == 3


@tap.case
def without_the_tsc_no_time_is_believed():
    with Desk() as d:
        d.serve(3)
        other = d.base / "other_source"
        other.write_text("kvm-clock\n")
        d.help("--clock-source", other).start()
        t = d.wait(lambda t: said(t) == "time_clock_source", "the clock source is said")
        assert not t["known"], t


@tap.case
def helper_and_chronyd_run_under_their_units_filter():
    with Desk() as d:
        d.serve(3)
        apply = filtered("holdfast-time.service")

        def confine():
            nts.die_with_parent()
            apply()

        d.help(confine=confine).start()
        assert right(d.wait(lambda t: t["agreeing"] == 3, "three agree")), d.log()


@tap.case
def a_helper_that_is_missing_is_said_and_comes_back():
    with Desk() as d:
        d.serve(3)
        d.start()
        t = d.wait(lambda t: said(t) == "time_no_helper", "it is missing")
        assert not t["known"], t
        d.help()
        d.wait(lambda t: t["agreeing"] == 3 and right(t), "it is there")
        d.helper.kill()
        t = d.wait(lambda t: said(t) == "time_no_helper", "it is gone")
        assert right(t), t


if __name__ == "__main__":
    sys.exit(tap.main())
