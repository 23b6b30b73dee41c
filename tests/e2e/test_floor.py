#!/usr/bin/env python3
"""More holders of a validator are lost for good than its claim quorum allows: it waits, says for whom and what to send
to the authority, whose decision brings it back.

usage: test_floor.py [CASE ...]
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "contrib/lib"), str(SOURCE / "tests/lib")]

import printed  # noqa: E402
import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402

# n, k, q of seven validators: two lost holders are one more than four can do without when three must vote.
NODES, SHARES, THRESHOLD, QUORUM = 7, 4, 2, 3


def waiting(m):
    """The owner restarts while two of its holders are gone for good. Returns it and those two."""
    owner = m.nodes[0]
    holders = {p["account"] for p in owner.status()["providers"]}
    lost = [node for node in m.nodes if node.account in holders][:SHARES - QUORUM + 1]
    for node in lost:
        node.kill()
    owner.kill()
    owner.start()
    owner.wait("claiming", 60)

    def said():
        """Who lives has voted, and who is gone is known to be silent: in which order is the network's business."""
        waits = owner.status()["waits"]
        silent = sum(h["error"] is not None for w in waits for h in w["holders"])
        return silent == len(lost) and [w["given"] for w in waits] == [SHARES - len(lost)]

    until(said, 60, lambda: f"it does not say who is silent: {owner.status()['waits']}")
    return owner, lost


def authority(m, *words, status=0):
    done = subprocess.run([m.programs.holdfast, *words, "--authority", m.authority], cwd=m.folder, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == status, (words, done)
    return done


def refusals(m, owner, lost, floor, record):
    """What does not fit is refused, with what would be right, and nothing is written."""
    form = m.authority / "set.yaml"
    before = form.read_text()
    base = ["set", "floor", owner.account, "--record", str(record)]
    assert "--record FILE" in authority(m, *base[:3], status=1).stderr
    assert "nothing to decide" in authority(m, *base, status=1).stderr
    assert "these do" in authority(m, *base, "--lost", owner.account, status=1).stderr
    assert "no validator of set.yaml" in authority(m, *base, "--lost", "abc", status=1).stderr
    assert "no validator" in authority(m, "set", "floor", "00" * 32, *base[3:], status=1).stderr
    other = authority(m, "set", "floor", lost[0].account, *base[3:], status=1).stderr
    assert "not added" not in other and str(record) in other, other
    facts = json.loads(record.read_text())
    for name, value in (("signature", "00" * 64), ("record", facts["record"]["record"][:-2] + "00"),
                        ("claim_highest", "7"), ("claim_highest", -1), ("claim_highest", facts["record"]["claim_highest"] + 1),
                        ("claim_highest", facts["record"]["claim_highest"] - 1), ("evidence", None)):
        spoilt = json.loads(record.read_text())
        spoilt["record"][name] = value
        (m.folder / "spoilt.json").write_text(json.dumps(spoilt))
        authority(m, *base[:4], str(m.folder / "spoilt.json"), *floor[5:], status=1)
    nobody = [word for a in {h["account"] for w in facts["waits"] for h in w["holders"]} for word in ("--lost", a)]
    assert "nobody is left" in authority(m, *base, *nobody, status=1).stderr
    # Without a person's word that no other machine runs it, nothing is decided.
    assert "--only-instance" in authority(m, *floor, status=2).stderr
    # By operators and first digits the same is decided.
    by_name = ["set", "floor", f"operator{owner.number}", *base[3:], "--lost", f"operator{lost[0].number}"]
    by_name += ["--lost", lost[1].account[:8]]
    assert authority(m, *by_name, status=2).stdout == authority(m, *floor, status=2).stdout
    assert form.read_text() == before


def stays(m, owner):
    """Whoever edits the form by hand, or leaves the validator out and adds it anew, loses no decision."""
    form = m.authority / "set.yaml"
    decided = form.read_text()
    start = decided.index("    floor:\n")
    end = decided.find("\n  - ", start)
    form.write_text(decided[:start] + decided[end + 1 if end >= 0 else len(decided):])
    assert "what was decided stays" in authority(m, "set", "sign", status=1).stderr
    form.write_text(decided)
    identity = m.folder / "identity.json"
    identity.write_bytes(owner.command("identity").stdout)
    authority(m, "set", "remove", owner.account)
    assert "floor:" not in form.read_text()
    authority(m, "set", "add", str(identity), "--operator", "again")
    assert decided[start:].split("\n", 2)[1] in form.read_text(), form.read_text()
    form.write_text(decided)


def another_record(m, owner, record, floor):
    """By hand the floor is made to go on from another record: what the validator shows is void, and says what to do."""
    form = m.authority / "set.yaml"
    decided = form.read_text()
    favoured = decided.split("favoured: ", 1)[1].split('"')[1]
    claim = int(decided.split("claim: ", 1)[1].split()[0])
    form.write_text(decided.replace(favoured, "00" * 16))
    assert "what was decided stays" in authority(m, "set", "sign", status=1).stderr
    form.write_text(decided.replace(favoured, "00" * 16).replace(f"claim: {claim}", f"claim: {claim * 2}"))
    m.sign_set()
    until(lambda: (owner.status()["reason"] or {}).get("code") == "record_void", 60, lambda: str(owner.status()["reason"]))
    commands = printed.commands(owner.command("backup", "show").stdout.decode())
    assert "--change-record" in commands["floor"], commands
    record.write_bytes(owner.command("backup", "show", "--json").stdout)
    words = [word for word in commands["floor"] if word != "--change-record"]
    assert "--change-record" in authority(m, *words, "--only-instance", status=1).stderr
    authority(m, *commands["floor"], "--only-instance")
    assert favoured in form.read_text()
    m.sign_set()
    owner.wait("ready", 90)


@tap.case
def the_floor_that_status_asks_for_brings_the_owner_back():
    with tempfile.TemporaryDirectory(prefix="holdfast-floor-") as folder:
        with Mesh(pathlib.Path(folder), Programs(BUILD), NODES, SHARES, THRESHOLD, QUORUM) as m:
            m.make()
            key = m.nodes[0].key("tss-db")
            owner, lost = waiting(m)
            wait, = owner.status()["waits"]
            assert (wait["for"], wait["quorum"], wait["given"]) == ("votes", QUORUM, SHARES - len(lost)), wait
            said = owner.command("status").stdout.decode()
            assert f"votes for its claim, of generation {wait['generation']}" in said, said
            commands = printed.commands(owner.command("backup", "show").stdout.decode())
            assert sorted(commands) == ["floor", "show", "sign"], commands
            record = m.folder / "backup.json"
            record.write_bytes(owner.command("backup", "show", "--json").stdout)
            floor = commands["floor"]
            assert set(floor[6::2]) == {node.account for node in lost}, floor
            refusals(m, owner, lost, floor, record)
            decided = authority(m, *floor, "--only-instance").stdout
            assert f"{SHARES - len(lost)} of {SHARES} holders are left" in decided, decided
            left = SHARES - len(lost)
            assert f"decided: 2 of the {left} that are left carry a claim; of these {left - 2} may be" in decided, decided
            assert f"and {3 - left} may lie, or have had an old disk put back" in decided, decided
            assert f"that is not of generation {wait['generation']}: a copy" in decided, decided
            # Others may have shares with both: together they are not left out unasked, one by one they are.
            for node in lost:
                authority(m, "set", "remove", node.account)
            assert "leaves out 2 validators at once" in authority(m, "set", "sign", status=1).stderr
            authority(m, "set", "restore", lost[1].account)
            shown = authority(m, "set", "sign", status=2).stdout
            assert f"+ validators[operator{owner.number} {owner.account[:8]}].floor.survivors[0].quorum: 2" in shown, shown
            m.sign_set()
            owner.wait("ready", 90)
            assert owner.key("tss-db") == key
            assert owner.status()["waits"] == []
            authority(m, "set", "remove", lost[1].account)
            m.sign_set()
            owner.wait("ready", 90)
            assert owner.key("tss-db") == key
            stays(m, owner)
            again = authority(m, *floor, "--only-instance", status=1).stderr
            assert "before the floor" in again, again
            another_record(m, owner, record, floor)


if __name__ == "__main__":
    tap.main()
