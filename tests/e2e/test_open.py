#!/usr/bin/env python3
"""Examples that need more than the library: one in Go, and a LUKS volume."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs  # noqa: E402

EXAMPLES = SOURCE / "contrib/examples"


def pair():
    return Mesh(pathlib.Path(tempfile.mkdtemp(prefix="holdfast-open-")), Programs(BUILD), nodes=2, shares=1, threshold=1)


def run(node, *words, **more):
    environment = os.environ | {"HOLDFAST_SOCKET": str(node.socket), "PATH": f"{BUILD}/src/cli:/usr/sbin:{os.environ['PATH']}"} | more
    return subprocess.run(list(map(str, words)), env=environment, capture_output=True, text=True, timeout=900, stdin=subprocess.DEVNULL)


@tap.case
def go_opens_its_file_again_after_a_crash_and_no_other_does():
    if shutil.which("go") is None or shutil.which("gcc") is None:
        raise tap.Skip("no Go here: contrib/packages, group stacks")
    with pair() as m:
        m.make()
        node, other = m.nodes
        # As pkg-config says where it is installed.
        (m.folder / "holdfast.pc").write_text(f"Name: holdfast\nDescription: -\nVersion: 0\nCflags: -I{SOURCE}/include\n"
                                              f"Libs: -L{BUILD}/src/client -lholdfast -Wl,-rpath,{BUILD}/src/client\n")
        program, file = m.folder / "open_file", m.folder / "starts"
        built = run(node, "go", "build", "-o", program, EXAMPLES / "open_file.go", PKG_CONFIG_PATH=str(m.folder), CGO_ENABLED="1",
                    GOFLAGS="-mod=mod", GOPROXY="off", GOTOOLCHAIN="local",
                    CGO_LDFLAGS_ALLOW="-Wl,-rpath,.*")
        assert built.returncode == 0, built
        first = run(node, program, file)
        assert (first.returncode, first.stdout) == (0, "started 1 times; fencing token 1\n"), first
        node.kill()
        node.start()
        second = run(node, program, file)
        assert (second.returncode, second.stdout) == (0, "started 2 times; fencing token 2\n"), second
        stranger = run(other, program, file)
        assert stranger.returncode == 1 and "not written under this key" in stranger.stderr, stranger
        assert run(node, program).returncode == 2


@tap.case
def a_luks_volume_opens_with_this_validator_s_key_and_no_other():
    if not any(pathlib.Path(folder, "cryptsetup").exists() for folder in ("/usr/sbin", "/sbin")):
        raise tap.Skip("no cryptsetup here: contrib/packages, group stacks")
    with pair() as m:
        m.make()
        node, other = m.nodes
        volume = m.folder / "volume"
        with volume.open("wb") as file:
            file.truncate(32 << 20)
        made = run(node, EXAMPLES / "open_luks", "--format", volume)
        assert made.returncode == 0 and volume.read_bytes().startswith(b"LUKS\xba\xbe"), made
        again = run(node, EXAMPLES / "open_luks", "--format", volume)
        assert again.returncode == 1 and "already" in again.stderr, again
        assert run(node, EXAMPLES / "open_luks", "--check", volume).returncode == 0
        # Of cryptsetup: no key available with this passphrase.
        assert run(other, EXAMPLES / "open_luks", "--check", volume).returncode == 2
        node.kill()
        node.start()
        assert run(node, EXAMPLES / "open_luks", "--check", volume).returncode == 0, "after a crash"
        assert run(node, EXAMPLES / "open_luks").returncode == 64


if __name__ == "__main__":
    sys.exit(tap.main())
