#!/usr/bin/env python3
"""The unit files as Debian's systemd reads them, and the programs under what they leave of system calls and of /proc.

The service manager itself does not run here: its filter is made anew from the unit's own lines, with the groups that
systemd-analyze expands, by the same library.
"""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import AS_ROOT, Mesh, Programs, until  # noqa: E402
from units import calls, filtered, values  # noqa: E402

UNITS = {"holdfastd.service": BUILD / "src/daemon/holdfastd", "holdfast-report.service": BUILD / "src/report/holdfast-report",
         "holdfast-measure.service": BUILD / "src/report/holdfast-measure",
         "holdfast-time.service": BUILD / "src/time/holdfast-time"}
REPORT_ANSWER_MAX = 1 << 16
PERMISSION = -9  # of reasons.def


@tap.case
def systemd_reads_every_unit_without_a_warning():
    with tempfile.TemporaryDirectory() as folder:
        copies = [shutil.copy(SOURCE / "contrib/systemd" / f"holdfast-{name}.socket", folder) for name in ("report", "time")]
        for unit, program in UNITS.items():
            # The programs are not installed where the unit will find them.
            text = re.sub(r"(?m)^(Exec\w+=)\S*/holdfast[^/\s]*", rf"\g<1>{program}", (BUILD / "contrib" / unit).read_text())
            copies.append(pathlib.Path(folder, unit))
            copies[-1].write_text(text)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", *copies], capture_output=True, text=True, timeout=60,
                              env=os.environ | {"SYSTEMD_UNIT_PATH": f"{folder}:"})
        # What is said of units that are not ours is not ours.
        said = [line for line in (done.stdout + done.stderr).splitlines() if folder in line or "holdfast" in line]
        assert done.returncode == 0 and not said, said


@tap.case
def a_configuration_for_the_unit_writes_only_where_the_unit_may():
    holdfast = BUILD / "src/cli/holdfast"
    with tempfile.TemporaryDirectory() as folder:
        init = [holdfast, "node", "init", "--service", "--dir", folder, "--network", "5a" * 32, "--address", "a.example:7700", "--join", "b.example:7700"]
        done = subprocess.run(init, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and "systemctl enable --now --no-block holdfast-measure holdfastd" in done.stdout, done
        text = pathlib.Path(folder, "holdfastd.yaml").read_text()
        paths = dict(re.findall(r"(?m)^(data|collateral|socket): (\S+)$", text))
        state, runtime = (f"/{top}/{values('holdfastd.service', name)[0]}" for top, name in (("var/lib", "StateDirectory"), ("run", "RuntimeDirectory")))
        assert paths == {"data": state, "collateral": f"{state}/collateral", "socket": f"{runtime}/socket"}, paths
        assert pathlib.Path(folder, "network").read_text() == f"HOLDFAST_NETWORK={'5a' * 32}\n"
        unit = (BUILD / "contrib/holdfast-measure.service").read_text()
        assert "EnvironmentFile=/etc/holdfast/network" in unit and "${HOLDFAST_NETWORK}" in unit
        # The service manager makes those folders; here they are others.
        pathlib.Path(folder, "holdfastd.yaml").write_text(text.replace(state, f"{folder}/data").replace(runtime, folder))
        check = subprocess.run([BUILD / "src/daemon/holdfastd", *AS_ROOT, "--check-config", "--config", f"{folder}/holdfastd.yaml"], capture_output=True, text=True, timeout=60)
        assert check.returncode == 0, check


@tap.case
def each_call_that_a_program_leaves_itself_is_left_by_its_unit():
    for unit, source in (("holdfastd.service", "src/daemon/harden.c"), ("holdfastd.service", "src/fetch/confine.c"),
                         ("holdfast-report.service", "src/report/main.c")):
        wanted = set(re.findall(r"\b(?:CALL\(|SYS_)(\w+)", (SOURCE / source).read_text())) - {"name"}
        wanted |= {"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}
        # SQLite's, where root runs the daemon: its unit runs it as a user.
        wanted.discard("fchown")
        assert len(wanted) > 30 and not wanted - calls(unit), (unit, wanted - calls(unit))


@tap.case
def the_daemon_runs_under_its_units_filter():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-units-"))
    with Mesh(folder, Programs(BUILD), nodes=2, shares=1, threshold=1) as m:
        m.found()
        apply = filtered("holdfastd.service")
        for node in m.nodes:
            log = node.log.open("ab")
            node.process = subprocess.Popen([m.programs.holdfastd, *AS_ROOT, "--config", node.config], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, preexec_fn=apply)
        for node in m.nodes:
            until(node.identified, 30, lambda node=node: f"no identity:\n{node.tail()}")
        m.register()
        for node in m.nodes:
            node.wait("ready", 90)
            sandbox = node.status()["sandbox"]
            assert sandbox["refused_calls"] == 0 and sandbox["memory"] != "swappable", sandbox
        assert m.nodes[0].key("tss-db") is not None


@tap.case
def the_report_helper_runs_under_its_units_filter():
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        path, tsm = f"{folder}/socket", pathlib.Path(folder, "tsm")
        tsm.mkdir()
        listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        listener.bind(path)
        listener.listen(4)
        start = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&{listener.fileno()}'
        helper = subprocess.Popen(["sh", "-c", start, "sh", UNITS["holdfast-report.service"], "--user", str(os.geteuid()),
                                   "--report", tsm], stderr=subprocess.PIPE, text=True, pass_fds=[listener.fileno()],
                                  preexec_fn=filtered("holdfast-report.service"))
        stack.callback(helper.wait)
        stack.callback(helper.kill)
        client = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
        client.settimeout(20)
        client.connect(path)
        label = b"holdfast/v1/identity"
        client.send(bytes([1, len(label)]) + label + bytes(32))
        # The folder is no kernel's, so that nothing comes of the report; but the helper has been let to its work.
        answer = client.recv(REPORT_ANSWER_MAX)
        assert len(answer) == 4 and helper.poll() is None, (answer, helper.poll())
        assert int.from_bytes(answer, "big", signed=True) != PERMISSION, answer


@tap.case
def what_the_daemon_reads_of_proc_is_there_under_its_unit():
    if os.geteuid() != 0:
        raise tap.Skip("mounting needs root")
    subset = (values("holdfastd.service", "ProcSubset") or ["all"])[-1]
    options = f"hidepid={values('holdfastd.service', 'ProtectProc')[-1]}" + (",subset=pid" if subset == "pid" else "")
    read = set(re.findall(r'"(/proc/[a-z]+)"', (SOURCE / "src/daemon/harden.c").read_text()))
    assert {"/proc/cmdline", "/proc/swaps"} <= read, read
    done = subprocess.run(["unshare", "--mount", "sh", "-c", f'mount -t proc -o {options} proc /proc && cat "$@" >/dev/null', "sh",
                           *sorted(read)], capture_output=True, text=True, timeout=20)
    if "mount:" in done.stderr:
        raise tap.Skip("no /proc can be mounted here")
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    sys.exit(tap.main())
