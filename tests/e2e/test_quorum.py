#!/usr/bin/env python3
"""A power cut of real daemons: a quorum key is proposed, dealt and acknowledged, every node seals to it, all are killed at
once, and three of five share holders start the network again, in files that are carried by hand."""

import json
import os
import pathlib
import re
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402
from quorum import HOLDERS, QUICK, Quorum, done, node_command  # noqa: E402
from quorum import share as quorum_share  # noqa: E402

PROGRAMS = Programs(BUILD)


def share(*arguments, **secrets):
    return quorum_share(PROGRAMS.share, *arguments, **secrets)


def mesh(nodes=5, shares=4, threshold=2):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-quorum-"))
    return Mesh(folder, PROGRAMS, nodes=nodes, shares=shares, threshold=threshold)


def power_cut(m):
    for node in m.nodes:
        node.kill()
    for node in m.nodes:
        node.start()
    for node in m.nodes:
        node.wait("recovering", 30)


@tap.case
def three_of_five_share_holders_start_a_network_that_lost_its_power():
    with mesh() as m:
        m.make()
        quorum = Quorum(m)
        quorum.establish()
        for node in m.nodes:
            until(lambda node=node: "left with 4 of 4 providers" in node_command(node, "status").stdout, 60,
                  lambda node=node: node_command(node, "status").stdout)
        expires_s = m.nodes[0].status()["expires"]["share_set_s"]
        assert f"\nholdfast_share_set_expires_timestamp_seconds {expires_s}\n" in node_command(m.nodes[0], "metrics").stdout, expires_s
        # A first release waits for holders that have the newest documents.
        keys = {node.number: until(lambda node=node: node.key("tss-db"), 60, lambda node=node: node.tail()) for node in m.nodes}
        power_cut(m)
        assert not any(node.key("tss-db") for node in m.nodes)
        assert "no request is open" in done(node_command(m.nodes[0], "blackstart", "status"), 2)
        # Each says that no key comes back by itself, and what to do; nobody is told to give a folder up.
        for node in m.nodes:
            until(lambda node=node: "NOT BY ITSELF" in node.status()["key"]["says"], 30, lambda node=node: node.status()["key"])
            key = node.status()["key"]
            assert "blackstart" in key["advice"] and "gone" not in key["advice"], key
            said = node_command(node, "status").stdout
            assert "sealed     since" in said and "under share set 1" in said, said
        by_people = 0
        for node in m.nodes:
            if node.status()["open"]:
                continue
            assert "enough" in quorum.start(node, ["eve", "ada", "cy"])
            by_people += 1
            until(lambda node=node: node.status()["open"], 30, lambda node=node: f"not open:\n{node.tail()}")
            if by_people == m.threshold:
                break
        assert by_people == m.threshold, by_people
        for node in m.nodes:
            node.wait("ready", 90)
            assert node.key("tss-db") == keys[node.number], node.number
            assert node.status()["quorum"]["sealed"]


@tap.case
def what_is_wrong_is_named_and_costs_nothing():
    with mesh(3, 2, 2) as m:
        m.make()
        quorum = Quorum(m)
        quorum.establish()
        node, other = m.nodes[:2]
        assert "not waiting" in node_command(node, "blackstart", "request", m.folder / "none").stderr
        power_cut(m)
        request, wrong = quorum.folder / "request", quorum.folder / "wrong"
        asked = done(node_command(node, "blackstart", "request", request))
        # Both ends name it alike.
        shown = share("answer", request, "--key", quorum.keys["ada"], "--collateral", m.authority / "collateral", "--out", wrong,
                      "--network", m.network)
        assert re.search(r"request: ([0-9a-f]{64})", asked)[1] in done(shown, 8), shown
        # As whom one answers is said before anything is asked.
        assert re.search(r"^  you +share holder 1 of 5, ada$", shown.stdout.split("digest:")[0], re.M), shown
        assert "3 of whom open: ada, bob, cy, dee, eve\n" in asked, asked
        # A slip before there is an answer writes the same file: nothing is lost.
        once = node_command(node, "blackstart", "request", quorum.folder / "once")
        assert "written once more" in done(once) and (quorum.folder / "once").read_bytes() == request.read_bytes()
        # An answer that was damaged on the way is named by its holder.
        done(quorum.answer("ada", request, wrong))
        wrong.write_bytes(wrong.read_bytes()[:-1] + bytes([wrong.read_bytes()[-1] ^ 1]))
        refused = node_command(node, "blackstart", "add", wrong)
        assert refused.returncode == 20 and "share holder 1 (ada)" in refused.stderr, refused.stderr
        # The same request may be answered as often as one likes; another of this account may not.
        good = quorum.folder / "good"
        done(quorum.answer("ada", request, good))
        done(node_command(node, "blackstart", "add", good), 2)
        # Asking once more would take its worth: a slip does not.
        slip = node_command(node, "blackstart", "request", quorum.folder / "slip")
        assert slip.returncode == 1 and "1 of 3 answers" in slip.stderr and not (quorum.folder / "slip").exists(), slip
        twice = node_command(node, "blackstart", "add", good)
        assert "here already" in twice.stderr and "1 of 3" in twice.stderr, twice.stderr
        assert "3 of whom open: ada (has answered), bob, cy," in done(node_command(node, "blackstart", "status"), 2)
        status = node.status()["quorum"]
        assert status["have"] == 1 and status["holders"] == [1], status
        node.kill()
        node.start()
        node.wait("recovering", 30)
        late = node_command(node, "blackstart", "add", good)
        assert "no request" in late.stderr, late.stderr
        again = node_command(node, "blackstart", "request", request)
        assert "worth nothing" in done(again)
        assert "another request" in quorum.answer("ada", request, good).stderr
        done(quorum.answer("ada", request, good, "--again", node.account))
        # Another's request, a stranger's key, a wrong passphrase, another network, documents that are old.
        theirs, stranger = quorum.folder / "theirs", quorum.folder / "stranger"
        done(node_command(other, "blackstart", "request", theirs))
        done(quorum.answer("bob", theirs, good))
        other_request = node_command(node, "blackstart", "add", good)
        assert other_request.returncode == 19 and "another request" in other_request.stderr, other_request
        done(share("key", "new", stranger, *QUICK, passphrase="of stranger"))
        quorum.keys["stranger"] = stranger
        done(quorum.answer("stranger", request, good), 15)
        mistyped = quorum.answer("cy", request, good, passphrase="something else")
        assert mistyped.returncode == 5 and "wrong_passphrase" in mistyped.stderr, mistyped.stderr
        done(share("answer", request, "--key", quorum.keys["cy"], "--collateral", m.authority / "collateral", "--out", good,
                   "--network", "00" * 32), 18)
        quorum.sign("policy", "sign")
        for each in m.nodes:
            each.hang_up()
        newer = quorum.folder / "newer"
        version = json.loads(quorum.holdfast("policy", "show", *quorum.authority).split("digest:")[0])["version"]
        until(lambda: node.status()["policy"] == version, 30, "the policy is not there")
        done(node_command(node, "blackstart", "request", newer, "--anew"))
        # Who has been shown newer documents knows them, whether it has answered or not.
        done(quorum.share("answer", newer, "--key", quorum.keys["dee"], "--collateral", m.authority / "collateral", "--out", good,
                          "--network", m.network, passphrase=""), 8)
        done(quorum.answer("dee", theirs, good), 6)
        shown = done(quorum.answer("dee", newer, good))
        assert f": policy {version}" in shown and ": share set 1" in shown and ": validator set 1" in shown, shown
        broken = bytearray(newer.read_bytes())
        broken[broken.index(b"\x04\x00\x02\x00\x81\x00\x00\x00") + 700] ^= 1
        request.write_bytes(broken)
        done(quorum.answer("bob", request, good), 3)
        done(quorum.answer("bob", theirs, good), 6)
        # A request in which one byte is another is no request any more.
        for at in (40, 200, 900):
            broken = bytearray(newer.read_bytes())
            broken[at] ^= 1
            request.write_bytes(broken)
            assert quorum.answer("eve", request, good).returncode in (1, 3, 18), at


def prepared_by_the_page(m, text):
    """Every command line of the section BEFORE IT HAPPENS, in its order, and what it says to write into policy.yaml."""
    people = ["ada", "bob", "cy"]
    quorum = Quorum(m, people, 2)
    lines = [line.split()[1:] for line in text.splitlines() if line.startswith(".Dl ")]
    assert len(lines) == 11, lines
    fields = re.search(r"^\.Bd .*?\n(.*?)^\.Ed$", text, re.M | re.S)[1]
    form = m.authority / "policy.yaml"
    said, digest = "", None
    for number, line in enumerate(lines):
        words = {"NETWORK": m.network, "output": quorum.output, "authority/proposal.doc": m.authority / "proposal.doc",
                 "authority/documents/root-1.doc": m.authority / "documents/root-1.doc", "DIGEST": digest}
        if line[0] == "holdfast-share":
            for alias in people:
                mine = words | {"key": quorum.keys[alias], "ack": quorum.folder / f"{alias}.ack"}
                made = [line[1], line[2], mine["key"]] if line[1] == "key" else [str(mine.get(word, word)) for word in line[1:]]
                done(share(*made, *(QUICK if line[1] == "key" else []), passphrase=f"of {alias}"))
            continue
        if line[0] == "holdfast-ceremony":
            process = quorum.ceremony()
            assert [str(words.get(word, word)) for word in line[1:]] == [str(word) for word in process.args[1:]], (line, process.args)
            out, errors = process.communicate(timeout=60)
            assert process.returncode == 0, (out, errors)
            # What the policy does not know yet is printed, with the line that comes next.
            said = quorum.holdfast("quorum", "deal", quorum.output, *quorum.authority, status=1)
            digest = re.search(r"policy measurement add NAME ([0-9a-f]{64}) --role ceremony", said)[1]
            continue
        line = [str(words.get(word, word)) for word in line[1:]]
        if line[:2] == ["quorum", "propose"]:
            line = [re.sub(r"^(\w+)=[A-Z]+$", lambda found: f"{found[1]}={quorum.public(found[1])}", word) for word in line]
        if line[:2] == ["quorum", "ack"]:
            line[2:] = [quorum.folder / f"{alias}.ack" for alias in people]
        if number == len(lines) - 2:
            form.write_text(fields + form.read_text())
        signs = line[1] == "sign" or line[:2] == ["quorum", "propose"]
        said = quorum.sign(*line) if signs else quorum.holdfast(*line, *quorum.authority)
    assert "holdfast-share open OUTPUT" in said and "--challenge" in said, said
    for node in m.nodes:
        node.hang_up()
        node.wait_status(lambda status: status["quorum"]["sealed"], "it is not sealed")
        node.wait("ready", 60)
    return quorum


@tap.case
def the_page_for_the_hour_without_power_is_true():
    """Every command line of holdfast-blackstart(7), in its order, for each node until all are open."""
    page = (SOURCE / "contrib/man/holdfast-blackstart.7").read_text(encoding="utf-8")
    page, before = page.split(".Sh BEFORE IT HAPPENS")
    lines = [line.split()[1:] for line in page.splitlines() if line.startswith(".Dl ")]
    assert [line[0] for line in lines].count("holdfast") == 5 and len(lines) == 7, lines
    with mesh(3, 2, 2) as m:
        m.make()
        quorum = prepared_by_the_page(m, before)
        power_cut(m)

        def run(line, alias=None, digest=None):
            words = {"NETWORK": m.network, "DIGEST": digest, "key": quorum.keys.get(alias), "collateral":
                     m.authority / "collateral", "request": quorum.folder / "request", "answer": quorum.folder / "answer"}
            verb = line[1]
            arguments = [verb if verb == "answer" else line[1], *(str(words.get(w, w)) for w in line[2:])]
            if line[0] == "holdfast-share":
                return share(*arguments, passphrase=f"of {alias}")
            if line[1:3] in (["blackstart", "request"], ["blackstart", "plan"]):
                arguments = [*line[1:3], str(words["request"])]
            return node_command(node, *arguments)

        for node in m.nodes[:2]:
            done(run(lines[0]))
            assert "start by people 1 of these" in done(run(lines[1]))
            for alias in ("bob", "cy"):
                shown = done(run(lines[2], alias), 8)
                done(run(lines[3], alias, re.search(r"digest: ([0-9a-f]{64})", shown)[1]))
                added = run(lines[4])
                assert added.returncode == (0 if alias == "cy" else 2), added.stderr
                assert run(lines[5]).returncode in (0, 2)
            assert run(lines[6]).returncode in (0, 2, 3)
        for node in m.nodes:
            node.wait("ready", 60)


@tap.case
def a_personal_key_is_a_file_and_twenty_four_words():
    with tempfile.TemporaryDirectory() as folder:
        key, again = pathlib.Path(folder) / "key", pathlib.Path(folder) / "again"
        made = done(share("key", "new", key, *QUICK, passphrase="a passphrase"))
        assert key.stat().st_mode & 0o777 == 0o600
        assert made.splitlines()[:2] == done(share("key", "show", key)).splitlines()
        assert len(re.search(r"fingerprint: (.*)", made)[1].split()) == 6
        words = done(share("key", "words", key, passphrase="a passphrase")).strip()
        assert len(words.split()) == 24
        done(share("key", "words", key, passphrase="another"), 5)
        done(share("key", "new", key, *QUICK, passphrase="a passphrase"), 1)
        restored = done(share("key", "restore", again, *QUICK, passphrase="of its own", words=words))
        assert restored.splitlines()[:2] == made.splitlines()[:2] and "begins anew" in restored, restored
        bad = words.split()
        bad[6] = "holdfast"
        wrong = share("key", "restore", f"{again}2", *QUICK, passphrase="x", words=" ".join(bad))
        assert "word 7 is not in the list" in wrong.stderr, wrong.stderr
        done(wrong, 16)
        swapped = words.split()
        swapped[0], swapped[1] = ("zoo", "abandon") if swapped[0] != "zoo" else ("abandon", "zoo")
        done(share("key", "restore", f"{again}2", *QUICK, passphrase="x", words=" ".join(swapped[:23])), 16)
        key.write_bytes(key.read_bytes()[:-1])
        done(share("key", "words", key, passphrase="a passphrase"), 1)


@tap.case
def a_ceremony_is_what_was_proposed_or_nothing():
    with mesh(3, 2, 2) as m:
        m.found()
        quorum = Quorum(m)
        quorum.make_keys()
        assert "needs --threshold" in quorum.holdfast("quorum", "propose", *quorum.authority, status=1)
        key = quorum.public("ada")
        # Nor one key twice in two encodings, nor one to which nothing can be sealed.
        other = key[:62] + f"{int(key[62:], 16) | 0x80:02x}"
        for bad in (other, "00" * 32):
            quorum.holdfast("quorum", "propose", "--threshold", 2, "--name", "k", "--holder", f"ada={key}", "--holder",
                            f"bob={bad}", *quorum.authority, status=1)
        for threshold, holders in ((1, ["ada", "bob"]), (3, ["ada", "bob"]), (2, ["ada", "ada"])):
            options = [p for alias in holders for p in ("--holder", f"{alias}={quorum.public(alias)}")]
            quorum.holdfast("quorum", "propose", "--threshold", threshold, "--name", "k", *options, *quorum.authority,
                            status=1)
        quorum.holdfast("quorum", "propose", "--threshold", 2, "--name", "k", "--holder", f"ada={key}", "--holder",
                        f"bob={key}", *quorum.authority, status=1)
        said = quorum.propose()
        assert "proposal 1, the first:" in said and said.count(":") > 5, said
        quorum.deal()
        # Not before all have acknowledged.
        missing = quorum.acknowledge("ada", "bob")
        assert "2 of 5" in missing and "cy: missing\n" in missing, missing
        # Since when, of the folder's files: one that comes again does not make it later.
        then = time.time() - 3600
        os.utime(m.authority / "ceremony/ack-1", (then, then))
        os.utime(m.authority / "ceremony/output", (then - 60, then - 60))
        again = quorum.holdfast("quorum", "ack", quorum.folder / "ada.ack", *quorum.authority, status=2)
        for seconds, before in ((then, "ada: acknowledged, here since"), (then - 60, "; the output is here since")):
            assert f"{before} {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(seconds))} UTC\n" in again, again
        assert re.search(r"bob: acknowledged, here since 20\d\d-", again), again
        assert "2 of 5" in quorum.holdfast("quorum", "sign", *quorum.authority, status=2)
        assert "2 of 5" in quorum.holdfast("quorum", "show", *quorum.authority)
        # A holder cannot acknowledge for another, nor an output that was changed.
        output = quorum.output.read_bytes()
        broken = bytearray(output)
        broken[len(output) // 3] ^= 1
        quorum.output.write_bytes(broken)
        quorum.holdfast("quorum", "deal", quorum.output, *quorum.authority, status=1)
        quorum.output.write_bytes(output)
        done(share("open", quorum.output, "--key", quorum.keys["ada"], passphrase="wrong"), 5)
        quorum.acknowledge(*HOLDERS)
        quorum.sign("quorum", "sign")
        assert "ada" in quorum.holdfast("quorum", "show", *quorum.authority)
        # A drill asks all of them, and what was said before it counts for nothing.
        challenge = re.search(r"--challenge ([0-9a-f]{64})", quorum.holdfast("quorum", "drill", *quorum.authority))[1]
        quorum.holdfast("quorum", "drill", quorum.folder / "ada.ack", *quorum.authority, status=19)
        proofs = [quorum.folder / f"{alias}.proof" for alias in HOLDERS]
        for alias, proof in zip(HOLDERS, proofs):
            done(share("open", quorum.output, "--key", quorum.keys[alias], "--out", proof, "--challenge", challenge,
                       passphrase=f"of {alias}"))
        four = quorum.holdfast("quorum", "drill", *proofs[:4], *quorum.authority, status=2)
        assert "4 of 5" in four and "eve: missing" in four, four
        assert re.search(r"; the drill began 20.* UTC\n", four) and re.search(r"dee: has it, here since 20.* UTC\n", four), four
        assert "5 of 5" in quorum.holdfast("quorum", "drill", proofs[4], *quorum.authority)
        quorum.holdfast("quorum", "drill", *quorum.authority)
        quorum.holdfast("quorum", "drill", *proofs, *quorum.authority, status=19)


if __name__ == "__main__":
    sys.exit(tap.main())
