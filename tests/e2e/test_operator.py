#!/usr/bin/env python3
"""The operator who stands outside the trust domain: what the listener shows, takes and refuses, by real daemons."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, free_ports, until  # noqa: E402

VSOCK_LOCAL = 1  # the context id of the machine itself


def mesh(nodes=4):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-operator-"))
    return Mesh(folder, Programs(BUILD), nodes=nodes, shares=3, threshold=2, quorum=2)


class Operator:
    """A key, and the listener of one node."""

    def __init__(self, m, name, address=None):
        self.m, self.address = m, address
        self.file = m.folder / f"{name}.key"
        done = subprocess.run([m.programs.holdfast, "node", "key", self.file], capture_output=True, text=True)
        assert done.returncode == 0 and len(done.stdout.strip()) == 64, done
        self.public = done.stdout.strip()

    def ask(self, *arguments, account=None):
        more = ["--account", account] if account else []
        return subprocess.run([self.m.programs.holdfast, "--operator", self.address, "--key", self.file, *more,
                               *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def listener(node, address, key=None):
    text = f"operator:\n  listen: {address}\n" + (f"  key: {key}\n" if key else "")
    node.config.write_text(node.config.read_text() + text)


def until_asked(condition, node):
    """A new connection each time: not so many a second that the listener would close them."""
    until(condition, 30, node.tail, pause=0.25)


def request(address, path, certificate=None):
    """One request by curl, which shows no certificate, or one that was made by others."""
    more = ["--cert", certificate] if certificate else []
    done = subprocess.run(["curl", "-sSk", "--http2", "--max-time", "20", *more, "-w", "\n%{http_code}",
                           f"https://{address}{path}"], capture_output=True, text=True)
    text, _, code = done.stdout.rpartition("\n")
    return int(code or 0), text or done.stderr


@tap.case
def the_configuration_s_key_reads_before_there_is_a_network_and_acts_never():
    with mesh() as m:
        m.found()
        reader = Operator(m, "reader", f"127.0.0.1:{m.spare_port}")
        node = m.nodes[0]
        listener(node, reader.address, reader.public)
        node.config.write_text(node.config.read_text().replace(f"documents: {m.authority}/documents\n", ""))
        node.start()
        until_asked(lambda: '"fresh"' in reader.ask("status", "--json").stdout, node)
        shown = reader.ask("status", "--json")
        assert json.loads(shown.stdout)["state"] == "fresh", shown
        assert json.loads(shown.stdout)["operator_listener"] == {"listen": reader.address, "error": None}, shown
        for words in (["reload"], ["drain"], ["drain", "--undo"], ["leave", "--no-wait"], ["backup", "verify"],
                      ["mute", "no_documents", "--for", "1h"], ["blackstart", "request", str(m.folder / "x")]):
            done = reader.ask(*words)
            assert done.returncode == 1 and "permission" in done.stderr, (words, done)
        for words in (["key", "get", "tss-db", "--force"], ["exec", "--key", "tss-db=3", "--", "true"]):
            done = reader.ask(*words)
            assert done.returncode == 1 and "no key leaves a trust domain" in done.stderr, (words, done)


@tap.case
def an_operator_whom_the_set_names_sees_and_does_what_is_his_to_do():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        operator = Operator(m, "alice", f"127.0.0.1:{m.spare_port}")
        other = Operator(m, "bob", operator.address)
        listener(node, operator.address)
        node.config.write_text(node.config.read_text() + "log: {level: debug}\n")
        m.start_all()
        for each in m.nodes:
            m.add(each)
        m.sign_set()
        for each in m.nodes:
            each.wait("ready", 90)
        # Nobody is named yet: nothing is shown to anyone.
        done = operator.ask("status")
        assert done.returncode == 1 and done.stdout.count("\n") == 0 and "does not know this key" in done.stderr, done
        until(lambda: "level=debug event=operator_refused" in node.log.read_text(), 10, node.tail)
        m.authority_command("set", "operator-key", node.account, operator.public, "--authority", m.authority)
        m.authority_command("set", "operator-key", m.nodes[1].account, other.public, "--authority", m.authority)
        m.sign_set()
        until_asked(lambda: operator.ask("status").returncode == 0, node)
        assert "can this key come back?  yes" in operator.ask("status", account=node.account).stdout
        # The node proves who it is, and who it is not.
        done = operator.ask("status", account=m.nodes[1].account)
        assert done.returncode == 1 and not done.stdout and "account" in done.stderr, done
        # Another validator's operator is a stranger here.
        assert other.ask("status").returncode == 1, "a foreign operator is served"
        assert "holdfast_ready 1" in operator.ask("metrics").stdout
        assert operator.ask("metrics").stdout.count("# HELP") == node.command("metrics").stdout.count(b"# HELP")
        assert operator.ask("peers").returncode == 0 and "operator2" in operator.ask("peers").stdout
        assert operator.ask("events").returncode == 0
        assert "no promise to this node was broken" in operator.ask("evidence").stdout
        assert json.loads(operator.ask("identity").stdout)["address"] == node.address
        assert operator.ask("explain", "drain_refused").stdout == node.command("explain", "drain_refused").stdout.decode()
        assert operator.ask("explain", "nonsense").returncode == 1
        # What acts, and what is not for the outside.
        done = operator.ask("drain")
        assert done.returncode == 0 and "may stop" in done.stdout, (done, node.tail())
        assert node.status()["draining"]
        assert operator.ask("drain", "--undo").returncode == 0 and not node.status()["draining"]
        assert operator.ask("reload").returncode == 0
        done = operator.ask("backup", "verify")
        assert done.returncode == 1 and "permission" in done.stderr, done
        done = operator.ask("mute", "thin", "--for", "1h")
        assert done.returncode == 1, done
        done = operator.ask("leave", "--no-wait")
        assert done.returncode == 0 and node.status()["leaving"], done
        assert operator.ask("leave", "--cancel").returncode == 0
        log = node.log.read_text()
        for word in ("drain", "undrain", "reload", "leave", "stay"):
            assert f"event=operator_acts request={word} key={operator.public[:8]}" in log, (word, node.tail(40))
        # A locked node is seen as well: that is when it is needed.
        for each in m.nodes[1:]:
            each.freeze()
        node.kill()
        node.start()
        until_asked(lambda: operator.ask("status").returncode == 2, node)
        assert "recovering" in operator.ask("status").stdout
        done = operator.ask("leave", "--no-wait")
        assert done.returncode == 1 and "locked" in done.stderr, done
        # Taken from the set, the key is worth nothing any more.
        for each in m.nodes[1:]:
            each.thaw()
        node.wait("ready", 90)
        m.authority_command("set", "operator-key", node.account, "none", "--authority", m.authority)
        m.sign_set()
        until_asked(lambda: operator.ask("status").returncode == 1, node)


@tap.case
def strangers_get_no_byte_of_the_status():
    with mesh() as m:
        m.found()
        reader = Operator(m, "reader", f"127.0.0.1:{m.spare_port}")
        node = m.nodes[0]
        listener(node, reader.address, reader.public)
        node.start()
        until(node.identified, 30, node.tail)
        until_asked(lambda: reader.ask("status", "--json").stdout, node)
        refused = '{"code":"permission"'
        for path in ("/v1/operator", "/v1/metrics", "/v1/status", "/v1/health", "/v1/nonce", "/", "/v1/nothing"):
            code, text = request(reader.address, path)
            assert code == 403 and text.startswith(refused) and "state" not in text, (path, code, text)
        # Any certificate that proves no operator's key.
        pem = m.folder / "other.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        pem, "-out", m.folder / "other.crt", "-subj", "/CN=x"], check=True, capture_output=True)
        pem.write_text(pem.read_text() + (m.folder / "other.crt").read_text())
        code, text = request(reader.address, "/v1/operator", pem)
        assert code == 403 and text.startswith(refused), (code, text)
        # Without TLS there is nothing at all.
        host, port = reader.address.split(":")
        with socket.create_connection((host, int(port)), timeout=20) as plain:
            plain.sendall(b"GET /v1/status HTTP/1.1\r\n\r\n")
            assert b"state" not in plain.recv(4096)
        done = Operator(m, "stranger", reader.address).ask("status", "--json")
        assert done.returncode == 1 and not done.stdout, done
        # And peers are not served here, nor operators there.
        done = Operator(m, "wrong", node.address).ask("status")
        assert done.returncode == 1 and not done.stdout, done
        # It holds its bounds by who asks: others who open many keep the operator out for no longer than their rate lasts.
        held = []
        for i in range(60):
            held.append(socket.create_connection((host, int(port)), timeout=20, source_address=(f"127.0.9.{1 + i % 20}", 0)))
        until_asked(lambda: reader.ask("status", "--json").stdout, node)
        for one in held:
            one.close()


@tap.case
def what_cannot_be_is_said_with_what_would_be_right():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        checked = node.config.read_text()

        def check(text):
            node.config.write_text(checked + text)
            return subprocess.run([m.programs.holdfastd, "--config", node.config, "--check-config"], capture_output=True,
                                  text=True)
        for right in ("127.0.0.1:7710", "'[::1]:7710'", "vsock:any:7710"):
            assert check(f"operator: {{listen: {right}}}\n").returncode == 0, right
        for wrong in ("localhost:7710", "vsock:7710", "vsock:2:7710", "vsock:any:70000", "vsock:any:", "127.0.0.1"):
            done = check(f"operator: {{listen: '{wrong}'}}\n")
            assert done.returncode == 1 and "vsock:any:7710" in done.stderr, (wrong, done)
        assert check("operator: {listen: '127.0.0.1:1', key: abc}\n").returncode == 1
        # One port for two things.
        done = check(f"operator: {{listen: '{node.address}'}}\nmetrics: {{port: {node.address.split(':')[1]}}}\n")
        assert done.returncode == 1 and "operator.listen" in done.stderr and "metrics.port" in done.stderr, done
        operator = Operator(m, "alice", "127.0.0.1:1")
        done = operator.ask("status")
        assert done.returncode == 1 and "the daemon at 127.0.0.1:1 does not answer" in done.stderr, done
        holdfast = m.programs.holdfast
        for words in (["--operator", "127.0.0.1:1"], ["--key", operator.file], ["--account", "00" * 32],
                      ["--operator", "127.0.0.1:1", "--key", operator.file, "--account", "12"]):
            assert subprocess.run([holdfast, *words, "status"], capture_output=True).returncode == 64, words
        # A key of the authority is none of an operator, and none that others may read is taken.
        key = next((m.authority / "keys").glob("*.key"))
        done = subprocess.run([holdfast, "--operator", "127.0.0.1:1", "--key", key, "status"], capture_output=True, text=True)
        assert done.returncode == 1 and "node key" in done.stderr, done
        operator.file.chmod(0o644)
        assert "mode 0600" in operator.ask("status").stderr
        done = subprocess.run([holdfast, "set", "operator-key", "00" * 32, "xyz", "--authority", m.authority],
                              capture_output=True, text=True)
        assert done.returncode == 1, done


@tap.case
def over_vsock_it_is_the_same():
    (port,) = free_ports(1)
    try:
        with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as mine:
            mine.bind((socket.VMADDR_CID_ANY, port))
            mine.listen()
            with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as there:
                there.settimeout(3)
                there.connect((VSOCK_LOCAL, port))
    except (OSError, AttributeError) as error:
        raise tap.Skip(f"this kernel has no vsock to itself: {error}") from error
    with mesh() as m:
        m.found()
        reader = Operator(m, "reader", f"vsock:{VSOCK_LOCAL}:{port}")
        node = m.nodes[0]
        listener(node, f"vsock:any:{port}", reader.public)
        node.start()
        until(node.identified, 30, node.tail)
        until_asked(lambda: reader.ask("status", "--json").stdout, node)
        assert json.loads(reader.ask("status", "--json").stdout)["state"] in ("fresh", "starting")
        assert Operator(m, "other", reader.address).ask("status").returncode == 1


@tap.case
def a_listener_that_cannot_be_made_is_told_and_nothing_else_fails():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            listener(node, address)
            node.start()
            until(node.identified, 30, node.tail)
            assert node.status()["operator_listener"] == {"listen": address, "error": "address_in_use"}, node.status()
        until(lambda: node.status()["operator_listener"]["error"] is None, 10, node.tail)


if __name__ == "__main__":
    sys.exit(tap.main())
