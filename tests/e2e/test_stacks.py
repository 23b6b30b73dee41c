#!/usr/bin/env python3
"""TLS stacks that are not OpenSSL's shake hands with a daemon, and read the account in its certificate."""

import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
STACKS = SOURCE / "tests/e2e/stacks"
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, check, until  # noqa: E402

CRATES = pathlib.Path("/usr/share/cargo/registry")


def needs(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise tap.Skip(f"{program} is not here: contrib/packages, group stacks")


class Daemon:
    """One daemon with an account in its certificate, and a folder for what is built."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-stacks-"))
        self.mesh = Mesh(self.folder / "mesh", Programs(BUILD), nodes=1, shares=1, threshold=1)
        self.mesh.folder.mkdir()
        self.mesh.found()
        self.node = self.mesh.nodes[0]
        self.node.start()
        until(self.node.identified, 30, "no identity")
        self.account = self.node.status()["account"]
        return self

    def __exit__(self, *_):
        self.mesh.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words, folder=None, **options):
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
                              cwd=folder or self.folder, **options)
        check(done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def is_understood(self, text):
        """The client has said TLS 1.3, h2, and the account."""
        for wanted in ("TLS 1.3", "h2", f"holdfast:v1:{self.account}:"):
            check(wanted in text, f"no {wanted!r} in:\n{text}")


@tap.case
def go():
    needs("go")
    with Daemon() as d:
        shutil.copy(STACKS / "client.go", d.folder)
        home = os.environ | {"GO111MODULE": "off", "GOTOOLCHAIN": "local"}
        d.is_understood(d.run("go", "run", "client.go", d.node.address, env=home))


@tap.case
def java():
    needs("java", "javac")
    with Daemon() as d:
        d.is_understood(d.run("java", STACKS / "Client.java", d.node.address))


@tap.case
def python():
    try:
        from cryptography import x509
    except ImportError:
        raise tap.Skip("python3-cryptography is not here") from None
    with Daemon() as d:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        host, port = d.node.address.split(":")
        with context.wrap_socket(socket.create_connection((host, int(port)))) as tls:
            read = x509.load_der_x509_certificate(tls.getpeercert(True))
            names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            uris = names.get_values_for_type(x509.UniformResourceIdentifier)
            d.is_understood(" ".join([tls.version().replace("TLSv", "TLS "), tls.selected_alpn_protocol(), *uris]))


@tap.case
def gnutls():
    needs("gnutls-cli", "certtool")
    with Daemon() as d:
        host, port = d.node.address.split(":")
        said = d.run("gnutls-cli", "--insecure", "--print-cert", "--alpn=h2", f"--port={port}", host)
        pem = d.folder / "certificate.pem"
        pem.write_text(said[said.index("-----BEGIN"):said.index("-----END")] + "-----END CERTIFICATE-----\n")
        d.is_understood(said.replace("TLS1.3", "TLS 1.3") + d.run("certtool", "--certificate-info", f"--infile={pem}"))


@tap.case
def rustls():
    needs("cargo")
    if not (CRATES / "rustls-0.20.8").exists():
        raise tap.Skip("librust-rustls-dev is not here: contrib/packages, group stacks")
    with Daemon() as d:
        project = d.folder / "client"
        (project / ".cargo").mkdir(parents=True)
        (project / "src").mkdir()
        shutil.copy(STACKS / "client.rs", project / "src/main.rs")
        (project / "Cargo.toml").write_text(
            '[package]\nname = "client"\nversion = "0.0.0"\nedition = "2018"\n[dependencies]\nwebpki = "0.22"\n'
            'rustls = { version = "0.20", features = ["dangerous_configuration"] }\n')
        (project / ".cargo/config.toml").write_text(
            '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\n'
            f'directory = "{CRATES}"\n[net]\noffline = true\n')
        d.run("cargo", "build", "--quiet", "--offline", folder=project)
        d.is_understood(d.run(project / "target/debug/client", d.node.address))


if __name__ == "__main__":
    sys.exit(tap.main())
