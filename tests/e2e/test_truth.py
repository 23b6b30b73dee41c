#!/usr/bin/env python3
"""What an operator is told when something is wrong, by the real command and daemons: who is at fault, and what helps."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402


def mesh(nodes=4, shares=3, threshold=2, quorum=2):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-truth-"))
    return Mesh(folder, Programs(BUILD), nodes=nodes, shares=shares, threshold=threshold, quorum=quorum)


def shown(node):
    done = node.command("status")
    return done.returncode, done.stdout.decode()


@tap.case
def status_leads_with_whether_the_key_can_come_back():
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        node.wait_status(lambda s: s.get("reached_ms") is not None, "nobody has reached it")
        code, text = shown(node)
        lines = text.splitlines()
        assert code == 0 and lines[1] == "can this key come back?  yes", text
        assert "providers  3 of 3 answer; a restart needs 2 for the shares and 2 for the claim" in lines, text
        assert "to spare   1 more may go before a claim fails, 1 before the shares do" in lines, text
        status = node.status()
        assert f"registered operator1 at {node.address}" in lines and "operator2" in text, text
        assert len(status["measurement"]) == 64 and len(status["platform_id"]) == 32, status
        assert status["measurement"] in text and status["version"] in text, text
        assert set(status["formats"]) == {"data", "found", "kept", "protocol", "documents"}, status["formats"]
        said = "data folder {data}, protocol {protocol}, documents {documents}".format(**status["formats"])
        assert said in text and f"event=release version={status['version']} data_format={status['formats']['data']} " in node.log.read_text(), text
        assert "expires    policy 20" in text and ", set 20" in text and "The data folder is ciphertext" in text, text
        # The same, from the machine alone, while it is locked.
        for other in m.nodes[1:]:
            other.kill()
        node.kill()
        node.start()
        # Nobody gives a nonce, so that no quote is asked for: what it is it cannot say yet, and says so.
        node.wait_status(lambda s: s.get("state") == "recovering", "it is not recovering")
        code, text = shown(node)
        assert code == 2 and "see to it that they run and can be reached" in text, text
        assert "backup     not known while locked" in text and "keeps" not in text, text
        done = node.command("backup", "show")
        assert b"no backup yet" not in done.stdout and b"not known while locked" in done.stdout, done
        node.kill()
        assert node.command("status").returncode == 1


@tap.case
def after_a_power_cut_of_all_nobody_promises_to_go_on_by_itself():
    """The reason is providers_locked."""
    with mesh() as m:
        m.make()
        for node in m.nodes:
            node.kill()
        for node in m.nodes:
            node.start()
        for node in m.nodes:
            node.wait_status(lambda s: "3 of 3 providers are locked" in s.get("key", {}).get("says", ""), "it still hopes")
            code, text = shown(node)
            assert code == 3 and "NOT BY ITSELF: 3 of 3 providers are locked themselves" in text, text
            assert "if one validator was not restarted, do not restart it" in text, text
            assert "goes on by itself" not in text and "holdfast set add" in text, text
        # Who waits for it is told why it waits in vain.
        done = m.nodes[0].command("wait", "--for", "ready", "--timeout", "1")
        assert done.returncode == 2 and b"recovering: can this key come back? NOT BY ITSELF: 3 of 3" in done.stderr, done
        log = m.nodes[0].log
        until(lambda: "event=warning code=providers_locked" in log.read_text(), 30, m.nodes[0].tail)


@tap.case
def what_providers_refuse_is_not_called_silence():
    """They run and answer; the node's software is what they refuse."""
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        node.kill()
        node.config.write_text(node.config.read_text() + "  image: unknown-release\n")
        node.start()
        status = node.wait_status(lambda s: (s.get("reason") or {}).get("code") == "measurement_refused", "no refusal")
        assert status["reason_of"] == "providers", status
        code, text = shown(node)
        assert code == 2 and "see to it that they run" not in text, text
        assert "3 providers answer and do not help" in text and "holdfast explain measurement_refused" in text, text
        assert "providers say: the policy does not accept this measurement" in text, text
        assert status["measurement"] in text and len(status["measurement"]) == 64, text


@tap.case
def a_removed_holder_is_not_the_nodes_own_fault():
    """A peer's reason is never shown as the node's own."""
    with mesh() as m:
        m.make()
        node = m.nodes[0]
        gone = m.nodes[3]
        m.authority_command("set", "remove", gone.account, "--authority", m.authority)
        # Three shares need three others: the removed one cannot be replaced.
        form = m.authority / "policy.yaml"
        form.write_text(form.read_text().replace("shares: 3\n", "shares: 2\n"))
        m.authority_command("policy", "sign", "--authority", m.authority)
        m.sign_set()

        def seen(status):
            errors = [p["error"] for p in status.get("providers", [])]
            return "provider_removed" in errors or (status.get("n") == 2 and len(errors) == 2)
        status = node.wait_status(seen, "the holder is not missed")
        assert (status["reason"] or {}).get("code") != "not_a_validator", status
        # The one that was removed is told: its next restart would be its last.
        gone.wait_status(lambda s: "left_out" in [w["code"] for w in s.get("warnings", [])], "it is not warned")
        code, text = shown(gone)
        assert code == 3 and "NOT NOW" in text and "do not restart this node" in text, text
        gone.kill()
        gone.start()
        gone.wait_status(lambda s: (s.get("reason") or {}).get("code") == "not_a_validator", "it is not kept out")
        code, text = shown(gone)
        assert code == 2 and "set restore" in text and "see to it that they run" not in text, text


@tap.case
def a_seed_that_cannot_be_reached_is_named():
    with mesh() as m:
        m.found()
        node = m.nodes[0]
        lines = [line for line in node.config.read_text().splitlines() if not line.startswith(("seeds:", "documents:"))]
        # Nobody listens on port 1 of loopback.
        node.config.write_text("\n".join(lines) + '\nseeds: ["127.0.0.1:1"]\n')
        node.start()
        status = node.wait_status(lambda s: s.get("seeds") and s["seeds"][0]["error"], "no seed has failed")
        assert status["seeds"][0]["address"] == "127.0.0.1:1" and status["seeds"][0]["error"]["code"] == "connect", status
        text = shown(node)[1]
        assert "\nseed       127.0.0.1:1: the peer cannot be reached (connect)" in text, text
        # Once, and not every half second.
        line = "level=warning event=seed_failed seed=127.0.0.1:1 "
        until(lambda: line in node.log.read_text(), 30, lambda: f"it is not in the log:\n{node.tail()}")
        assert node.log.read_text().count("event=seed_failed") == 1, node.tail()


@tap.case
def a_drain_is_refused_with_a_name_and_a_number():
    """Own key: drain_own_key. Others: each drain is a reservation."""
    with mesh() as m:
        m.make()
        node, other = m.nodes[0], m.nodes[1]
        assert node.command("drain").returncode == 0
        # n = 3, k = 2, q = 2: an owner wants two others, and one that drains is none.
        done = other.command("drain")
        assert done.returncode == 1 and b"drain_refused" in done.stderr, done
        assert b"operator" in done.stderr and b"would have 1 live provider without" in done.stderr, done
        # With who is missed: the one that drains.
        assert f"and 2 are wanted; gone or draining: operator1 ({node.account[:8]})".encode() in done.stderr, done
        assert node.command("drain", "--undo").returncode == 0
        # Two of its three holders are gone: it must not stop, whoever needs it or not.
        for gone in m.nodes[2:]:
            gone.kill()
        done = node.command("drain")
        assert done.returncode == 1 and b"drain_own_key" in done.stderr, done
        assert b"1 of 3 providers proved that their share fits, and this node needs 2" in done.stderr, done
        assert b"`holdfast backup verify` says which did not" in done.stderr, done
        assert not node.status()["draining"]


@tap.case
def a_drain_ends_with_the_restart_that_it_was_for():
    with mesh() as m:
        m.make()
        node, other = m.nodes[0], m.nodes[1]
        done = node.command("drain")
        assert done.returncode == 0 and node.status()["draining"], done
        assert "; draining" in shown(node)[1] and other.command("drain").returncode == 1
        node.terminate()
        node.start()
        node.wait("ready", 60)
        assert not node.status()["draining"] and "draining" not in shown(node)[1], shown(node)
        # It is nobody's reservation any more.
        until(lambda: other.command("drain").returncode == 0, 30, other.tail)


@tap.case
def a_policy_of_other_numbers_reaches_the_backups_that_are_there():
    with mesh(nodes=5) as m:
        m.make()
        form = m.authority / "policy.yaml"
        text = form.read_text()
        for old, new in (("shares: 3\n", "shares: 4\n"), ("threshold: 2\n", "threshold: 3\n"), ("claim_quorum: 2\n", "claim_quorum: 3\n")):
            assert old in text, (old, text)
            text = text.replace(old, new, 1)
        text = "\n".join("holder_grace: 6s" if line.startswith("holder_grace:") else line for line in text.splitlines()) + "\n"
        form.write_text(text)
        keys = [node.key("tss-db") for node in m.nodes]
        m.authority_command("policy", "sign", "--authority", m.authority)
        for node in m.nodes:
            node.hang_up()
        # Until it is dealt anew, each says that it will be.
        until(lambda: "the policy asks for another backup than this: dealt anew in" in shown(m.nodes[0])[1], 30, m.nodes[0].tail)
        for node in m.nodes:
            node.wait_status(lambda s: s.get("n") == 4 and s.get("k") == 3 and s.get("state") == "ready", "it has not dealt anew", 90)
            assert len(node.status()["providers"]) == 4 and "dealt anew in" not in shown(node)[1], shown(node)
        done = m.nodes[0].command("backup", "verify")
        assert done.returncode == 0 and b"4 of 4" in done.stdout, done
        # What the policy is to defend against: with two of four lost a restart waits, and with one it does not.
        m.nodes[0].kill()
        m.nodes[0].start()
        m.nodes[0].wait("ready", 60)
        assert [node.key("tss-db") for node in m.nodes] == keys


@tap.case
def of_two_copies_the_older_one_is_locked_soon_and_says_what_to_do():
    """README: at most one gets keys released for the first time; known ones come with a number that tells them apart."""
    with mesh() as m:
        m.make("timing: {watch: 2s}\n")
        node = m.nodes[0]
        key, before = node.key("tss-db"), node.token("tss-db")
        node.terminate()
        copy = m.copy_of(node)
        node.start()
        node.wait("ready", 60)
        first = node.token("tss-db")
        # The copy is behind what the first has done since, and says so. That one goes on.
        copy.start()
        copy.wait("blocked", 60)
        assert copy.key("tss-db") is None and node.key("tss-db") == key
        code, text = shown(copy)
        assert code != 0 and "(vault_behind)" in text and "holdfast set sequence-floor" in text, text
        m.allow_old(copy, node)  # the authority takes the first for lost, and its host has it run on
        started = time.monotonic()
        second = copy.token("tss-db")
        assert before < first < second, (before, first, second)
        until(lambda: (node.status() or {}).get("state") == "blocked", 30, node.tail)
        assert time.monotonic() - started < 10, "much longer than a round of its watch"
        assert node.key("tss-db") is None and node.key("another") is None
        assert copy.key("tss-db") == key
        code, text = shown(node)
        assert code != 0 and "(fenced)" in text and "`holdfast explain fenced` says what to do" in text, text
        said = " ".join(node.command("explain", "fenced").stdout.decode().split())
        assert "keep exactly one. Then restart the daemon of the one to keep" in said, said


@tap.case
def a_pending_account_is_replaced_and_a_second_one_is_asked_about():
    """A restart before placing voids the account; its registration must not be in the way of the next."""
    with mesh() as m:
        m.found()
        m.start_all()
        node = m.nodes[0]
        code, text = shown(node)
        assert code == 2 and "do not restart before it is placed" in text and "not_placed" in text, text
        m.add(node)
        first = node.account
        node.terminate()
        assert "the account is in memory only" in node.log.read_text(), node.tail()
        node.start()
        until(node.identified, 30, node.tail)
        words = ["--authority", m.authority, "--operator", "operator1", "--zone", "zone1"]
        done = node.command("set", "add", *words)
        assert done.returncode == 0 and b"is replaced: it was in no set yet" in done.stdout, done
        form = (m.authority / "set.yaml").read_text()
        assert first not in form and node.status()["account"] in form, form
        # Signed, it is one whose keys may be wanted.
        for other in m.nodes[1:]:
            m.add(other)
        m.sign_set()
        second = ["--authority", m.authority, "--operator", "operator1"]
        done = m.nodes[1].command("set", "add", *second)
        assert done.returncode == 2 and b"--replace" in done.stderr and b"--also" in done.stderr, done
        assert "operator2" in (m.authority / "set.yaml").read_text()
        done = node.command("set", "add", *words)
        assert done.returncode == 0 and b"updated at" in done.stdout, done


@tap.case
def what_a_machine_runs_is_told_by_its_daemon_and_by_its_identity_file():
    with mesh(nodes=2, shares=1, threshold=1, quorum=1) as m:
        m.found()
        m.start_all()
        node, file = m.nodes[0], m.folder / "identity.json"
        digest = node.status()["measurement"]
        done = node.command("policy", "measurement", "--here")
        assert done.returncode == 0 and done.stdout.decode() == digest + "\n", done
        done = node.command("policy", "measurement", "add", "next", "--here", "--authority", m.authority)
        assert done.returncode == 0 and digest in (m.authority / "policy.yaml").read_text().split("next")[1], done
        assert node.command("policy", "measurement", "--here", "--mrtd", "00").returncode == 64
        assert node.command("identity", "--output", file).returncode == 0
        done = node.command("quote", "show", file, "--json")
        assert done.returncode == 0 and json.loads(done.stdout)["quote"]["measurement"] == digest, done
        verify = ["quote", "verify", file, "--collateral", m.authority / "collateral", "--policy", m.authority / "policy.yaml"]
        done = node.command(*verify)
        assert done.returncode == 0, done
        for text in ("{}", '{"identity": "00"}', '{"identity": "0"}', '{"identity": 1}', "{"):
            file.write_text(text)
            done = node.command(*verify)
            assert done.returncode == 2 and not done.stdout and b"identity.json: " in done.stderr, done
        # A daemon that hangs is no riddle for half a minute.
        node.freeze()
        done = node.command("status", timeout=20)
        assert done.returncode == 1 and not done.stdout and b"has said nothing since" in done.stderr, done
        node.thaw()
        until(node.status, 20, "it does not go on")
        node.kill()
        done = node.command("policy", "measurement", "--here")
        assert done.returncode == 1 and not done.stdout and b"holdfastd does not run" in done.stderr, done
        node.socket.unlink()
        done = node.command("key", "get", "tss-db")
        assert done.returncode == 2 and b"there is no socket" in done.stderr, done


@tap.case
def an_application_shows_that_its_key_is_of_this_machine_and_account():
    with mesh(nodes=3, shares=1, threshold=1, quorum=1) as m:
        m.found()
        m.start_all()
        for one in m.nodes[:2]:
            m.add(one)
        m.sign_set()
        for one in m.nodes[:2]:
            one.wait("ready", 60)
        node, other, file = m.nodes[0], m.nodes[1], m.folder / "application.quote"
        key, nonce = "a1" * 64, "b2" * 32
        made = node.command("quote", "make", "--bytes", key, "--nonce", nonce, file)
        assert made.returncode == 0, made
        verify = ["quote", "verify", file, "--json", "--collateral", m.authority / "collateral", "--policy",
                  m.authority / "policy.yaml"]
        right = ["--application", key, "--nonce", nonce, "--account", node.account, "--network", m.network]
        # Who checks it needs no daemon of its own, and asks none.
        done = other.command(*verify, *right)
        assert done.returncode == 0 and node.account.encode() in done.stdout, done
        # Whose account it is, the newest set says.
        listed = (*verify, *right, "--authority", m.authority)
        done = other.command(*listed)
        assert done.returncode == 0 and b"in the newest set" in done.stdout, done
        # There it may be named as people name it.
        for named, status in ((node.account[:8], 0), (f"operator{node.number}", 0), (f"operator{other.number}", 1), ("nobody", 2)):
            words = [named if word == node.account else word for word in right]
            assert other.command(*verify, *words, "--authority", m.authority).returncode == status, named
            assert other.command(*verify, *words).returncode == 64, named
        left_out = m.folder / "left-out.quote"
        made = m.nodes[2].command("quote", "make", "--bytes", key, "--nonce", nonce, left_out)
        assert made.returncode == 0, made
        listed = ("quote", "verify", left_out, "--json", "--collateral", m.authority / "collateral", "--application", key,
                  "--nonce", nonce, "--policy", m.authority / "policy.yaml")
        assert other.command(*listed).returncode == 0
        done = other.command(*listed, "--authority", m.authority)
        assert done.returncode == 1 and b'"not_a_validator"' in done.stdout, done
        founded = m.folder / "founded"
        other.command("network", "init", founded, "--dev")
        done = other.command(*verify, *right, "--authority", founded)
        assert done.returncode == 1 and b"another network" in done.stdout, done
        for option, value in (("--application", "a2" * 64), ("--nonce", "b3" * 32), ("--account", other.account),
                              ("--network", "c4" * 32)):
            wrong = list(right)
            wrong[wrong.index(option) + 1] = value
            done = other.command(*verify, *wrong)
            part = b"bytes" if option == "--application" else option[2:].encode()
            assert done.returncode == 1 and b"made for another " + part in done.stdout, done
        assert node.command(*verify, "--application", key).returncode == 64
        assert node.command(*verify, "--authority", m.authority).returncode == 64
        assert other.command(*verify, *right, "--authority", m.folder).returncode == 2
        assert node.command("quote", "make", "--bytes", "a1", "--nonce", nonce, file).returncode == 64
        # The quote inside is none of an identity, and a file that was changed is refused.
        data = bytearray(file.read_bytes())
        data[data.index(bytes.fromhex(key))] ^= 1
        file.write_bytes(data)
        done = other.command(*verify, *right)
        assert done.returncode == 1 and b"report_data" in done.stdout, done
        file.write_bytes(data[:100])
        assert other.command(*verify, *right).returncode == 2
        # A node that cannot open its vault speaks for nobody.
        other.kill()
        node.kill()
        node.start()
        until(lambda: (node.status() or {}).get("state") == "recovering", 30, node.tail)
        done = node.command("quote", "make", "--bytes", key, "--nonce", nonce, file)
        assert done.returncode == 1 and b"locked" in done.stderr, done


@tap.case
def what_cannot_be_asked_is_told_in_the_words_of_the_command():
    """Of a node that leaves with nowhere to go, one that does not leave, and warnings that do not stand."""
    with mesh(nodes=2, shares=1, threshold=1, quorum=1) as m:
        m.make()
        node = m.nodes[0]
        for words, says in ((["leave", "--cancel"], b"this node is not leaving"),
                            (["leave", "--abandon", "7810"], b"waits for no owner of that name or account"),
                            (["mute", "no_such_reason", "--for", "7d"], b"no reason has that name"),
                            (["mute", "not_placed", "--for", "7d"], b"no warning of that reason stands"),
                            (["mute", "not_placed", "--undo"], b"it is not muted")):
            done = node.command(*words)
            assert done.returncode == 1 and says in done.stderr, (words, done)
        for words in (["not_placed"], ["not_placed", "--for", "7"], ["not_placed", "--for", "7d", "--undo"]):
            assert node.command("mute", *words).returncode == 64, words
        leaving = subprocess.Popen([m.programs.holdfast, "--socket", node.socket, "leave"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        assert b"has 0 other validators, and a backup needs 1" in leaving.stderr.readline()
        assert node.command("leave", "--cancel").returncode == 0
        out, err = leaving.communicate(timeout=30)
        assert b"1 owner has not moved yet" in out and b"the leave was taken back" in err and leaving.returncode == 1, (out, err)


@tap.case
def a_program_is_run_with_its_keys_or_not_at_all():
    with mesh(nodes=2, shares=1, threshold=1, quorum=1) as m:
        m.make()
        node = m.nodes[0]
        show = ["--", sys.executable, "-c", "import os,sys; a=os.read(5,100); b=os.read(6,100); print(a.decode()+b.decode()"
                "+str(os.read(5,1)), any(len(x) == 64 for x in sys.argv))"]
        done = node.command("exec", "--key", "tss-db=5", "--key", "other=6", "--network", m.network, *show)
        first, second, rest = done.stdout.decode().splitlines()
        assert done.returncode == 0 and rest == "b'' False", done.stderr
        assert first == node.key("tss-db").hex() and second == node.key("other").hex() != first
        # Every release is in the log, with who got it.
        log = node.log.read_text()
        assert f"event=key_given name=tss-db uid={os.geteuid()} pid=" in log and "first=1" in log, log
        assert first not in log and "claim=" in log
        done = node.command("exec", "--key", "tss-db=5", "--network", "5f" * 32, *show)
        assert done.returncode == 1 and not done.stdout and b"another network" in done.stderr, done
        done = node.command("key", "get", "tss-db", "--network", "5f" * 32)
        assert done.returncode == 1 and not done.stdout and b"another network" in done.stderr, done
        assert node.command("key", "get", "tss-db", "--network", m.network).stdout.decode().strip() == first
        assert node.command("exec", "--key", "tss-db=5", "--", "/no/such/program").returncode == 127
        for words in (["--key", "tss-db=2"], ["--key", "tss-db"], ["--key", "a=5", "--key", "b=5"], []):
            assert node.command("exec", *words, "--", "true").returncode == 64, words
        # No key, no program: never an empty one.
        node.kill()
        done = node.command("exec", "--key", "tss-db=5", *show)
        assert done.returncode == 2 and not done.stdout and b"is not run" in done.stderr, done
        assert node.command("key", "get", "tss-db").returncode == 2
        # One that waits has it as soon as the daemon has.
        waiting = subprocess.Popen([m.programs.holdfast, "--socket", node.socket, "key", "get", "tss-db", "--wait", "60"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        node.start()
        out, err = waiting.communicate(timeout=90)
        assert waiting.returncode == 0 and out.decode().strip() == first, err


@tap.case
def status_all_shows_the_whole_network_and_who_does_not_answer():
    with mesh() as m:
        m.make()
        node, gone = m.nodes[0], m.nodes[3]

        def table():
            return json.loads(node.command("status", "--all", "--json").stdout)["members"]
        done = node.command("status", "--all")
        text = done.stdout.decode()
        assert done.returncode == 0 and text.count(" ready ") == 4 and text.count("this node") == 1, text
        rows = {row["operator"]: row for row in table()}
        assert sorted(rows) == [f"operator{n}" for n in range(1, 5)], rows
        for number, row in enumerate((rows[name] for name in sorted(rows)), 1):
            status = m.nodes[number - 1].status()
            assert row["account"] == status["account"] and row["address"] == status["address"], row
            assert row["proved"] and row["state"] == "ready" and row["exit_status"] == 0, row
            assert row["version"] == status["version"] and row["epoch"] == 1 and row["error"] is None, row
            assert row["outlook"] == "comes_back" and row["holders"] == 3 and row["warnings"] == [], row
            assert row["self"] == (number == 1), row
        # Who does not answer is a row as well, and so is a locked one, who proves nothing.
        gone.kill()
        done = node.command("status", "--all")
        assert done.returncode >= 2 and b"NO ANSWER" in done.stdout and b"1 of 4 do not answer" in done.stdout, done
        row = next(row for row in table() if row["operator"] == "operator4")
        assert row["error"] == "connect" and row["state"] is None and not row["proved"], row
        for each in m.nodes[1:3]:
            each.freeze()
        gone.start()

        def locked_and_silent():
            rows = table()
            locked = [row for row in rows if row["state"] == "recovering" and not row["proved"] and not row["error"]]
            # How silence shows depends on what was under way: no answer in time, or a connection given up.
            return len(locked) == 1 and len([row for row in rows if row["error"] and row["state"] is None]) == 2
        until(locked_and_silent, 60, lambda: str(table()))
        # A locked node asks as well.
        done = gone.command("status", "--all")
        assert done.returncode >= 2 and b"recovering" in done.stdout, done
        for each in m.nodes[1:3]:
            each.thaw()
        # Others are told no more than before.
        told = subprocess.run(["curl", "-sk", "--http2", f"https://{node.address}/v1/status"], capture_output=True)
        assert sorted(json.loads(told.stdout)) == sorted(
            ["state", "says", "reason", "account", "network", "root", "policy", "epoch", "open", "dev"]), told


if __name__ == "__main__":
    sys.exit(tap.main())
