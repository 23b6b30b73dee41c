#!/usr/bin/env python3
"""Attestation on request: who enters the set answers now, who fails is named, and says so itself."""

import json
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
from mesh import Mesh, Programs, until  # noqa: E402

UNSIGNED = b"\x82\x01\x80\x02\xc4\x20" + 32 * b"n"  # versions of nothing, and a nonce


def mesh(nodes, shares, threshold):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-attested-"))
    return Mesh(folder, Programs(BUILD), nodes=nodes, shares=shares, threshold=threshold)


def authority(m, *words):
    """One command on the authority's folder: its exit status, and what it printed."""
    done = subprocess.run([m.programs.holdfast, *words, "--authority", m.authority], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def ask(node, body):
    """A request for a quote by whoever has no certificate: HTTP's status, and the answer."""
    done = subprocess.run(["curl", "-sSk", "--http2", "--max-time", "20", "-w", "\n%{http_code}", "--data-binary", "@-",
                           f"https://{node.address}/v1/attest"], input=body, capture_output=True, timeout=30)
    answer, _, status = done.stdout.rpartition(b"\n")
    return int(status), answer


@tap.case
def an_entry_is_of_a_daemon_that_answers_now_under_its_own_account():
    with mesh(nodes=2, shares=1, threshold=1) as m:
        m.found()
        node, file = m.nodes[0], m.folder / "identity.json"
        node.start()
        until(node.identified, 30, node.tail)
        assert node.command("identity", "--output", file).returncode == 0
        add = ("set", "add", file, "--operator", "alice")
        status, text = authority(m, *add)
        assert status == 0 and "made now, at that address, release holdfast" in text, text
        # Keys that lie elsewhere are named.
        shutil.move(m.authority / "keys", m.folder / "keys")
        status, text = authority(m, *add)
        assert status == 1 and "no key of the root is here to ask with: --key FILE" in text, text
        key = sorted((m.folder / "keys").glob("*.key"))[0]
        status, text = authority(m, *add, "--key", key)
        assert status == 0 and "updated at" in text, text
        # Nobody else is answered.
        status, answer = ask(node, UNSIGNED)
        assert status == 403 and json.loads(answer)["code"] == "permission", (status, answer)
        status, answer = ask(node, 2000 * b"n")
        assert status == 413, (status, answer)
        # Down, it has not said what it is now: only who says so goes by its identity.
        node.terminate()
        status, text = authority(m, *add, "--key", key)
        assert status == 1 and "has not said what it is now" in text and "--offline" in text, text
        status, text = authority(m, *add, "--offline")
        assert status == 0 and "quote verified, made 20" in text, text
        # Another account answers there: the one before was in memory only.
        node.start()
        until(node.identified, 30, node.tail)
        status, text = authority(m, *add, "--key", key)
        assert status == 1 and "the peer proved another account" in text, text


@tap.case
def who_fails_a_check_is_named_proposed_to_be_left_out_and_says_so_itself():
    with mesh(nodes=6, shares=3, threshold=2) as m:
        m.found()
        last, other = m.nodes[-1], m.nodes[-2]
        with last.config.open("a") as config:
            config.write("  image: other\n")
        form = m.authority / "policy.yaml"
        form.write_text(form.read_text().replace("holder_grace: 10m", "holder_grace: 5s"))
        m.start_all()
        digest = until(lambda: last.status()["measurement"], 30, last.tail)
        m.authority_command("policy", "measurement", "add", "other", digest, "--authority", m.authority)
        m.authority_command("policy", "sign", "--authority", m.authority)
        for node in m.nodes:
            node.hang_up()
        m.register()
        for node in m.nodes:
            node.wait("ready", 60)

        def verdicts():
            status, text = authority(m, "set", "attest", "--json")
            return status, {one["account"]: one for one in json.loads(text)["members"]}

        status, text = authority(m, "set", "attest")
        assert status == 0 and "6 of 6 pass, 0 fail" in text and "passes, release other" in text, text
        status, found = verdicts()
        assert status == 0 and {one["verdict"] for one in found.values()} == {"passes"}, found
        assert found[last.account]["release"] == "other" and len(found[last.account]["platform"]) == 32, found
        # Who does not answer proves nothing, and is not proposed.
        other.terminate()
        before = (m.authority / "set.yaml").read_bytes()
        status, text = authority(m, "set", "attest", "--propose")
        assert status == 2 and "5 of 6 pass, 0 fail" in text and "no answer: " in text, text
        assert (m.authority / "set.yaml").read_bytes() == before
        other.start()
        other.wait("ready", 60)
        # Withdrawn: it fails by its own answer, and says so itself.
        m.authority_command("policy", "measurement", "withdraw", "other", "--authority", m.authority)
        m.authority_command("policy", "sign", "--authority", m.authority, "--force")
        for node in m.nodes:
            node.hang_up()

        def refused():
            status, found = verdicts()
            assert status == 2 or found[last.account]["verdict"] == "passes", found
            return found[last.account]["error"] == "measurement_refused" and found

        found = until(refused, 30, "it passes still")
        assert [one["verdict"] for one in found.values()].count("fails") == 1, found
        assert found[last.account]["verdict"] == "fails" and found[last.account]["release"] is None, found

        def warned():
            return [w["text"] for w in last.status()["warnings"] if w["code"] == "attestation_refused"]

        (text,) = until(warned, 30, last.tail)
        assert "no validator accepts this node's quotes" in text, text
        shown = last.command("status")
        assert shown.returncode == 3 and b"NOT NOW" in shown.stdout, shown
        explained = last.command("explain", "attestation_refused").stdout.decode()
        assert "Do not restart this node" in explained and "holder_grace" in explained, explained

        # To the others it is lost after the grace, and none of them is in danger.
        def moved():
            held = [p["account"] for node in m.nodes[:-1] for p in node.status()["providers"]]
            return last.account not in held and all(node.state() == "ready" for node in m.nodes[:-1])

        until(moved, 90, lambda: [(node.state(), node.status()["reason"]) for node in m.nodes])
        # The set without it is proposed, shown and signed; who is left passes.
        status, text = authority(m, "set", "attest", "--propose")
        assert status == 2 and "FAILS measurement_refused" in text and digest in text, text
        assert "is left out of the next set" in text and last.account not in (m.authority / "set.yaml").read_text(), text
        m.sign_set()
        status, text = authority(m, "set", "attest")
        assert status == 0 and "5 of 5 pass" in text, text


if __name__ == "__main__":
    sys.exit(tap.main())
