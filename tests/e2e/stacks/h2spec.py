#!/usr/bin/env python3
"""h2spec against a daemon, and against nghttpd on the same machine. By hand: h2spec is a Go program that no
distribution packages. What is asked: as many of its cases pass with the daemon as with nghttpd.

usage: HOLDFAST_SOURCE=. HOLDFAST_BUILD=build tests/e2e/stacks/h2spec.py H2SPEC [NGHTTPD]
"""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib"), str(SOURCE / "tests/e2e")]

from mesh import until  # noqa: E402
from test_stacks import Daemon  # noqa: E402

TIMEOUT_S = 2  # of one case, as h2spec has it


def passed(h2spec, name, host, port):
    """How many cases pass, and their number; those that fail are printed."""
    done = subprocess.run([h2spec, "--host", host, "--port", port, "--tls", "--insecure", "--timeout", str(TIMEOUT_S)],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    counts = re.search(r"(\d+) tests, (\d+) passed", done.stdout)
    assert counts, f"h2spec said nothing of {name}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    print(f"{name}: {counts[2]} of {counts[1]} pass")
    for line in re.findall(r"^\s+× .*$", done.stdout.split("Failures:")[-1], re.M):
        print(f"  {line.strip()}")
    return int(counts[2]), int(counts[1])


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def with_nghttpd(h2spec, nghttpd, folder):
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen([nghttpd, "-a", "127.0.0.1", "-d", folder, str(port), key, certificate],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: listens(port), 10, "nghttpd does not listen")
        return passed(h2spec, "nghttpd", "127.0.0.1", str(port))
    finally:
        server.terminate()
        server.wait()


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__.strip().splitlines()[-1])
    h2spec, nghttpd = sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else shutil.which("nghttpd")
    with Daemon() as d:
        host, port = d.node.address.rsplit(":", 1)
        ours, cases = passed(h2spec, "holdfastd", host, port)
    if nghttpd is None:
        print("no nghttpd to compare with: package nghttp2-server")
        return 1
    with tempfile.TemporaryDirectory(prefix="holdfast-h2spec-") as folder:
        theirs, _ = with_nghttpd(h2spec, nghttpd, pathlib.Path(folder))
    print(f"{'as asked' if ours >= theirs else 'too few'}: {ours} and {theirs} of {cases}")
    return 0 if ours >= theirs else 1


if __name__ == "__main__":
    sys.exit(main())
