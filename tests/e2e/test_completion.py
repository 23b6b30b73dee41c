#!/usr/bin/env python3
"""Completion in bash and zsh offers what the programs' own --help says, and nothing else."""

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
from helps import OPTION, PAGES, VERB, help_of, helps  # noqa: E402

HOLDFAST = PAGES["holdfast.1"]
SCRIPTS = SOURCE / "contrib/completion"


def installed(folder, name):
    """The script as it is installed, with its words below folder."""
    words = pathlib.Path(folder, "share/holdfast/words.awk")
    words.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(SCRIPTS / "words.awk", words)
    script = pathlib.Path(folder, name)
    script.write_text((SCRIPTS / f"{name}.in").read_text().replace("@datadir@", f"{folder}/share"))
    return script


class Bash:
    """One bash for many questions."""

    def __init__(self, folder):
        self.script = installed(folder, "holdfast.bash")
        self.folder = folder

    def offers(self, *lines, program=HOLDFAST):
        """What is offered at the end of each line, behind the program's name."""
        asked = [f'COMP_WORDS=({program} {line[:-1] if line.endswith(" ") else line}{" " + chr(34) * 2 if line.endswith(" ") or not line else ""})\n'
                 f'COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _holdfast {program}; echo "${{COMPREPLY[@]-}}"' for line in lines]
        done = subprocess.run(["bash", "--norc", "-euc", f". {self.script}\n" + "\n".join(asked)], capture_output=True, text=True,
                              timeout=120, cwd=self.folder, stdin=subprocess.DEVNULL)
        assert done.returncode == 0 and not done.stderr, done
        return [set(line.split()) for line in done.stdout.split("\n")[:-1]]


@tap.case
def bash_offers_every_command_verb_and_option_that_help_has():
    with tempfile.TemporaryDirectory() as folder:
        bash = Bash(folder)
        known = helps(HOLDFAST)
        commands = [words[0] for words, _ in known if words]
        top, *each = bash.offers("", *(f"{command} " for command in commands))
        assert len(commands) > 20 and set(commands) <= top and set(OPTION.findall(known[0][1])) <= top, top
        assert not [word for word in top if not word.startswith("--") and word not in commands], top
        for (words, shown), offered in zip(known[1:], each, strict=True):
            if words[0] in ("explain", "mute"):
                continue
            verbs = {verb for command, verb in VERB.findall(shown) if command == words[0]}
            strange = {word for word in offered if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", shown)}
            assert verbs <= offered and not strange, (words, offered, strange)
            usage = shown.split("\n\n")[0]
            assert set(OPTION.findall(usage)) <= offered, (words, set(OPTION.findall(usage)) - offered)


@tap.case
def a_verb_has_its_own_options_and_a_word_that_was_begun_is_finished():
    with tempfile.TemporaryDirectory() as folder:
        bash = Bash(folder)
        add, sign, nested, begun, behind, own, reasons, ended = bash.offers(
            "set add ", "set sign --y", "policy measurement ", "bla", "--socket /x/y sta", "set add --operator set --z", "explain drain_",
            "exec --key a=3 -- l")
        assert {"--operator", "--zone", "--address"} <= add and "--yes" not in add, add
        assert sign == {"--yes"} and nested >= {"add", "withdraw", "list"} and begun == {"blackstart"}, (sign, nested, begun)
        assert behind == {"status"} and own == {"--zone"} and reasons == {"drain_blackstart", "drain_own_key", "drain_refused"}, (behind, own, reasons)
        assert ended == set(), ended


@tap.case
def the_other_programs_are_completed_too():
    with tempfile.TemporaryDirectory() as folder:
        bash = Bash(folder)
        for name in ("holdfastd.8", "holdfast-share.1", "holdfast-sim.1"):
            if PAGES[name].exists():
                [offered] = bash.offers("", program=PAGES[name])
                assert set(OPTION.findall(help_of(PAGES[name]))) <= offered, (name, offered)
        [verbs] = bash.offers("key ", program=PAGES["holdfast-share.1"])
        assert {"new", "restore", "words", "show"} <= verbs, verbs


# The function as compsys calls it: with the words and the place, and compadd takes what is offered.
ZSH = r"""
fpath=($1 $fpath)
autoload -Uz _holdfast
compadd() { print -r -- ${(P)@[-1]} }
_files() { print -r -- FILES }
for line in "${@[2,-1]}"; do
    words=("${(@s: :)line}") CURRENT=$#words
    _holdfast
done
"""


@tap.case
def zsh_offers_the_same():
    if shutil.which("zsh") is None:
        raise tap.Skip("no zsh here")
    with tempfile.TemporaryDirectory() as folder:
        installed(folder, "_holdfast")
        pathlib.Path(folder, "empty").mkdir()
        lines = ["", "set add ", "policy measurement ", "--socket /x/y blackstart ", "explain "]
        done = subprocess.run(["zsh", "-f", "-c", ZSH, "zsh", folder, *(f"{HOLDFAST} {line}" for line in lines), f"{HOLDFAST} set add --key "],
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        *offered, file = [set(line.split()) for line in done.stdout.splitlines()]
        wanted = Bash(folder).offers(*lines)
        assert len(offered) == len(lines) and not done.stderr and file == {"FILES"}, done
        for line, zsh, bash in zip(lines, offered, wanted, strict=True):
            assert bash and zsh == bash, (line, zsh, bash)


if __name__ == "__main__":
    sys.exit(tap.main())
