#!/usr/bin/env python3
"""Manual pages and programs say the same: each command and option of --help is in the page, and the page is clean."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import pages  # noqa: E402
import tap  # noqa: E402
from helps import OPTION, PAGES, VERB, help_of, helps  # noqa: E402


def page(name):
    """The page as a reader sees it, without overstrikes."""
    done = subprocess.run(["mandoc", "-Tutf8", "-Owidth=200", SOURCE / "contrib/man" / name], capture_output=True,
                          text=True, check=True)
    return re.sub(".\b", "", done.stdout)


def agree(name):
    if not PAGES[name].exists():
        raise tap.Skip(f"{PAGES[name].name} is not built")
    text = page(name)
    for words, shown in helps(PAGES[name]):
        for word in words:
            assert re.search(rf"\b{word}\b", text), f"{name} does not have the command {word}"
        for option in sorted(set(OPTION.findall(shown))):
            assert option in text, f"{name} does not have {option} of {' '.join(words) or 'the program'}"


def named_by(name):
    """And the other way: the page has no option that no --help knows. EXAMPLES, which may call another program, are
    carried out (test_examples.py)."""
    known = {"--help"} | {option for _, shown in helps(PAGES[name]) for option in OPTION.findall(shown)}
    text = re.sub(r"^EXAMPLES$.*?(?=^[A-Z]|\Z)", "", page(name), flags=re.M | re.S)
    strange = [o for o in sorted(set(OPTION.findall(text))) if o not in known]
    assert not strange, f"{name} has options that --help does not: {strange}"


@tap.case
def pages_are_clean():
    for name in sorted(path.name for path in (SOURCE / "contrib/man").iterdir()):
        done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", SOURCE / "contrib/man" / name], capture_output=True,
                              text=True)
        assert done.returncode == 0 and not done.stdout, done.stdout


@tap.case
def every_program_says_its_version():
    for program in PAGES.values():
        if program.exists():
            done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20)
            assert done.returncode == 0 and re.fullmatch(rf"{program.name} \d+\.\d+\.\d+\n", done.stdout), done


@tap.case
def wrong_usage_of_holdfast_is_64_whatever_the_command():
    """No number that a script tries again at, and no other than the usage text, with the option that was wrong."""
    program = PAGES["holdfast.1"]
    for words, _ in helps(program):
        done = subprocess.run([program, *words, "--no-such-option"], capture_output=True, text=True, timeout=20,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == 64 and not done.stdout and "usage: holdfast" in done.stderr, (words, done)
    for words, said in ((["stauts"], "stauts: no command"), (["--socket"], "--socket: needs a path"),
                        (["set", "sign", "--yess", "5f"], "--yess: not an option"),
                        (["leave", "--deadline", "91"], "--deadline 91: not acceptable"),
                        (["key", "get", "a", "--wait"], "--wait: needs a value")):
        done = subprocess.run([program, *words], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
        assert done.returncode == 64 and said in done.stderr.splitlines()[0], (words, done)


@tap.case
def one_kind_of_trouble_has_one_exit_status():
    """What src/cli/exits.def says of a daemon that is not there and of a file that cannot be read, and where it is told otherwise."""
    program = PAGES["holdfast.1"]
    with tempfile.TemporaryDirectory() as folder:
        none = f"{folder}/none"
        absent = {1: [["status"], ["peers"], ["backup", "show"], ["backup", "verify"], ["blackstart", "status"], ["drain"], ["evidence"],
                      ["identity"], ["metrics"], ["root", "show"], ["quote", "make", "--bytes", "a1" * 64, "--nonce", "b2" * 32, none]],
                  2: [["wait", "--for", "ready", "--timeout", "1"], ["key", "get", "a"], ["exec", "--key", "a=3", "--", "true"]]}
        missing = {1: [["blackstart", "plan", none], ["policy", "sign", "--authority", none], ["set", "sign", "--authority", none],
                       ["quorum", "show", "--authority", none], ["policy", "show", none]],
                   2: [["quote", "show", none], ["quote", "verify", none, "--collateral", none],
                       ["evidence", "verify", "--authority", none, none]]}
        for table, first in ((absent, ["--socket", none]), (missing, [])):
            for status, commands in table.items():
                for words in commands:
                    done = subprocess.run([program, *first, *words], capture_output=True, text=True, timeout=20, cwd=folder,
                                          stdin=subprocess.DEVNULL)
                    assert done.returncode == status and done.stderr, (words, done)


@tap.case
def wrong_usage_is_64_of_every_program():
    """What may be tried again, or was refused, has another number."""
    build = PAGES["holdfast.1"].parent.parent
    others = [build / "report/holdfast-report", build / "report/holdfast-measure"]
    tried = [program for program in [*PAGES.values(), *others] if program.exists()]
    assert len(tried) >= 4, tried
    for program in tried:
        done = subprocess.run([program, "--no-such-option"], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
        assert done.returncode == 64 and not done.stdout and done.stderr.strip(), (program, done)


@tap.case
def holdfast_and_its_page_agree():
    agree("holdfast.1")
    named_by("holdfast.1")


@tap.case
def wait_knows_the_states_that_there_are_and_no_other():
    states = [row[1] for row in pages.rows((SOURCE / "src/core/include/core/states.def").read_text(encoding="utf-8"), "HF_STATE")]
    assert len(states) > 10, states

    def wait(word):
        return subprocess.run([PAGES["holdfast.1"], "--socket", "/no/such/socket", "wait", "--for", word, "--timeout", "0"],
                              capture_output=True, text=True, timeout=20).returncode
    assert {word: wait(word) for word in [*states, "open"]} == dict.fromkeys([*states, "open"], 2)
    assert wait("redy") == 64


@tap.case
def holdfastd_and_its_page_agree():
    agree("holdfastd.8")
    named_by("holdfastd.8")


@tap.case
def holdfast_collateral_and_its_page_agree():
    agree("holdfast-collateral.1")
    named_by("holdfast-collateral.1")


@tap.case
def holdfast_share_and_its_page_agree():
    agree("holdfast-share.1")
    named_by("holdfast-share.1")


@tap.case
def holdfast_sim_and_its_page_agree():
    agree("holdfast-sim.1")
    named_by("holdfast-sim.1")


@tap.case
def holdfast_ceremony_and_its_page_agree():
    agree("holdfast-ceremony.8")
    named_by("holdfast-ceremony.8")


@tap.case
def holdfast_time_and_its_page_agree():
    agree("holdfast-time.8")
    named_by("holdfast-time.8")


@tap.case
def what_was_mistyped_is_answered_with_what_may_be_meant():
    program = PAGES["holdfast.1"]

    def first_line(*command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
        assert done.returncode == 64 and not done.stdout, (command, done)
        return done.stderr.splitlines()[0]
    for words, meant in ((["statsu"], "did you mean status?"), (["set", "sgin"], "did you mean sign?"),
                         (["policy", "sign", "--frorce"], "did you mean --force?")):
        assert first_line(program, *words).endswith(meant), first_line(program, *words)
    assert first_line(program, "recover").endswith("no command of that name"), first_line(program, "recover")
    share = PAGES["holdfast-share.1"]
    if share.exists():
        assert first_line(share, "anwser", "request").endswith("did you mean answer?")
        assert first_line(share, "answer", "request", "--colateral", "c").endswith("did you mean --collateral?")
    # Each word that may stand behind a command is one that the list of commands has: no right one is refused.
    listed = {words[0]: set(words[1].split("|")) for words in
              re.findall(r"^  ([a-z]+) ([a-z][a-z|-]*)(?= |$)", help_of(program), re.MULTILINE)}
    found = [pair for (words, text) in helps(program) for pair in VERB.findall(text) if words == (pair[0],)]
    assert len(found) > 30 and all(verb in listed.get(command, {verb}) for command, verb in found), (found, listed)


@tap.case
def what_describe_prints_is_a_form_to_begin_with():
    """Every field, with its meaning; only what is required is left for the reader to say."""
    holdfast, holdfastd = PAGES["holdfast.1"], PAGES["holdfastd.8"]
    for command, required in (([holdfast, "policy", "describe"], ["trust", "measurements"]), ([holdfast, "set", "describe"], ["validators"]),
                              ([holdfastd, "--describe"], ["data", "network", "listen", "socket", "platform", "collateral"])):
        text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20, stdin=subprocess.DEVNULL).stdout
        open_fields = re.findall(r"^([a-z_]+):$", text, re.MULTILINE)
        assert set(required) <= set(open_fields), (command, open_fields)
        assert text.count("\n#") > text.count("May be left out") > 0, text
    form = subprocess.run([holdfastd, "--describe"], capture_output=True, text=True, timeout=20).stdout
    path = BUILD / "described.yaml"
    path.write_text(form)
    done = subprocess.run([holdfastd, "--check-config", "--config", path], capture_output=True, text=True, timeout=20)
    said = {line.split(": ")[1] for line in done.stderr.splitlines()}
    assert said == {"data", "network", "listen", "socket", "platform", "collateral"}, done.stderr
    # What leads to a quorum key stands in the manual.
    for field in ("quorum_key", "quorum_required"):
        assert field in page("holdfast.1") and field in page("holdfast-blackstart.7"), field


@tap.case
def explain_lists_every_reason_and_prints_each_part_of_it():
    def explain(*words):
        return subprocess.run([PAGES["holdfast.1"], "explain", *words], capture_output=True, text=True, timeout=20)
    rows = pages.rows((SOURCE / "src/base/include/base/reasons.def").read_text(encoding="utf-8"), "HF_REASON")
    assert len(rows) > 100
    assert [line.split()[0] for line in explain().stdout.splitlines()] == [row[2] for row in rows]
    for _, number, name, _, what, todo, otherwise, _ in rows:
        shown = explain(name)
        words = " ".join(shown.stdout.split())
        assert shown.returncode == 0 and words.startswith(f"{name} ({number}): {what}"), shown
        assert todo in words and otherwise in words, shown
        assert max(map(len, shown.stdout.splitlines()[2:])) <= 80, shown
    unknown = explain("no_such_reason")
    assert unknown.returncode == 1 and "no_such_reason" in unknown.stderr, unknown


if __name__ == "__main__":
    sys.exit(tap.main())
