"""A file system that is small, and full when a test wants it to be."""

import contextlib
import os
import subprocess

import tap


@contextlib.contextmanager
def small_disk(folder):
    """A file system of 4 MiB at the folder, while the block runs."""
    folder.mkdir(mode=0o700)
    options = f"size=4m,mode=0700,uid={os.geteuid()}"
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder],
                                           capture_output=True).returncode != 0:
        raise tap.Skip("mounting a small file system needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(path):
    """Writes to path until the disk is full."""
    with open(path, "wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while True:
            ballast.write(bytes(4096))
