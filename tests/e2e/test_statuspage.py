#!/usr/bin/env python3
"""The status page as it is served: by a daemon's port, by the command, and through the operator listener."""

import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402
from played import Played  # noqa: E402

PROGRAMS = Programs(BUILD)
HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def port_of(node):
    return int(re.findall(r"\bevent=metrics\b.*?\bport=(\d+)", node.log.read_text())[-1])


def ask(port, path, method="GET", host=None, more=()):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest(method, path, skip_host=host is not None)
    for name, value in ([("Host", host)] if host else []) + list(more):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), text


def mesh():
    return Mesh(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-page-")), PROGRAMS, nodes=4, shares=3, threshold=2, quorum=2)


@tap.case
def a_page_says_what_matters_and_gives_nothing_away():
    with mesh() as m:
        m.found("metrics: {port: 0, page: true}\n")
        plain = m.nodes[3]
        plain.config.write_text(plain.config.read_text().replace(", page: true", ""))
        m.start_all()
        m.register()
        for node in m.nodes:
            node.wait("ready", 90)
        node = m.nodes[0]
        port = port_of(node)
        status, headers, text = ask(port, "/")
        assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8", headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy, policy
        assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff", headers
        assert "Access-Control-Allow-Origin" not in headers, headers
        # No other document, and no markup but the page's own.
        assert not re.search(r"<(link|iframe|object|embed|base|form)\b|\b(src|href)=[\"']?(https?:)?//", re.sub(r"<script>.*?</script>", "", text, flags=re.S)), text[:2000]
        essentials = text.partition('<main id="essentials">')[2].partition("</main>")[0]
        assert "<strong>yes" in essentials and "3 of 3 answer" in essentials and "policy: 20" in essentials, essentials
        data = json.loads(text.partition('id="data">')[2].partition("</script>")[0])
        assert data["status"]["state"] == "ready" and len(data["members"]) == 4 and len(data["status"]["providers"]) == 3, data
        assert [moment["event"] for moment in data["life"]].count("state") >= 3 and data["status"]["key"]["says"].startswith("yes"), data["life"]
        shown = json.dumps(data)
        for secret in ("\"record\"", "measurement", "platform_id", "sandbox", "\"folder\"", str(node.folder), str(m.authority)):
            assert secret not in shown, secret
        # Only this machine's names, only GET, only these paths, whatever the query and the rest of the head.
        assert ask(port, "/page.json?x=1")[0] == 200 and ask(port, "/", host=f"localhost:{port + 1}")[0] == 200
        for host in ("evil.example", "127.0.0.1.evil.example:80", "169.254.1.1"):
            status, _, text = ask(port, "/page.json", host=host)
            assert status == 421 and "ready" not in text and "operator" not in text, (host, text)
        assert ask(port, "/", "POST")[0] == 404 and ask(port, "/../etc/passwd")[0] == 404 and ask(port, "/<script>")[0] == 404
        assert "<script>" not in ask(port, "/<script>")[2] and ask(port, "/?<script>alert(1)</script>")[2].count("alert(1)</script>") == 0
        assert ask(port, "/", more=[("Cookie", "c" * 30000)])[0] == 200
        assert ask(port, "/metrics")[0] == 200 and ask(port, "/readyz")[0] == 200
        with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
            one.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 70000)
            assert b" 431 " in one.recv(200)
        # It is there where the configuration says so, and nowhere else.
        assert ask(port_of(plain), "/")[0] == 404 and ask(port_of(plain), "/page.json")[0] == 404 and ask(port_of(plain), "/metrics")[0] == 200


@tap.case
def the_command_has_the_same_page_and_an_operator_outside_too():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        key = m.folder / "operator.key"
        public = subprocess.run([PROGRAMS.holdfast, "node", "key", key], capture_output=True, text=True, check=True).stdout.strip()
        node.config.write_text(node.config.read_text() + f"operator: {{listen: 127.0.0.1:{m.spare_port}, key: {public}}}\n")
        m.start_all()
        m.register()
        node.wait("ready", 90)
        outside = [PROGRAMS.holdfast, "--operator", f"127.0.0.1:{m.spare_port}", "--key", key]
        for command in ([PROGRAMS.holdfast, "--socket", node.socket], outside):
            file = subprocess.run([*command, "page"], capture_output=True, text=True, timeout=60)
            assert file.returncode == 0 and "<strong>yes" in file.stdout and "operator1" in file.stdout, file
            served = subprocess.Popen([*command, "page", "--port", "0"], stdout=subprocess.PIPE, text=True)
            try:
                port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\n", served.stdout.readline())[1])
                # One that asks nothing is in nobody's way.
                with socket.create_connection(("127.0.0.1", port)):
                    status, headers, text = ask(port, "/")
                    assert status == 200 and "<strong>yes" in text and "default-src 'none'" in headers["Content-Security-Policy"], text
                    assert json.loads(ask(port, "/page.json")[2])["status"]["state"] == "ready"
                    assert ask(port, "/", host="evil.example")[0] == 421 and ask(port, "/metrics")[0] == 404
            finally:
                served.terminate()
                served.wait(30)
        node.kill()
        refused = subprocess.run([PROGRAMS.holdfast, "--socket", node.socket, "page", "--port", "0"], capture_output=True, text=True, timeout=60)
        assert refused.returncode == 1 and not refused.stdout and refused.stderr, refused


@tap.case
def what_a_page_is_drawn_from_is_shown_as_text_whatever_it_is():
    """Without a browser; what one makes of it is for test_browser.py."""
    made = {"says": HOSTILE, "advice": HOSTILE, "code": HOSTILE, "message": HOSTILE, "operator": HOSTILE, "address": HOSTILE}
    status = made | {"key": made, "reason": made, "providers": [made] * 40, "warnings": [made | {"text": HOSTILE}], "expires": {"policy_s": 2**62}}
    for data in ({"status": status, "reasons": {HOSTILE: {"do": HOSTILE, "otherwise": HOSTILE}}}, {}, {"status": None}, {"status": []},
                 {"status": {"key": 1, "providers": {}, "warnings": "x", "expires": [], "exit_status": -1}}):
        with Played(PROGRAMS, data) as played:
            status, _, text = ask(int(played.url.rpartition(":")[2].strip("/")), "/")
            assert status == 200 and "<img" not in text and text.count("<script") == 2, text[-3000:]
            assert json.loads(text.partition('id="data">')[2].partition("</script>")[0]) == data
            assert ("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;" in text) == ("reasons" in data), data


@tap.case
def a_life_is_told_in_order_and_what_is_lost_is_seen():
    with mesh() as m:
        m.make("metrics: {port: 0, page: true}\n")
        node, other = m.nodes[:2]
        other.kill()

        def look():
            return json.loads(ask(port_of(node), "/page.json")[2])
        until(lambda: any(x["event"] == "found" and x["who"] == "operator2" for x in look()["life"]), 60, look)
        data = until(lambda: (d := look())["status"]["reason"] and d, 90, look)
        numbers = [x["number"] for x in sorted(data["life"], key=lambda x: x["number"])]
        assert numbers == list(range(1, len(numbers) + 1)), data["life"]
        assert data["reasons"][data["status"]["reason"]["code"]]["do"], data["reasons"]
        # Locked, it still says so.
        for each in m.nodes[1:]:
            each.kill()
        node.kill()
        node.start()
        node.wait("recovering", 60)
        text = until(lambda: (page := ask(port_of(node), "/")[2]) if "recovering" in ask(port_of(node), "/")[2] else None, 30, node.tail)
        assert "recovering" in text.partition('id="essentials">')[2].partition("</main>")[0], text


if __name__ == "__main__":
    sys.exit(tap.main())
