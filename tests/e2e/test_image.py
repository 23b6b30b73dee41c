#!/usr/bin/env python3
"""A guest's disk: what is packed twice has the same bytes, what is changed is another image, and what was altered is refused."""

import hashlib
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import uuid

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


def opened_with(folder, line):
    """How the first file system opens the root, where there is no program but the shell and veritysetup."""
    (folder / "first").mkdir(exist_ok=True)
    (folder / "cmdline").write_text(line)
    (folder / "functions").write_text("panic() { echo panic; exit 1; }\n")
    (folder / "first/veritysetup").write_text('#!/bin/sh\necho "$@"\n')
    (folder / "first/veritysetup").chmod(0o755)
    script = (SOURCE / "contrib/image/verity").read_text()
    for place, instead in (("/proc/cmdline", folder / "cmdline"), ("/scripts/functions", folder / "functions")):
        assert place in script
        script = script.replace(place, str(instead))
    return subprocess.run(["/bin/sh", "-c", script], env={"PATH": str(folder / "first")}, capture_output=True, text=True).stdout.strip()


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
        assert opened_with(folder, (folder / "one/cmdline").read_text()) == f"open /dev/vda root /dev/vdb {top} --panic-on-corruption"
        for line in ("root=/dev/mapper/root ro", f"holdfast.root={top[1:]}", f"holdfast.root={top[:-1]}g", f"xholdfast.root={top}"):
            assert opened_with(folder, line) == "panic", line
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


def entries(firmware):
    """The firmware's table of names, read from its end (OVMF: ResetVectorVtf0.asm): {name: data}."""
    end, found = len(firmware) - 32, {}
    begin = None
    while begin is None or end > begin:
        length, name = struct.unpack("<H16s", firmware[end - 18:end])
        if begin is None:
            assert uuid.UUID(bytes_le=name) == uuid.UUID("96b582de-1fb2-45f7-baea-a366c55a082d")
            begin, length = end - length, 18
        found[str(uuid.UUID(bytes_le=name))] = firmware[end - length:end - 18]
        end -= length
    return found


def mrtd(firmware):
    """MRTD by the TDVF Design Guide, 11, and the module's TDH.MEM.PAGE.ADD and TDH.MR.EXTEND, page by page."""
    back = struct.unpack("<I", entries(firmware)["e47a6535-984a-4798-865e-4685a7bf8ec2"])[0]
    table = firmware[len(firmware) - back:]
    signature, _, version, count = struct.unpack_from("<4s3I", table)
    assert (signature, version) == (b"TDVF", 1) and uuid.UUID(bytes_le=firmware[-back - 16:-back]) == uuid.UUID("e9eaf9f3-168e-44d5-a8eb-7f4d8738f6ae")
    register, kinds = hashlib.sha384(), set()
    for offset, raw, address, size, kind, attributes in struct.iter_unpack("<IIQQII", table[16:16 + 32 * count]):
        kinds.add(kind)
        content = firmware[offset:offset + raw].ljust(size, b"\0")
        for page in range(0, size if not attributes & 2 else 0, 4096):
            register.update(struct.pack("<16sQ104x", b"MEM.PAGE.ADD", address + page))
            for chunk in range(page, page + (4096 if attributes & 1 else 0), 256):
                register.update(struct.pack("<16sQ104x", b"MR.EXTEND", address + chunk) + content[chunk:chunk + 256])
    # The boot firmware volume, the configuration's, and memory: what every firmware of a trust domain has.
    assert {0, 1, 3} <= kinds, kinds
    return register.hexdigest()


@tap.case
def debian_s_firmware_has_the_mrtd_that_a_second_reader_computes():
    firmware = pathlib.Path("/usr/share/ovmf/OVMF.fd")
    if not firmware.exists():
        raise tap.Skip("no OVMF here: contrib/packages, group stacks")
    said = subprocess.run([BUILD / "src/cli/holdfast", "policy", "measurement", "--image", firmware], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0 and f"mrtd   {mrtd(firmware.read_bytes())}\n" in said.stdout, said
    # One byte of what is measured, and one of what is not.
    data = firmware.read_bytes()
    before = mrtd(data)
    data = data[:-4096] + bytes([data[-4096] ^ 1]) + data[-4095:]
    assert mrtd(data) != before


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
