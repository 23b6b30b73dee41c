#!/usr/bin/env python3
"""Keys as credentials of units. The service manager is a stand-in that speaks systemd 252's side: systemd is not the
first process where tests run."""

import concurrent.futures
import contextlib
import os
import pathlib
import re
import socket
import stat
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import AS_ROOT, Mesh, Programs, until  # noqa: E402

CREDENTIAL_MAX = 1 << 20  # of systemd: CREDENTIAL_SIZE_MAX


def load_credential(path, unit, name, timeout=30):
    """Stands in for the service manager: what systemd 252 does for LoadCredential=NAME:/path/to/socket (systemd.exec(5)).
    It connects from an abstract address that names the unit, ends its side, and takes what comes until the end; what is
    larger than a credential may be, and a connection that breaks, fail the unit. Returns the credential, or None."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as manager:
        manager.settimeout(timeout)
        manager.bind(f"\0{os.urandom(8).hex()}/unit/{unit}/{name}")
        manager.connect(str(path))
        manager.shutdown(socket.SHUT_WR)
        read = b""
        try:
            while len(read) <= CREDENTIAL_MAX:
                piece = manager.recv(65536)
                if not piece:
                    return read
                read += piece
        except ConnectionResetError:
            pass
        return None


@tap.case
def a_unit_gets_the_key_that_the_image_gives_it_as_a_credential_and_never_an_empty_one():
    if os.geteuid() != 0:
        raise tap.Skip("only root is a service manager")
    with Mesh(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-credentials-")), Programs(BUILD), nodes=2, shares=1,
              threshold=1) as m:
        m.make()
        node = m.nodes[0]
        path = node.folder / "credentials"
        image = m.folder / "applications.yaml"
        image.write_text("applications:\n  - {unit: db.service, keys: [tss-db, other]}\n  - {unit: log.service, keys: [log]}\n")
        key = until(lambda: node.key("tss-db"), 30, "no key")
        text = node.config.read_text() + "credentials: credentials\n"

        def run(extra=""):
            node.kill()
            node.config.write_text(text + extra)
            with open(node.log, "ab") as log:
                node.process = subprocess.Popen([m.programs.holdfastd, *AS_ROOT, "--config", node.config, "--applications",
                                                 image], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

        def given(unit, name):
            return load_credential(path, unit, name)
        run()
        # Before the vault is open: it waits, and then has its key.
        with contextlib.ExitStack() as stack:
            for each in m.nodes[1:]:
                each.freeze()
                stack.callback(each.thaw)
            run()
            until(node.status, 30, node.tail)
            with concurrent.futures.ThreadPoolExecutor() as pool:
                waits = pool.submit(given, "db.service", "tss-db")
                done, _ = concurrent.futures.wait([waits], timeout=2)
                assert not done, f"it does not wait: {waits.result()}"
                # A daemon that dies meanwhile gives no empty key.
                node.kill()
                assert waits.result() is None, waits.result()
                run()
                until(node.status, 30, node.tail)
                waits = pool.submit(given, "db.service", "tss-db")
                stack.close()
                assert waits.result() == key.hex().encode() + b"\n", node.tail()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(node.socket.stat().st_mode) == 0o600
        until(lambda: re.search("event=key_given name=tss-db unit=db.service uid=0 ", node.log.read_text()), 10, node.tail)
        # Others get none, and not an empty one either.
        for unit, name in (("log.service", "tss-db"), ("db.service", "log"), ("other.service", "tss-db"), ("db.service", "none"),
                           ("DB.service", "tss-db"), ("db.service", "TSS")):
            assert given(unit, name) is None, (unit, name)
        until(lambda: "event=credential_refused unit=log.service name=tss-db" in node.log.read_text(), 10, node.tail)
        # The address is believed of root alone.
        path.chmod(0o666)
        for folder in (m.folder, node.folder):
            folder.chmod(0o755)
        os.seteuid(4001)
        try:
            assert given("db.service", "tss-db") is None
        finally:
            os.seteuid(0)
        # And who connects from no such address at all.
        with socket.socket(socket.AF_UNIX) as plain:
            plain.settimeout(30)
            plain.connect(str(path))
            assert set(plain.recv(64)) == {10}
        # The configuration takes away, and gives nothing.
        run("applications: [{unit: log.service, keys: [log, tss-db]}]\n")
        until(lambda: node.key("tss-db"), 30, node.tail)
        assert given("db.service", "tss-db") is None and given("log.service", "tss-db") is None
        assert len(given("log.service", "log")) == 65


if __name__ == "__main__":
    sys.exit(tap.main())
