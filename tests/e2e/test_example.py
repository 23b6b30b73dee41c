#!/usr/bin/env python3
"""The examples for application developers do what their comments say, across a crash of the daemon."""

import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs  # noqa: E402

PROGRAM = BUILD / "contrib/open_sqlcipher"
SHOW_KEY = BUILD / "contrib/show_key"


def run(node, database):
    environment = {**os.environ, "HOLDFAST_SOCKET": str(node.socket)}
    return subprocess.run([PROGRAM, database], env=environment, capture_output=True, text=True, timeout=90)


@tap.case
def a_program_opens_its_database_again_after_the_daemons_crash():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-example-"))
    with Mesh(folder, Programs(BUILD), nodes=2, shares=1, threshold=1) as mesh:
        mesh.make()
        node, other = mesh.nodes
        database = folder / "starts.db"
        first = run(node, database)
        assert (first.returncode, first.stdout) == (0, "started 1 times; fencing token 1\n"), first
        assert not database.read_bytes().startswith(b"SQLite format 3"), "the database is not encrypted"
        node.kill()
        node.start()
        # It waits for the daemon to recover, whose new instance has claimed the account anew.
        second = run(node, database)
        assert (second.returncode, second.stdout) == (0, "started 2 times; fencing token 2\n"), second
        # Another validator's key of the same name is another one.
        stranger = run(other, database)
        assert stranger.returncode == 1 and "not a database" in stranger.stderr, stranger


@tap.case
def without_arguments_it_says_how_it_is_used():
    for program in (PROGRAM, SHOW_KEY):
        done = subprocess.run([program], capture_output=True, text=True)
        assert done.returncode == 2 and done.stderr.startswith("usage:")


@tap.case
def a_program_shows_others_that_its_key_is_of_this_machine_once_the_daemon_is_there():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-example-"))
    with Mesh(folder, Programs(BUILD), nodes=2, shares=1, threshold=1) as mesh:
        mesh.make()
        node, file = mesh.nodes[0], folder / "key.quote"
        key, nonce = "0a" * 64, "0b" * 32
        node.kill()
        environment = {**os.environ, "HOLDFAST_SOCKET": str(node.socket)}
        shows = subprocess.Popen([SHOW_KEY, key, nonce, file], env=environment, stderr=subprocess.PIPE)
        node.start()
        assert shows.wait(60) == 0, shows.stderr.read()
        done = node.command("quote", "verify", file, "--collateral", mesh.authority / "collateral", "--policy",
                            mesh.authority / "policy.yaml", "--application", key, "--nonce", nonce, "--account",
                            node.account, "--authority", mesh.authority)
        assert done.returncode == 0 and b"in the newest set" in done.stdout, done


if __name__ == "__main__":
    sys.exit(tap.main())
