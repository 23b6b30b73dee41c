#!/usr/bin/env python3
"""A guest's disk: what is packed twice has the same bytes, what is changed is another image, and what was altered is refused."""

import hashlib
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

SEAL = SOURCE / "contrib/image/seal"
NETWORK = "5a" * 32
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"


def seal(tree, out, *more, network=NETWORK):
    return subprocess.run([SEAL, tree, out, "--network", network, *more], capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)


def tree_in(folder, name="tree"):
    """A root file system as far as it matters here: files, modes, a link."""
    tree = folder / name
    for path in ("usr/bin", "etc", "var/lib/holdfast"):
        (tree / path).mkdir(parents=True)
    shutil.copy(BUILD / "src/daemon/holdfastd", tree / "usr/bin/holdfastd")
    (tree / "etc/machine-id").touch()
    (tree / "etc/fstab").write_text("/dev/vdc /var/lib/holdfast ext4 nosuid,nodev,noexec 0 0\n")
    (tree / "var/lib/holdfast").chmod(0o700)
    (tree / "bin").symlink_to("usr/bin")
    return tree


@tap.case
def the_same_tree_gives_the_same_bytes_and_another_another_hash():
    if not all(shutil.which(program, path=PATH) for program in ("mksquashfs", "veritysetup")):
        raise tap.Skip("no squashfs-tools or cryptsetup-bin here: contrib/packages, group stacks")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tree = tree_in(folder)
        made = seal(tree, folder / "one")
        assert made.returncode == 0, made
        os.utime(tree / "etc/fstab", (1, 1))
        assert seal(tree_in(folder, "again"), folder / "two").returncode == 0
        one, two = ((folder / out / "sums").read_text() for out in ("one", "two"))
        assert one == two and len(one.splitlines()) == 4, (one, two)
        top = (folder / "one/root.hash").read_text().strip()
        assert (folder / "one/cmdline").read_text().split()[2:4] == [f"holdfast.root={top}", f"holdfast.network={NETWORK}"]
        check = ["veritysetup", "verify", folder / "one/root.squashfs", folder / "one/root.verity", top]
        assert subprocess.run(check, env=os.environ | {"PATH": PATH}, capture_output=True).returncode == 0
        # What the first file system of the guest takes from the command line.
        hash_of = next(line for line in (SOURCE / "contrib/image/verity").read_text().splitlines() if line.startswith("hash="))
        script = hash_of.replace("/proc/cmdline", str(folder / "one/cmdline")) + "\necho $hash"
        assert subprocess.run(["sh", "-c", script], capture_output=True, text=True).stdout.strip() == top
        # One bit of the disk, or one byte of a file, is not the same image.
        disk = folder / "one/root.squashfs"
        data = bytearray(disk.read_bytes())
        data[len(data) // 2] ^= 1
        disk.write_bytes(data)
        assert subprocess.run(check, env=os.environ | {"PATH": PATH}, capture_output=True).returncode != 0
        (tree / "etc/fstab").write_text("")
        assert seal(tree, folder / "three").returncode == 0
        assert (folder / "three/root.hash").read_text().strip() != top


@tap.case
def a_firmware_says_its_mrtd_and_what_cannot_be_known_is_said():
    """A second reader of the seed, by the specification's records."""
    firmware = SOURCE / "tests/fuzz/seeds/tdvf/firmware"
    data, mr = firmware.read_bytes(), hashlib.sha384()

    def record(what, address):
        mr.update(what.ljust(16, b"\0") + address.to_bytes(8, "little") + bytes(104))
    record(b"MEM.PAGE.ADD", 0xfffff000)
    page = data[:32].ljust(4096, b"\0")
    for at in range(0, 4096, 256):
        record(b"MR.EXTEND", 0xfffff000 + at)
        mr.update(page[at:at + 256])
    record(b"MEM.PAGE.ADD", 0x80000000)
    command = [BUILD / "src/cli/holdfast", "policy", "measurement", "--image"]
    said = subprocess.run([*command, firmware], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0 and f"mrtd   {mr.hexdigest()}" in said.stdout, said
    assert all(f"rtmr{i}  not known: " in said.stdout for i in range(3)), said
    refused = subprocess.run([*command, SOURCE / "README.md"], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1 and "no firmware of a trust domain" in refused.stderr and not refused.stdout, refused


@tap.case
def what_is_no_image_is_refused_by_name_and_nothing_is_made():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tree = tree_in(folder)
        for network in ("", "5A" * 32, "5a" * 31, "$(id)"):
            refused = seal(tree, folder / "out", network=network)
            assert refused.returncode == 1 and "--network: 64 hexadecimal digits" in refused.stderr, refused
        (tree / "var/lib/holdfast/vault.db").write_text("x")
        refused = seal(tree, folder / "out")
        assert refused.returncode == 1 and "vault.db: is one machine's own" in refused.stderr, refused
        refused = seal(folder, folder / "out")
        assert refused.returncode == 1 and "has no usr/bin/holdfastd" in refused.stderr, refused
        assert not (folder / "out").exists()
        assert subprocess.run([SEAL], capture_output=True).returncode == 64
        assert subprocess.run([SOURCE / "contrib/image/tree"], capture_output=True).returncode == 64


if __name__ == "__main__":
    sys.exit(tap.main())
