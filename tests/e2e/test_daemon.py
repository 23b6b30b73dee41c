#!/usr/bin/env python3
"""What real daemons and the authority's commands make of bad input, and how they start, stop and say how they are."""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from disk import fill, small_disk  # noqa: E402
import pages  # noqa: E402
from mesh import AS_ROOT, Mesh, Programs, until  # noqa: E402
from plants import fields, plants  # noqa: E402


def mesh():
    """Two nodes that back each other up: the smallest network."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-daemon-"))
    return Mesh(folder, Programs(BUILD), nodes=2, shares=1, threshold=1)


def check_config(node, text):
    """(exit status, lines without the file's name) of --check-config on this text."""
    file = node.folder / "checked.yaml"
    file.write_text(text)
    done = subprocess.run([node.mesh.programs.holdfastd, "--check-config", "--config", file], capture_output=True,
                          text=True, timeout=20)
    return done.returncode, [line.removeprefix(f"{file}:") for line in done.stderr.splitlines()]


def run(mesh, *arguments):
    return subprocess.run([mesh.programs.holdfast, *arguments], capture_output=True, text=True, timeout=30)


@tap.case
def every_field_of_the_configuration_has_a_plant():
    """What e2e_planted, which takes long, has a hostile host write into it."""
    with mesh() as m:
        m.found()
        assert set(fields(m.programs)) == set(plants(m)), sorted(set(fields(m.programs)) ^ set(plants(m)))


@tap.case
def a_configuration_is_refused_with_line_field_and_what_would_be_right():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        good = node.config.read_text()
        assert check_config(node, good) == (0, [])
        status, lines = check_config(node, good.replace("documents:", "docments:") + "timing: {call: 5}\n")
        assert status == 1 and len(lines) == 2, lines
        assert lines[0].startswith("6:1: docments: is not known here; did you mean 'documents'?"), lines
        assert "timing.call: is '5'; expected a duration such as 250ms or 10s from 100ms to 1d" in lines[1], lines
        status, lines = check_config(node, good.replace(f"listen: {node.address}", "listen: 0.0.0.0:7700"))
        assert status == 1 and "every address of this machine, and peers need one: give `address` too" in lines[0], lines
        status, lines = check_config(node, good + "handover_from: 127.0.0.1:7\n")
        assert status != 0 and "handover_from" in lines[0] and "give `address`" in lines[0], lines
        status, lines = check_config(node, good + "find_account: true\n")
        assert status == 1 and "give `address` too" in lines[0], lines
        status, lines = check_config(node, good.replace("platform: dev", "platform: tdx"))
        assert status == 1 and "dev: only with `platform: dev`" in lines[0], lines
        status, lines = check_config(node, good.replace(m.network, m.network[2:]))
        assert status == 1 and lines[0].startswith("2:10: network: ") and "64 hexadecimal digits" in lines[0], lines


@tap.case
def impossible_sharing_is_refused():
    with mesh() as m:
        m.found()
        # k below 2, k above n.
        for k in ("1", "5"):
            done = run(m, "network", "init", m.folder / "other", "--dev", "--shares", "4", "--share-threshold", k)
            assert done.returncode != 0 and not (m.folder / "other").exists(), done
        form = m.authority / "policy.yaml"
        right = form.read_text()
        form.write_text(right.replace("threshold: 1", "threshold: 17"))
        done = run(m, "policy", "sign", "--authority", m.authority)
        assert done.returncode == 1 and "policy.yaml:3:12: threshold: is '17'" in done.stderr, done
        form.write_text(right.replace("threshold: 1", "threshold: 2"))
        done = run(m, "policy", "sign", "--authority", m.authority)
        assert done.returncode == 1, done
        form.write_text(right)


@tap.case
def a_set_too_small_for_its_shares_is_not_signed():
    with mesh() as m:
        m.found()
        m.start_all()
        m.add(m.nodes[0])
        done = run(m, "set", "sign", "--authority", m.authority)
        assert done.returncode == 1 and "at least 2 are needed" in done.stderr, done
        assert not (m.authority / "documents/set.doc").exists()


@tap.case
def status_says_how_it_is_and_exits_accordingly():
    with mesh() as m:
        node = m.nodes[0]
        m.found()
        assert node.command("status").returncode == 1
        m.start_all()
        waiting = node.command("status")
        assert waiting.returncode == 2 and b"DEVELOPMENT MODE" in waiting.stdout, waiting
        refused = node.command("key", "get", "tss-db")
        assert refused.returncode == 2 and not refused.stdout and b"not released" in refused.stderr, refused
        m.register()
        assert node.command("wait", "--for", "ready", "--timeout", "60").returncode == 0
        assert node.command("status").returncode == 0
        status = node.status()
        assert status["dev"] is True and status["network"] == m.network and status["registered"] is True
        assert status["collateral"]["set"] == "current", status["collateral"]
        wrong = node.command("key", "get", "Not A Name")
        assert wrong.returncode == 1 and b"(invalid_argument): a key's name is 1 to 64" in wrong.stderr, wrong
        assert node.command("key", "get", "tss-db", "--jsn").returncode == 64
        key = node.key("tss-db")
        answer = json.loads(node.command("key", "get", "tss-db", "--json").stdout)
        assert answer == {"key": key.hex(), "network": m.network, "version": 1, "claim": status["claim"]}, answer.keys()
        drill = node.command("backup", "verify")
        assert drill.returncode == 0 and b"1 of 1 providers proved" in drill.stdout, drill


@tap.case
def a_second_suite_of_sealing_keys_comes_with_the_policy_and_lasts_over_a_restart():
    flags = next(line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")).split()
    with mesh() as m:
        m.found()
        form = m.authority / "policy.yaml"
        form.write_text(form.read_text() + "sealing_suites: [x25519-chacha20-poly1305, x25519-aes-256-gcm]\n")
        m.authority_command("policy", "sign", "--authority", m.authority)
        m.start_all()
        node = m.nodes[0]
        wanted = [(1, "active"), (2, "active")] if {"aes", "pclmulqdq"} <= set(flags) else [(1, "active")]
        keys = node.wait_status(lambda s: [(k["suite"], k["state"]) for k in s.get("sealing_keys", [])] == wanted,
                                "the keys are not those of the policy")["sealing_keys"]
        assert all(key["next_s"] - key["since_s"] == 84 * 86400 for key in keys), keys
        assert len(wanted) == 1 or "event=sealing_key key=2 step=used" in node.log.read_text()
        m.register()
        assert node.command("wait", "--for", "ready", "--timeout", "60").returncode == 0
        key = node.key("tss-db")
        node.terminate()
        node.start()
        assert node.command("wait", "--for", "ready", "--timeout", "60").returncode == 0
        assert node.key("tss-db") == key and node.status()["sealing_keys"] == keys


def ask_http(node, path):
    """What the node's port for metrics answers: the status line, and what follows the head."""
    port = int(re.findall(r"\bmetrics\b.*?\bport=(\d+)", node.log.read_text())[-1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as asker:
        asker.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        head, _, body = b"".join(iter(lambda: asker.recv(65536), b"")).decode().partition("\r\n\r\n")
    return head.splitlines()[0].partition(" ")[2], body


def metrics_of(node):
    """What the node's port for metrics answers: {name: (help, type)}, and the names that have a value."""
    status, answer = ask_http(node, "/metrics")
    assert status == "200 OK", status
    helps = dict(re.findall(r"^# HELP holdfast_(\S+) (.*)$", answer, re.M))
    types = dict(re.findall(r"^# TYPE holdfast_(\S+) (.*)$", answer, re.M))
    assert helps.keys() == types.keys(), answer
    return ({name: (helps[name], types[name]) for name in helps},
            set(re.findall(r"^holdfast_(\w+)(?:\{\w+=\"\w+\"(?:,\w+=\"\w+\")*\})? \d+(?:\.\d+)?$", answer, re.M)))


def reason_in_metrics(node):
    """Why the node is in its state, by its metrics: (reason, whose word, value), a line each."""
    return re.findall(r'^holdfast_reason\{reason="(\w+)",of="(\w+)"\} (\d)$', ask_http(node, "/metrics")[1], re.M)


@tap.case
def every_metric_of_the_table_is_given_and_no_other():
    rows = pages.rows((SOURCE / "src/daemon/metrics.def").read_text(encoding="utf-8"), r"HF_METRIC_[A-Z]+")
    table = {row[0]: (row[3], row[1]) for row in rows if row[0] != "name"}
    assert len(table) > 40
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        node.config.write_text(node.config.read_text() + "metrics: {port: 0}\n")
        m.start_all()
        given, valued = metrics_of(node)
        assert given == table, (given.keys() ^ table.keys())
        assert valued == table.keys(), valued ^ table.keys()
        promtool = shutil.which("promtool")
        if promtool:
            text = ask_http(node, "/metrics")[1]
            done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
            assert done.returncode == 0 and not done.stderr, done


@tap.case
def health_is_told_apart_from_readiness():
    with mesh() as m:
        m.found()
        for node in m.nodes:
            node.config.write_text(node.config.read_text() + "metrics: {port: 0}\n")
        m.start_all()
        node = m.nodes[0]
        assert ask_http(node, "/healthz") == ("200 OK", "ok\n")
        assert ask_http(node, "/readyz") == ("503 Service Unavailable", "fresh\n")
        assert reason_in_metrics(node) == [(node.status()["reason"]["code"], "node", "1")]
        for path in ("/", "/metricsx", "/healthz/x"):
            assert ask_http(node, path)[0] == "404 Not Found", path
        m.register()
        node.wait("ready", 60)
        assert ask_http(node, "/readyz") == ("200 OK", "ready\n")
        assert reason_in_metrics(node) == [("none", "none", "0")]
        value = dict(re.findall(r"^holdfast_(\w+) (\d+)$", ask_http(node, "/metrics?x=1")[1], re.M))
        assert (value["providers"], value["providers_answering"], value["danger"]) == ("1", "1", "0"), value
        assert int(value["policy_expires_timestamp_seconds"]) > time.time() + 300 * 86400, value
        identity_s = node.status()["expires"]["identity_s"]
        assert identity_s > time.time() and int(value["identity_expires_timestamp_seconds"]) == identity_s, value
        assert value["share_set_expires_timestamp_seconds"] == "0", value
        node.terminate()
        m.nodes[1].kill()
        node.start()
        node.wait("recovering", 30)
        why = until(lambda: node.status()["reason_of"] and node.status(), 30, "no reason")
        assert reason_in_metrics(node) == [(why["reason"]["code"], why["reason_of"], "1")], why


@tap.case
def sigterm_ends_it_cleanly_and_a_restart_recovers():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        key = node.key("tss-db")
        node.terminate()
        node.start()
        assert until(lambda: node.key("tss-db"), 30, "no key") == key


@tap.case
def a_folder_of_another_release_is_refused_by_name_and_left_as_it_is():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        key, format_of = node.key("tss-db"), node.status()["formats"]["data"]
        node.terminate()
        vault = node.data / "vault.db"
        written = vault.read_bytes()
        for other in (format_of + 1, format_of - 1):
            # The user version of an SQLite database, as a whole.
            altered = written[:60] + other.to_bytes(4, "big") + written[64:]
            vault.write_bytes(altered)
            node.start()
            assert node.process.wait(30) == 1, node.tail()
            node.process = None
            assert f"vault.db has format {other}, this release knows {format_of}" in node.tail(), node.tail()
            assert vault.read_bytes() == altered
        vault.write_bytes(written)
        node.start()
        assert until(lambda: node.key("tss-db"), 30, "no key") == key


@tap.case
def a_log_that_nobody_reads_holds_nothing_up():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        key = node.key("tss-db")
        node.kill()
        unread, log = os.pipe()
        fcntl.fcntl(log, fcntl.F_SETPIPE_SZ, 4096)
        node.process = subprocess.Popen([m.programs.holdfastd, "--config", node.config, *AS_ROOT], stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log)
        os.close(log)
        assert until(lambda: node.key("tss-db"), 30, "no key") == key
        # Each reload is a line or more: far more than pipe and buffer hold.
        for _ in range(5):
            for _ in range(200):
                node.hang_up()
                time.sleep(0.0005)
            assert node.command("reload").returncode == 0
        assert node.key("tss-db") == key
        node.terminate()
        os.close(unread)


@tap.case
def a_second_daemon_does_not_touch_the_folder():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        key = node.key("tss-db")
        second = node.folder / "second.yaml"
        other_socket = node.config.read_text().replace("socket: socket", "socket: second")
        second.write_text(other_socket.replace(node.address, "127.0.0.1:0"))
        with subprocess.Popen([m.programs.holdfastd, *AS_ROOT, "--config", second], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            try:
                text = process.communicate(timeout=3)[0]
                assert process.returncode != 0, text
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
                text = process.communicate(timeout=10)[0]
        assert "another daemon holds the data folder" in text, text
        assert node.key("tss-db") == key


@tap.case
def a_folder_of_another_network_is_named_as_that():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        key, text = node.key("tss-db"), node.config.read_text()
        node.terminate()
        node.config.write_text(text.replace(m.network, "5f" * 32))
        node.start()
        node.wait("blocked", 30)
        done = node.command("status")
        said = done.stdout.decode()
        assert done.returncode == 2 and "not by itself: the data folder is of another network than the configuration names" in said, said
        assert "`holdfast explain another_network`" in said and "Do not delete the data folder" in said, said
        # With both: the one of the configuration, and the one of the documents that come.
        node.wait_status(lambda s: s["other_network"] == m.network, "it does not say whose documents come")
        assert f"those of\n  {m.network}\n" in node.command("status").stdout.decode()
        node.config.write_text(text)
        node.terminate()
        node.start()
        node.wait("ready", 60)
        assert node.key("tss-db") == key


@tap.case
def a_taken_port_is_said_and_taken_when_it_is_free():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        key = node.key("tss-db")
        node.kill()
        host, port = node.address.split(":")
        with contextlib.closing(socket.socket()) as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            thief.bind((host, int(port)))
            thief.listen()
            node.start()
            status = until(lambda: (node.status() or {}).get("listen_error"), 20, "nothing said of the port")
            assert status["code"] == "address_in_use", status
            # It recovers all the same: that needs no port of its own.
            assert until(lambda: node.key("tss-db"), 30, "no key") == key
        until(lambda: node.status()["listen_error"] is None, 60, "the port is not taken when it is free")


@tap.case
def documents_of_strangers_and_older_ones_are_refused_and_the_good_ones_kept():
    with mesh() as m, mesh() as strangers:
        m.make()
        strangers.found()
        node, documents = m.nodes[0], m.authority / "documents"
        epoch, policy = node.status()["epoch"], node.status()["policy"]
        key = node.key("tss-db")
        # A newer set first, so that the older one is there to be put back.
        old_set = (documents / "set.doc").read_bytes()
        m.sign_set()
        until(lambda: node.status()["epoch"] == epoch + 1, 20, "the new set is not taken")
        (documents / "set.doc").write_bytes(old_set)
        shutil.copy(strangers.authority / "documents/policy.doc", documents / "stranger.doc")
        (documents / "junk.doc").write_bytes(b"\xff" * 1000)
        assert node.command("reload").returncode == 0
        until(lambda: node.status()["last_refusal"], 20, "no refusal is named")
        # Across a restart, too: the newest that was ever taken stays.
        node.kill()
        node.start()
        assert until(lambda: node.key("tss-db"), 30, "no key") == key
        until(lambda: node.status()["epoch"] == epoch + 1, 20, "the older set is in force")
        assert node.status()["policy"] == policy


@tap.case
def a_damaged_vault_is_an_error_and_never_a_fresh_start():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        account = node.status()["account"]
        node.kill()
        files = [path for path in node.data.iterdir() if path.is_file() and path.stat().st_size > 8192]
        assert files, list(node.data.iterdir())
        before = {path: path.read_bytes() for path in node.data.iterdir() if path.is_file()}
        for path in files:
            content = bytearray(before[path])
            content[4096:] = bytes(len(content) - 4096)
            path.write_bytes(content)
        node.start()
        status = until(lambda: (node.status() or {}).get("state") == "blocked" and node.status(), 30,
                       lambda: f"not blocked: {node.state()}\n{node.tail()}")
        assert status["account"] in (None, account) and node.key("tss-db") is None, status
        # Put back, it goes on as the one it was.
        node.kill()
        for path in node.data.iterdir():
            if path.is_file() and path not in before:
                path.unlink()
        for path, content in before.items():
            path.write_bytes(content)
            path.chmod(0o600)
        node.start()
        until(lambda: (node.status() or {}).get("account") == account and node.key("tss-db"), 30,
              lambda: f"it does not go on:\n{node.tail()}")


@tap.case
def a_full_disk_is_said_and_passes_without_loss():
    with mesh() as m:
        node = m.nodes[0]
        m.found()
        with small_disk(node.data):
            try:
                m.start_all()
                m.register()
                for other in m.nodes:
                    other.wait("ready", 60)
                key = node.key("tss-db")
                fill(node.data / "ballast")
                m.sign_set()  # which the node has to write down
                error = until(lambda: node.status()["store_error"], 30, "nothing said of the full disk")
                assert error["code"] == "disk_full", error
                (node.data / "ballast").unlink()
                until(lambda: node.status()["store_error"] is None, 30, lambda: f"{node.status()}\n{node.tail()}")
                epoch = m.nodes[1].status()["epoch"]
                until(lambda: node.status()["epoch"] == epoch, 30, "the set was not taken")
                node.kill()
                node.start()
                assert until(lambda: node.key("tss-db"), 30, lambda: f"no key:\n{node.tail()}") == key
            finally:
                node.kill()


@tap.case
def a_development_seed_gives_the_same_account_and_keys_in_every_empty_folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-daemon-"))
    with Mesh(folder, Programs(BUILD), nodes=4, shares=3, threshold=2, quorum=2) as m:
        m.found()
        node = m.nodes[0]
        node.config.write_text(node.config.read_text() + "  seed: alice\n")
        m.start_all()
        account = node.status()["account"]
        assert "event=FIXED_KEYS" in node.log.read_text(), node.tail()
        m.register()
        for each in m.nodes:
            each.wait("ready", 90)
        key = node.key("tss-db")
        assert key and key != m.nodes[1].key("tss-db")
        for each in m.nodes:
            each.kill()
            shutil.rmtree(each.data)
        m.start_all()
        assert node.status()["account"] == account, "another account"
        assert m.register_again() == 3, "others have accounts of their own"
        for each in m.nodes:
            each.wait("ready", 90)
        assert node.key("tss-db") == key, "another key"


if __name__ == "__main__":
    sys.exit(tap.main())
