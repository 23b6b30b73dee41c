"""The unit files of the build: what they say, and their filter of system calls, made anew by the same library."""

import ctypes
import errno
import os
import pathlib
import re
import subprocess

BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
PR_SET_NO_NEW_PRIVS = 38
SCMP_ACT_ERRNO, SCMP_ACT_ALLOW = 0x00050000, 0x7FFF0000


def values(unit, name):
    """What the unit says under this name, line by line."""
    return re.findall(rf"(?m)^{name}=(.*)$", (BUILD / "contrib" / unit).read_text())


def expanded(word):
    """A system call, or those of a group and of the groups in it. One that systemd does not know is none to it."""
    if not word.startswith("@"):
        return {word}
    done = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter", word], capture_output=True, text=True, timeout=60)
    if done.returncode != 0 and "not found" in done.stderr:
        return set()
    words = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("    ") and line.split()[0] != "#"]
    assert words, (word, done.stdout)
    return set().union(*map(expanded, words))


def calls(unit):
    """Names of the system calls that the unit leaves: the first line says whether it is a list of what is allowed."""
    left = set()
    for number, line in enumerate(values(unit, "SystemCallFilter")):
        denied = line.startswith("~")
        assert number > 0 or not denied, line
        named = set().union(*map(expanded, line.lstrip("~").split()))
        left = left - named if denied else left | named
    # What the service manager itself needs to start a program.
    return left | expanded("@default") | {"execve"}


def filtered(unit):
    """A function for the child: from there on the unit's filter holds."""
    assert values(unit, "SystemCallErrorNumber") == ["EPERM"]
    lib, names = ctypes.CDLL("libseccomp.so.2"), [name.encode() for name in calls(unit)]
    lib.seccomp_init.restype = ctypes.c_void_p
    arguments = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint]

    def apply():
        context = ctypes.c_void_p(lib.seccomp_init(SCMP_ACT_ERRNO | errno.EPERM))
        lib.seccomp_rule_add.argtypes = arguments
        for name in names:
            number = lib.seccomp_syscall_resolve_name(name)
            if number >= 0 and lib.seccomp_rule_add(context, SCMP_ACT_ALLOW, number, 0) != 0:
                os._exit(99)
        if ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or lib.seccomp_load(context) != 0:
            os._exit(98)

    return apply
