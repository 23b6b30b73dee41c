#!/usr/bin/env python3
"""The Debian packages: built twice, looked into, and taken through their lives in a copy-on-write copy of this machine.

There, two programs that no copy has are played: systemctl writes down what it is asked for, and `holdfast drain`, which
asks a network (test_restart.py asks a real one), answers what the test says.
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from typed import Shell, blocks  # noqa: E402

NAMES = {"holdfast", "holdfast-desk", "holdfast-sim", "holdfast-share", "holdfast-authority", "libholdfast0", "libholdfast-dev", "holdfast-doc"}
WORK = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-packages-"))
FORMAT = int(re.search(r"HF_VAULT_FORMAT = (\d+),", (SOURCE / "src/store/include/store/store.h").read_text())[1])
built = []


def run(*command, ok=(0,), **more):
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=600, **more)
    assert done.returncode in ok, f"{command}: {done.returncode}\n{done.stdout[-4000:]}"
    return done.stdout


def packages():
    """The folder of the packages, built once."""
    if not built:
        run(SOURCE / "contrib/deb", "--out", WORK / "one", "--in", WORK / "built-here")
        built.append(WORK / "one")
    return built[0]


def debs(folder):
    return {path.name.split("_")[0]: path for path in folder.glob("*.deb") if "-dbgsym" not in path.name}


@tap.case
def built_in_another_folder_they_have_the_same_bytes():
    one = packages()
    run(SOURCE / "contrib/deb", "--out", WORK / "two", "--in", WORK / "and/built/elsewhere")
    sums = [{p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.glob("*.deb")} for folder in (one, WORK / "two")]
    assert sums[0] == sums[1] and len(sums[0]) > len(NAMES), sums


@tap.case
def lintian_has_nothing_to_say():
    said = run("lintian", "--allow-root", "--no-tag-display-limit", *packages().glob("*.changes"), env=os.environ | {"LC_ALL": "C.UTF-8"},
               ok=(0, 2))
    assert not [line for line in said.splitlines() if line[:2] in ("E:", "W:")], said


@tap.case
def each_package_holds_its_files_and_nothing_of_this_machine():
    found, files = debs(packages()), {}
    assert set(found) == NAMES, found
    for name, path in found.items():
        for line in run("dpkg-deb", "-c", path).splitlines():
            mode, owner, _, _, _, file = line.split(maxsplit=5)
            assert owner == "root/root" and (mode[0] == "l" or not re.search("s|^.{5}w|^.{8}w", mode)), line
            assert not re.search(r"\./(tmp|home|work|root|usr/local)/", file), line
            if mode[0] != "d":
                files[file.split(" -> ")[0]] = (name, mode)
        inside = WORK / "inside" / name
        inside.mkdir(parents=True)
        run("dpkg-deb", "-x", path, inside)
        for file in (p for p in inside.rglob("*") if p.is_file() and not p.is_symlink()):
            text = file.read_bytes()
            for foreign in (WORK, SOURCE, BUILD):
                assert str(foreign).encode() not in text, (file, foreign)
    for file, name in (("./usr/bin/holdfastd", "holdfast"), ("./usr/bin/holdfast", "holdfast"), ("./usr/bin/holdfast-sim", "holdfast-sim"),
                       ("./usr/bin/holdfast-share", "holdfast-share"), ("./lib/systemd/system/holdfastd.service", "holdfast"),
                       ("./usr/bin/holdfast-ceremony", "holdfast-authority"), ("./usr/lib/holdfast/desk/bin/holdfastd", "holdfast-desk"),
                       ("./etc/needrestart/restart.d/holdfastd.service", "holdfast"), ("./usr/lib/sysusers.d/holdfast.conf", "holdfast"),
                       ("./usr/include/holdfast/holdfast.h", "libholdfast-dev"), ("./usr/share/doc/holdfast/proto/PROTOCOL.md", "holdfast-doc"), ("./usr/share/doc/holdfast/sim/README.md", "holdfast-doc")):
        assert files[file][0] == name and (files[file][1] == "-rwxr-xr-x") == ("/bin/" in file or "exec" in file or "restart" in file), file
    assert (WORK / "inside/holdfast-doc/usr/share/doc/holdfast/README.md").read_text() == (SOURCE / "README.md").read_text()
    # Those of the development platform would know its label.
    assert b"dev-seed" not in (WORK / "inside/holdfast/usr/bin/holdfastd").read_bytes()
    # Programs with it would start as a service or be found by name, were they elsewhere.
    assert all(file.startswith(("./usr/lib/holdfast/desk/bin/", "./usr/share/doc/")) for file, (name, _) in files.items() if name == "holdfast-desk"), files


@tap.case
def three_on_a_desk_with_the_packages_programs():
    inside = WORK / "desk"
    run("dpkg-deb", "-x", debs(packages())["holdfast-desk"], inside)
    with Shell(inside / "usr/lib/holdfast/desk") as shell:
        printed = [shell.type(line) for block in blocks(SOURCE / "contrib/guide/three-on-a-desk.md") for line in block]
    assert any("can this key come back?" in text for text in printed), printed


class Copy:
    """This machine with copy on write: what a step writes is there for the next, and gone with the test."""

    def __init__(self, name):
        if os.geteuid() != 0:
            raise tap.Skip("a copy of the machine needs root")
        self.folder = WORK / name
        for part in ("upper", "work", "root"):
            (self.folder / part).mkdir(parents=True)
        if subprocess.run([*self.enter(), "true"], capture_output=True, timeout=60).returncode != 0:
            raise tap.Skip("no overlay can be mounted here")
        self.sh("mkdir -p /run/systemd/system /packages /usr/local/sbin /usr/local/bin\n"
                "printf '#!/bin/sh\\ncase \"$*\" in *is-active*) [ -e /stopped ] && exit 3; echo active;; "
                "*) echo \"$@\" >>/asked;; esac\\n' >/usr/local/sbin/systemctl\n"
                "printf '#!/bin/sh\\n[ \"$1\" != --version ] || exec /usr/bin/holdfast --version\\necho \"holdfast $*\" >>/asked\\n"
                "[ \"$1\" != drain ] || [ ! -e /needed ]\\n' >/usr/local/bin/holdfast\n"
                "rm -f /usr/sbin/policy-rc.d\n"
                "chmod 755 /usr/local/sbin/systemctl /usr/local/bin/holdfast")

    def enter(self):
        script = (f"mount -t overlay overlay -o lowerdir=/,upperdir={self.folder}/upper,workdir={self.folder}/work {self.folder}/root && "
                  f"mount -t proc proc {self.folder}/root/proc && mount -t tmpfs tmpfs {self.folder}/root/run && mount --bind /dev {self.folder}/root/dev && "
                  f"mount --bind {packages()} {self.folder}/root/packages 2>/dev/null; "
                  f"mkdir -p {self.folder}/root/run/systemd/system && exec chroot {self.folder}/root env "
                  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"')
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]

    def sh(self, script, ok=(0,)):
        return run(*self.enter(), "sh", "-ec", script, ok=ok)

    def asked(self):
        """What systemctl and holdfast were asked for since the last time, reloads of the service manager aside."""
        lines = self.sh("cat /asked 2>/dev/null || true; rm -f /asked").splitlines()
        return [line for line in lines if "daemon-reload" not in line]


def altered(name, out, formats=None, **fields):
    """The package with other fields in its control file; formats: what its preinst knows, and the oldest of it."""
    folder = WORK / "altered"
    shutil.rmtree(folder, ignore_errors=True)
    run("dpkg-deb", "-R", debs(packages())[name], folder)
    control = folder / "DEBIAN/control"
    text = control.read_text()
    for field, value in fields.items():
        text = re.sub(rf"(?m)^{field}: .*$", f"{field}: {value}", text)
    control.write_text(text)
    if formats:
        preinst = folder / "DEBIAN/preinst"
        text, count = re.subn(r"(?m)^known=\d+ oldest=\d+$", "known={} oldest={}".format(*formats), preinst.read_text())
        assert count == 1, text
        preinst.write_text(text)
    run("dpkg-deb", "-b", folder, packages() / out)


VAULT = ("install -d -o holdfast -g holdfast -m 700 /var/lib/holdfast\n"
         "head -c 4096 /dev/zero >/var/lib/holdfast/vault.db\n"
         "printf '\\%o' {0} | xargs -0 printf | dd of=/var/lib/holdfast/vault.db bs=1 seek=63 conv=notrunc status=none\n")


@tap.case
def a_life_of_the_package_loses_nothing():
    copy = Copy("life")
    altered("holdfast", "later.deb.new", Version="0.1.9")
    install = "dpkg --no-triggers -i /packages/holdfast_0.1.0_*.deb 2>&1"
    copy.sh("touch /stopped")
    copy.sh(install)
    made = copy.sh("getent passwd holdfast | cut -d: -f6,7; stat -c '%U %a' /var/lib/holdfast")
    assert made == "/nonexistent:/usr/sbin/nologin\nholdfast 700\n", made
    # Nothing of it is started before there is a configuration, but the socket that costs nothing.
    asked = copy.asked()
    assert not [line for line in asked if "start" in line and ("holdfastd" in line or "reboot" in line or "measure" in line)], asked
    copy.sh(VAULT.format(FORMAT) + "rm /stopped; sha256sum /var/lib/holdfast/vault.db >/before")
    kept = "sha256sum --quiet -c /before"
    # The network says yes, then no; then the new program would not take the configuration.
    upgrade = "dpkg --no-triggers --force-confold -i /packages/later.deb.new 2>&1; " + kept
    said = copy.sh(upgrade)
    assert [a for a in copy.asked() if "report" not in a] == ["holdfast drain", "restart holdfastd.service"], said
    said = copy.sh("touch /needed; " + upgrade)
    assert [a for a in copy.asked() if "report" not in a] == ["holdfast drain"] and "by hand" in said, said
    copy.sh("printf 'of_the_future: 1\\n' >/etc/holdfast/holdfastd.yaml; rm /needed")
    said = copy.sh(upgrade)
    assert [a for a in copy.asked() if "report" not in a] == [] and "of_the_future" in said and "yaml:1:" in said, said
    # It is not removed under those who need it.
    said = copy.sh("touch /needed; dpkg --no-triggers -r holdfast 2>&1", ok=(1,))
    assert "other machines need this one" in said and "stop holdfastd.service" not in copy.asked(), said
    copy.sh(f"dpkg-query -W -f '${{db:Status-Status}}' holdfast | grep -qx installed; {kept}")
    said = copy.sh(f"rm /needed; dpkg --no-triggers -r holdfast 2>&1; {kept}")
    assert any("stop" in line and "holdfastd.service" in line for line in copy.asked()), said
    copy.sh("! test -e /usr/bin/holdfastd")
    # A purge that nobody has told to remove keys keeps them and says so; one that has been told removes them.
    said = copy.sh(f"dpkg --no-triggers -P holdfast 2>&1; {kept}")
    assert "kept /var/lib/holdfast" in said, said
    copy.sh(f"{install}; {kept}; test -e /etc/holdfast/holdfastd.yaml")
    said = copy.sh("echo holdfast holdfast/remove-data boolean true | debconf-set-selections; dpkg --no-triggers -P holdfast 2>&1")
    assert "removed /var/lib/holdfast" in said, said
    copy.sh("! test -e /var/lib/holdfast; test -e /etc/holdfast/holdfastd.yaml; ! test -e /etc/apt/apt.conf.d/52holdfast")


@tap.case
def what_it_cannot_read_or_run_is_refused_by_name():
    copy = Copy("refused")
    copy.sh("dpkg --no-triggers -i /packages/holdfast_0.1.0_*.deb 2>&1")
    copy.asked()
    altered("holdfast", "later.deb.new", Version="0.1.9")
    altered("holdfast", "foreign.deb.new", Version="0.1.9", Architecture="riscv64")
    version = "dpkg-query -W -f '${Version} ${db:Status-Status}' holdfast"
    for other in (FORMAT + 1, FORMAT - 1):
        copy.sh(VAULT.format(other) + "sha256sum /var/lib/holdfast/vault.db >/before")
        said = copy.sh("dpkg --no-triggers -i /packages/later.deb.new 2>&1", ok=(1,))
        assert f"vault.db has format {other}, this release knows {FORMAT}: nothing was changed" in said, said
        copy.sh("sha256sum --quiet -c /before")
        assert copy.sh(version) == "0.1.0 installed"
    # One that migrates says so before it does; a folder that is older than that is refused.
    copy.sh(VAULT.format(FORMAT) + "sha256sum /var/lib/holdfast/vault.db >/before")
    altered("holdfast", "older.deb.new", formats=(FORMAT + 2, FORMAT + 1), Version="0.2.0")
    said = copy.sh("dpkg --no-triggers -i /packages/older.deb.new 2>&1", ok=(1,))
    assert f"has format {FORMAT}, this release knows {FORMAT + 1} to {FORMAT + 2}: nothing was changed" in said, said
    said = copy.sh("dpkg --no-triggers -i /packages/foreign.deb.new 2>&1", ok=(1,))
    assert "riscv64" in said and "does not match" in said, said
    assert copy.sh(version) == "0.1.0 installed"
    assert not [a for a in copy.asked() if "holdfastd" in a or "drain" in a]
    altered("holdfast", "migrates.deb.new", formats=(FORMAT + 1, FORMAT), Version="0.2.0")
    said = copy.sh("dpkg --no-triggers -i /packages/migrates.deb.new 2>&1")
    assert f"one way: /var/lib/holdfast/vault.db has format {FORMAT}, and this release writes {FORMAT + 1}" in said, said
    assert f"vault.format-{FORMAT}.db, is kept until the node is ready" in said and said.index("one way") < said.index("Unpacking"), said
    copy.sh("sha256sum --quiet -c /before")
    assert copy.sh(version) == "0.2.0 installed"


if __name__ == "__main__":
    try:
        sys.exit(tap.main())
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
