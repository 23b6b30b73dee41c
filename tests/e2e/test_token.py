#!/usr/bin/env python3
"""A share holder's key on a PKCS #11 token: SoftHSM, as it is, and a module before it for what SoftHSM does not do."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs  # noqa: E402
from quorum import Quorum, Token, done, node_command  # noqa: E402
from quorum import share as quorum_share  # noqa: E402

PROGRAMS = Programs(BUILD)
DOUBLE = BUILD / "tests/lib/libtoken_double.so"


def share(*arguments, **secrets):
    return quorum_share(PROGRAMS.share, *arguments, **secrets)


def done_with(process, status):
    done(process, status)
    return process.stdout + process.stderr


@tap.case
def a_network_is_started_with_the_help_of_a_token():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-token-"))
    with Mesh(folder, PROGRAMS, nodes=3, shares=2, threshold=2) as m:
        m.make()
        quorum = Quorum(m)
        quorum.token("cy")
        quorum.establish()
        assert len(quorum.public("cy")) == 130 and len(quorum.public("ada")) == 64
        for node in m.nodes:
            node.kill()
        for node in m.nodes:
            node.start()
            node.wait("recovering", 30)
        for node in m.nodes[:2]:
            assert "enough" in quorum.start(node, ["cy", "ada", "eve"])
        for node in m.nodes:
            node.wait("ready", 90)
        # A drill asks for all, and a wrong PIN proves nothing.
        challenge = re.search(r"--challenge ([0-9a-f]{64})", quorum.holdfast("quorum", "drill", *quorum.authority))[1]
        proof = quorum.folder / "proof"
        arguments = ["open", quorum.output, "--key", quorum.keys["cy"], "--out", proof, "--challenge", challenge]
        done(quorum.share(*arguments, passphrase="9999"), 12)
        done(quorum.share(*arguments, passphrase=quorum.secret("cy")))
        assert "cy: has it" in quorum.holdfast("quorum", "drill", proof, *quorum.authority, status=2)
        # Nobody sees the PIN, and the file beside the token opens nothing.
        for path in pathlib.Path(quorum.folder).iterdir():
            assert path.is_dir() or quorum.secret("cy").encode() not in path.read_bytes(), path
        other = quorum.folder / "request"
        m.nodes[0].kill()
        m.nodes[1].kill()
        m.nodes[2].kill()
        m.nodes[0].start()
        m.nodes[0].wait("recovering", 30)
        done(node_command(m.nodes[0], "blackstart", "request", other))
        assert "another request" in quorum.answer("cy", other, quorum.folder / "none").stderr
        # A token that is another now, under the same name, and PIN.
        environment = os.environ | quorum.tokens["cy"].environment
        subprocess.run(["softhsm2-util", "--delete-token", "--token", "cy"], env=environment, check=True, capture_output=True)
        gone = done_with(quorum.share(*arguments, passphrase=quorum.secret("cy")), 10)
        assert "no token that fits" in gone and "token_absent" in gone, gone
        quorum.token("cy")
        done(quorum.share("key", "new", quorum.folder / "newer", "--token", quorum.tokens["cy"].uri, passphrase=quorum.secret("cy")))
        gone = done_with(quorum.share(*arguments, passphrase=quorum.secret("cy")), 10)
        assert "the key is not on this token" in gone, gone


@tap.case
def what_is_wrong_with_a_token_is_said_for_itself():
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder) / "key"
        token = Token(pathlib.Path(folder) / "tokens", "one", "5678")

        def new(uri, pin="5678", status=0, path=key, **says):
            process = share("key", "new", path, "--token", uri, passphrase=pin, environment=token.environment | says)
            return done_with(process, status)

        assert "no token that fits" in new(token.uri.replace("token=one", "token=two"), status=10)
        assert "no URI" in new("holdfast", status=1)
        for pin in ("pin-value=5678", "pin-source=/etc/passwd"):
            assert "no place in a URI" in new(f"{token.uri}&{pin}", status=1)
        failed = new("pkcs11:token=one?module-path=/nowhere.so", status=1)
        assert "module cannot be loaded" in failed and "token_failed" in failed, failed
        # Wrong, and wrong again: what the token tells of the tries that are left.
        assert "wrong_pin" in new(token.uri, pin="1111", status=12)
        assert "few tries are left" in new(token.uri, pin="1111", status=12)
        double = token.uri.replace("/usr/lib/softhsm/libsofthsm2.so", str(DOUBLE))
        assert "token_locked" in new(double, status=11, HF_TOKEN="locked")
        last = new(double, pin="1111", status=11, HF_TOKEN="last")
        assert "one try is left" in last and "token_locked" in last, last
        none = new(double, status=13, HF_TOKEN="no-ecdh")
        assert "has no ECDH" in none and "token_cannot_derive" in none, none
        assert "may sign, but not derive" in new(f"{double.replace('?', ';object=signs?')}", status=13, HF_TOKEN="no-derive")
        assert os.listdir(folder) == ["tokens"]
        # One is made, the next call finds it, and two of one name must be told apart.
        uri = token.uri.replace("?", ";object=mine?")
        made = new(uri)
        assert "cannot leave it" in made, made
        public = re.search(r"public key: +([0-9a-f]{130})\n", made)[1]
        assert public in done(share("key", "show", key))
        again = new(uri, path=f"{key}2")
        assert "was on the token" in again and public in again, again
        other = new(token.uri.replace("?", ";object=mine;id=%09?"), path=f"{key}3")
        assert "was made" in other and public not in other, other
        assert "several keys fit" in new(uri, path=f"{key}4", status=1)
        # Each file still finds its own.
        words = share("key", "words", key, passphrase="5678", environment=token.environment)
        assert words.returncode == 1 and "no words" in words.stderr, words


if __name__ == "__main__":
    sys.exit(tap.main())
