#!/usr/bin/env python3
"""A real daemon and what its machine does to it: descriptors that are closed, clients that stay, a disk that does not
answer, paths, files that are missing, users and what they may."""

import contextlib
import ctypes
import os
import pathlib
import pwd
import re
import resource
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import AS_ROOT, Mesh, Programs, until  # noqa: E402


PR_CAPBSET_DROP, CAP_IPC_LOCK = 24, 14
STOP_S_MAX = 2  # whoever is connected, and whatever does not answer


def mesh(nodes=2):
    """Two nodes that back each other up: the smallest network."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-host-"))
    return Mesh(folder, Programs(BUILD), nodes=nodes, shares=1, threshold=1)


def daemon(node, *arguments, **options):
    """Starts the node's daemon with options of subprocess's; it is the node's from then on."""
    with open(node.log, "ab") as log:
        options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log} | options
        node.process = subprocess.Popen([node.mesh.programs.holdfastd, *AS_ROOT, "--config", node.config, *arguments], **options)


def joined(node):
    """A connection to the local socket."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(str(node.socket))
    return client


def frame(text):
    return struct.pack(">I", len(text)) + text


def stop_s(node):
    """Seconds from SIGTERM to the end, which is a clean one."""
    started = time.monotonic()
    node.terminate()
    return time.monotonic() - started


@tap.case
def sigterm_ends_it_whoever_is_connected():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        node.config.write_text(node.config.read_text() + "metrics: {port: 0}\n")
        node.start()
        until(node.identified, 30, "no identity")
        port = int(next(line for line in node.log.read_text().splitlines() if "event=metrics" in line)
                   .split("port=")[1].split()[0])
        with contextlib.ExitStack() as stack:
            open_ones = [stack.enter_context(joined(node)) for _ in range(4)]
            open_ones[1].sendall(frame(b'{"request":"key","name":"k","wait_ms":3600000}'))
            open_ones[2].sendall(frame(b'{"request":"key","name":"k","wait_ms":3600000}'))
            open_ones[2].shutdown(socket.SHUT_WR)
            for to in (port, int(node.address.split(":")[1])):
                for _ in range(3):
                    stack.enter_context(socket.create_connection(("127.0.0.1", to)))
            assert stop_s(node) < STOP_S_MAX
        assert "event=stopped" in node.tail(1)
        assert not node.socket.exists()


def secret_bytes(node):
    """Locked memory that holds secrets, as the daemon counts it."""
    with joined(node) as client:
        client.sendall(frame(b'{"request":"metrics"}'))
        said = b""
        while not (found := re.search(rb"holdfast_secret_bytes (\d+)\D", said)):
            said += client.recv(65536)
        return int(found[1])


def on_slow_disk(gate, folder=None):
    """The environment of a daemon whose disk does not answer while the file gate is there; folder: nor does this one."""
    more = {"HF_SLOW_FOLDER": str(folder)} if folder else {}
    return os.environ | {"LD_PRELOAD": str(BUILD / "tests/lib/libslow_disk.so"), "HF_SLOW_DISK": str(gate)} | more


@tap.case
def sigterm_ends_it_while_the_disk_does_not_answer():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        key = node.key("a")
        node.terminate()
        gate = m.folder / "slow"
        daemon(node, env=on_slow_disk(gate))
        node.wait("ready", 60)
        gate.touch()
        # A first release binds the name durably.
        with joined(node) as asker:
            asker.sendall(frame(b'{"request":"key","name":"b","wait_ms":3600000}'))
            until(lambda: node.status() is not None, 10, "no status")
            # Who gives up leaves no key behind that waits for the disk.
            held = until(lambda: secret_bytes(node), 10, "no metrics")
            for _ in range(40):
                with joined(node) as other:
                    other.sendall(frame(b'{"request":"key","name":"b","wait_ms":3600000}'))
                    until(lambda: node.status() is not None, 10, "no status")
            assert secret_bytes(node) < held + 1024
            assert stop_s(node) < STOP_S_MAX
        gate.unlink()
        node.start()
        assert until(lambda: node.key("a"), 30, "no key") == key


@tap.case
def a_start_on_a_disk_that_does_not_answer_is_told_and_ends_when_told_to():
    with mesh() as m:
        m.found()
        node, gate = m.nodes[0], m.folder / "slow"
        gate.touch()
        # It makes its vault's file, durably, before anything else.
        daemon(node, env=on_slow_disk(gate))
        try:
            assert until(node.state, 20, "no status") == "starting"
            assert stop_s(node) < STOP_S_MAX
        finally:
            gate.unlink()
        node.start()
        until(node.identified, 30, lambda: f"no identity:\n{node.tail()}")


@tap.case
def folders_that_do_not_answer_hold_up_nothing():
    with mesh() as m:
        m.make("collateral_service: {url: 'https://127.0.0.1:1'}\n")
        node, other = m.nodes
        key = node.key("a")
        gate = m.folder / "slow"
        for which in ("documents", "collateral"):
            node.terminate()
            daemon(node, env=on_slow_disk(gate, m.authority / which))
            node.wait("ready", 60)
            gate.touch()
            node.hang_up()
            until(lambda: node.log.read_text().count("event=reload"), 10, "no reload")
            # Longer than from one look at the folders to the next.
            asked = [node.command("key", "get", "a", timeout=5) for _ in range(2) if time.sleep(1) is None]
            drill = other.command("backup", "verify", timeout=20)
            seconds = stop_s(node)
            gate.unlink()
            assert all(bytes.fromhex(done.stdout.decode().strip()) == key for done in asked), (which, asked)
            assert drill.returncode == 0, (which, drill)
            assert seconds < STOP_S_MAX, (which, seconds)
            node.start()
            node.wait("ready", 60)


def descriptors(process):
    """What 0, 1 and 2 of a process are, where one may look."""
    try:
        return [os.readlink(f"/proc/{process.pid}/fd/{number}") for number in range(3)]
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise tap.Skip("looking into a daemon needs root") from error


def close_standard():
    for number in range(3):
        os.close(number)


@tap.case
def closed_standard_descriptors_are_dev_null():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        command = subprocess.Popen([m.programs.holdfast, "--socket", node.socket, "wait", "--for", "ready", "--timeout",
                                    "60"], stdin=None, preexec_fn=close_standard)
        try:
            until(lambda: os.path.basename(os.readlink(f"/proc/{command.pid}/exe")) == "holdfast", 10, "not started")
            until(lambda: descriptors(command) == ["/dev/null"] * 3, 10, lambda: descriptors(command))
        finally:
            command.kill()
            command.wait()
        daemon(node, stdin=None, stdout=None, stderr=None, preexec_fn=close_standard)
        until(node.identified, 30, "no identity")
        try:
            assert descriptors(node.process) == ["/dev/null"] * 3
        finally:
            assert stop_s(node) < STOP_S_MAX


@tap.case
def the_process_that_starts_the_fetcher_ends_with_the_daemon():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        node.config.write_text(node.config.read_text() + "collateral_service:\n  url: https://127.0.0.1:1\n")
        for closed in (lambda: os.close(2), close_standard, lambda: None):
            daemon(node, stdin=None, stdout=None, stderr=None, preexec_fn=closed)
            until(node.identified, 30, "no identity")
            pid = node.process.pid
            child = int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
            node.kill()
            until(lambda child=child: not pathlib.Path(f"/proc/{child}").exists(), 10, "it stays")


@tap.case
def a_socket_path_that_does_not_fit_is_refused_before_anything_is_opened():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        deep = node.folder / ("d" * 100)
        deep.mkdir()
        config = deep / "c.yaml"
        config.write_text(node.config.read_text())
        for more in (["--check-config"], []):
            done = subprocess.run([m.programs.holdfastd, *AS_ROOT, "--config", config, *more], capture_output=True, text=True,
                                  timeout=20)
            assert done.returncode == 1 and "c.yaml:4:9: socket: with its folder longer" in done.stderr, done
        assert {path.name for path in node.folder.iterdir()} == {deep.name, node.config.name}
        assert [path.name for path in deep.iterdir()] == ["c.yaml"]


@tap.case
def a_path_that_is_missing_opens_nothing_above_its_folder():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        good = node.config.read_text()
        done = subprocess.run([m.programs.holdfastd, "--config", node.config, "--check-config"], capture_output=True, timeout=20)
        assert done.returncode == 0 and not node.data.exists(), done
        for field, path in (("documents", "/nowhere/documents"), ("documents", "/"), ("documents", "/nowhere"),
                            ("data", "/nowhere/data"), ("collateral", "/nowhere/a/collateral"), ("  machine", "/nowhere/machine")):
            node.config.write_text(re.sub(rf"(?m)^{field}: .*", f"{field}: {path}", good))
            for more, said in ((["--check-config"], f"{path}: neither it nor"), ([], f"event=cannot_start text={path} ")):
                done = subprocess.run([m.programs.holdfastd, *AS_ROOT, "--config", node.config, *more], capture_output=True,
                                      text=True, timeout=20)
                assert done.returncode == 1 and said in done.stderr, (field, path, done)


@tap.case
def a_folder_of_collateral_that_takes_the_place_of_another_is_read():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        assert node.status()["collateral"]["set"] == "current"
        # As the fetcher brings a new set, here outside the data folder.
        folder = m.authority / "collateral"
        shutil.copytree(folder, m.folder / "fresh")
        folder.rename(m.folder / "old")
        node.command("reload")
        until(lambda: node.status()["collateral"]["error"], 20, "the missing folder is not noticed")
        (m.folder / "fresh").rename(folder)
        node.command("reload")
        until(lambda: not node.status()["collateral"]["error"], 20, lambda: node.status()["collateral"])


@tap.case
def what_stands_at_the_sockets_path_is_named_and_left_alone():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        for make, text in ((node.socket.mkdir, "something that is no socket"),
                           (lambda: node.socket.symlink_to(node.config), "something that is no socket"),
                           (lambda: node.socket.write_text("mine"), "something that is no socket")):
            make()
            done = subprocess.run([m.programs.holdfastd, *AS_ROOT, "--config", node.config], capture_output=True, text=True,
                                  timeout=20)
            assert done.returncode == 1 and "event=cannot_start" in done.stderr and text in done.stderr, done
            assert os.path.lexists(node.socket)
            if node.socket.is_dir():
                node.socket.rmdir()
            else:
                node.socket.unlink()
        node.config.write_text(node.config.read_text().replace("socket: socket", "socket: none/socket"))
        done = subprocess.run([m.programs.holdfastd, *AS_ROOT, "--config", node.config], capture_output=True, text=True,
                              timeout=20)
        assert done.returncode == 1 and "the socket's folder is missing" in done.stderr, done


@tap.case
def a_path_that_is_not_utf_8_does_not_end_it():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        # Relative paths start at the folder of the configuration.
        folder = os.fsencode(node.folder) + b"/odd\xff"
        os.mkdir(folder)
        text = node.config.read_text().replace("socket: socket", f"socket: {node.socket}")
        text = text.replace(f"collateral: {m.authority}/collateral", "collateral: none")
        node.config = folder + b"/c.yaml"
        with open(node.config, "w", encoding="utf-8") as file:
            file.write(text)
        node.start()
        status = until(lambda: node.status(), 30, lambda: f"no status:\n{node.tail()}")
        assert status["collateral"]["folder"].endswith("/odd?/none"), status
        until(lambda: node.status().get("quotes", {}).get("where"), 30, "no quotes")


@tap.case
def a_vault_without_its_log_is_blocked_and_goes_on_when_the_log_is_back():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        key, account = node.key("tss-db"), node.status()["account"]
        node.kill()
        log = node.data / "vault.db-wal"
        aside = node.folder / "aside"
        log.rename(aside)
        node.start()
        status = until(lambda: (node.status() or {}).get("state") == "blocked" and node.status(), 30,
                       lambda: f"{node.state()}\n{node.tail()}")
        assert "vault.db-wal is missing" in status["start_text"], status
        assert status["account"] is None and node.key("tss-db") is None
        node.kill()
        assert not log.exists()
        aside.rename(log)
        node.start()
        assert until(lambda: node.key("tss-db"), 30, lambda: f"no key:\n{node.tail()}") == key
        assert node.status()["account"] == account


def without_ipc_lock(lockable=8 << 20):
    """Runs in the child: what it executes is bound by a limit on locked memory."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK)
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (lockable, lockable))


def as_user(node, name):
    """The node's folder and configuration for a daemon that becomes this user."""
    for path in (node.mesh.folder, node.mesh.authority):
        path.chmod(0o755)
    for path, folders, files in os.walk(node.mesh.folder):
        for each in [path, *(os.path.join(path, one) for one in folders + files)]:
            shutil.chown(each, name)
    node.config.write_text(node.config.read_text() + f"user: {name}\n")


@tap.case
def the_service_manager_is_told_when_keys_can_be_had_and_that_the_loop_works():
    with mesh() as m, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        m.found()
        node, other = m.nodes
        path = m.folder / "notify"
        manager.bind(str(path))
        manager.settimeout(20)
        daemon(node, env=os.environ | {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "1000000"})
        other.start()

        def told(wanted):
            """Everything up to the first datagram that has this."""
            lines = []
            while not any(line.startswith(wanted) for line in lines):
                lines += manager.recv(4096).decode().splitlines()
            return lines

        lines = told("STATUS=fresh: ") + told("WATCHDOG=1") + told("WATCHDOG=1")
        assert "READY=1" not in lines, lines
        m.register()
        lines = told("READY=1")
        # From the record on, which all holders may not have acknowledged yet, what it has bound can be had.
        assert any(lines[-1].startswith(f"STATUS={state}: ") for state in ("placing", "placed", "ready")), lines
        if not lines[-1].startswith("STATUS=ready: "):
            told("STATUS=ready: ")
        node.terminate()
        lines = told("STOPPING=1")
        assert "READY=1" not in lines, lines
        # One who cannot be told does not keep it from starting.
        daemon(node, env=os.environ | {"NOTIFY_SOCKET": str(m.folder / "nobody")})
        node.wait({"ready"}, 30)
        assert "event=notify_socket" in node.log.read_text(), node.tail()


@tap.case
def root_is_refused_unless_told_and_becomes_who_is_named():
    if os.geteuid() != 0:
        raise tap.Skip("starting as root needs root")
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        done = subprocess.run([m.programs.holdfastd, "--config", node.config], capture_output=True, text=True,
                              timeout=20)
        assert done.returncode == 1 and "started as root without `user`" in done.stderr, done
        assert not node.data.exists() and not node.socket.exists()
        good = node.config.read_text()
        node.config.write_text(good + "user: no-such-user\n")
        done = subprocess.run([m.programs.holdfastd, "--config", node.config], capture_output=True, text=True,
                              timeout=20)
        assert done.returncode == 1 and "`user` names a user that this machine does not know" in done.stderr, done
        node.config.write_text(good)
        as_user(node, "nobody")
        node.process = subprocess.Popen([m.programs.holdfastd, "--config", node.config], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=open(node.log, "ab"))
        until(node.identified, 30, lambda: f"no identity:\n{node.tail()}")
        # The user of the daemon is served, and what was made before belongs to it.
        nobody = pwd.getpwnam("nobody").pw_uid
        assert node.socket.stat().st_uid == nobody and node.socket.stat().st_mode & 0o777 == 0o600
        done = subprocess.run([m.programs.holdfast, "--socket", node.socket, "status"], capture_output=True, text=True,
                              user=nobody, timeout=20)
        assert done.returncode == 2, done
        for line in pathlib.Path(f"/proc/{node.process.pid}/status").read_text().splitlines():
            if line.startswith(("CapInh", "CapPrm", "CapEff", "CapAmb")):
                assert int(line.split()[1], 16) == 0, line
        assert stop_s(node) < STOP_S_MAX


@tap.case
def memory_that_can_be_locked_is_and_little_of_it_is_used():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        if os.geteuid() != 0:
            raise tap.Skip("locking all memory needs root, or an unlimited RLIMIT_MEMLOCK")
        sizes = {}
        for lockable in (False, True):
            node.terminate()
            daemon(node, preexec_fn=None if lockable else without_ipc_lock)
            node.wait("ready", 60)
            facts = dict(line.split(":", 1) for line in
                         pathlib.Path(f"/proc/{node.process.pid}/status").read_text().splitlines())
            sizes[lockable] = int(facts["VmRSS"].split()[0])
            memory = node.status()["sandbox"]["memory"]
            assert memory == "locked" if lockable else memory in ("no_swap", "swappable"), memory
        print(f"# resident: {sizes[False]} KiB, with all of it locked {sizes[True]} KiB")
        assert sizes[True] < sizes[False] * 3 // 2, sizes


@tap.case
def too_little_memory_that_can_be_locked_is_named_as_what_it_is():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        daemon(node, preexec_fn=lambda: without_ipc_lock(64 << 10))
        assert node.process.wait(20) == 1
        node.process = None
        assert "event=cannot_start" in node.tail() and "RLIMIT_MEMLOCK" in node.tail(), node.tail()
        assert not node.socket.exists()


@tap.case
def a_daemon_at_work_makes_no_call_that_is_refused():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        key = node.key("tss-db")
        node.hang_up()
        node.command("backup", "verify")
        node.kill()
        node.start()
        assert until(lambda: node.key("tss-db"), 30, "no key") == key
        node.wait("ready", 60)
        for each in m.nodes:
            sandbox = each.status()["sandbox"]
            assert sandbox["refused_calls"] == 0, sandbox


if __name__ == "__main__":
    sys.exit(tap.main())
