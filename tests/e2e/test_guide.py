#!/usr/bin/env python3
"""The guides are carried out as they stand: each line of their blocks for a shell, in its order."""

import os
import pathlib
import re
import sys

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import AS_ROOT, Programs, free_ports  # noqa: E402
from typed import Shell, blocks  # noqa: E402

GUIDE = SOURCE / "contrib/guide"
# Pages whose lines are for a node of a network that runs.
OF_A_NODE = ("before-you.md", "runbooks.md", "trust.md")


@tap.case
def a_guide_has_its_lines_carried_out():
    """None is left to be believed, and what the pages name is there."""
    done = {"three-on-a-desk.md", "seven-machines.md", *OF_A_NODE}
    for page in sorted(path.name for path in GUIDE.glob("*.md")):
        assert page == "README.md" or page in done or not blocks(GUIDE / page), page
        assert page in (GUIDE / "README.md").read_text() or page == "README.md", page


def three(shell):
    return [shell.type(line) for block in blocks(GUIDE / "three-on-a-desk.md") for line in block]


@tap.case
def three_on_a_desk_and_the_pages_for_a_node():
    with Shell() as shell:
        printed = three(shell)
        assert any("can this key come back?" in text for text in printed), printed
        assert "<strong>" in (shell.folder / "a.html").read_text()
        assert "Can this key come back?" in (shell.folder / "a.html").read_text()
        # On the machine of one of them: its socket is the usual one, and its configuration in the folder.
        shell.type("export HOLDFAST_SOCKET=$PWD/a/socket")
        shell.type("cd a && ln -s ../authority authority")
        for page in OF_A_NODE:
            for line in (line for block in blocks(GUIDE / page) for line in block):
                if line in ("holdfast status", "holdfast peers", "holdfast drain", "holdfast backup verify"):
                    # Whose exit status says how it stands: with two holders there is none to spare.
                    shell.type(f"{line}; test $? -le 3")
                else:
                    shell.type(line)


@tap.case
def seven_machines_each_in_a_folder_of_its_own():
    ports = free_ports(7)
    programs = Programs(BUILD)

    def here(line, number):
        """The line where one machine is a folder: every substitution that is made of the page."""
        for pattern, instead in ((r"(network init authority)", r"\1 --dev"),
                                 (r"node init --service", f"node init --dir v{number} --dev authority"),
                                 (r"--address v\$N\.example\.org:7700", f"--listen 127.0.0.1:{ports[number - 1]}"),
                                 (r"v1\.example\.org:7700", f"127.0.0.1:{ports[0]}"),
                                 (r"systemctl enable --now --no-block holdfast-measure holdfastd", f"{programs.holdfastd} {' '.join(AS_ROOT)} --config v{number}/holdfastd.yaml 2>>log &"),
                                 (r"^holdfast (wait|identity|status|backup|key)", rf"holdfast --socket v{number}/socket \1")):
            line = re.sub(pattern, instead, line)
        return line

    with Shell() as shell:
        # The ports are free already.
        shell.filled_in = lambda text: text
        network, each, register, after = blocks(GUIDE / "seven-machines.md")
        for line in network:
            shell.type(here(line, 1))
        for number in range(1, 8):
            shell.type(f"N={number}")
            for line in each:
                shell.type(here(line, number))
        for line in register:
            shell.type(line)
        # The documents on one machine; the others pull them.
        shell.type("mkdir -p v1/documents; cp authority/documents/*.doc v1/documents/" if not (shell.folder / "v1/documents").exists() else "true")
        keys = set()
        for number in range(1, 8):
            keys.add([shell.type(here(line, number)) for line in after][-1])
        assert len(keys) == 7, keys


if __name__ == "__main__":
    sys.exit(tap.main())
