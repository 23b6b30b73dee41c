#!/usr/bin/env python3
"""EXAMPLES of the manual pages are carried out as they stand: each command line, in its order, in one shell, and what is no
command as what it is. Only ports are others, and what the reader is told to fill in is filled in."""

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
from mesh import free_ports  # noqa: E402
from typed import Shell, commands  # noqa: E402

# What cannot be carried out as it stands, and why.
EXCEPTIONS = {
    "holdfast-collateral.1": "it asks Intel's services, over the internet: here it gets as far as asking",
    "holdfast-time.8": "it is no command: a file with which systemd starts the helper",
}


def examples(page):
    """The displays under EXAMPLES, each a list of lines."""
    text = (SOURCE / "contrib/man" / page).read_text(encoding="utf-8")
    found = re.search(r"^\.Sh EXAMPLES\n(.*?)(?=^\.Sh |\Z)", text, re.M | re.S)
    displays = re.findall(r"^\.Bd .*?\n(.*?)^\.Ed$", found[1], re.M | re.S) if found else []
    return [display.replace("\\e", "\\").splitlines() for display in displays]


def carry_out(shell, page):
    """Every command line of a page. Returns what each printed."""
    return [shell.type(line) for display in examples(page) for line in commands(display)]


def network_of(shell):
    """The network of holdfast(1)'s example, whose two nodes run."""
    shell.script("the-database", 'test "$(head -c 64 "$1" | wc -c)" = 64 && echo the database has its key')
    printed = carry_out(shell, "holdfast.1")
    assert "the database has its key" in printed[-1], printed[-1]
    assert any(re.fullmatch(r"[0-9a-f]{64}\n", text) for text in printed), printed
    return shell.type("echo $network").strip()


def fragment(shell, page, given, uses, size):
    """What the page's fragment prints in a program of its own, where its comment is, of a size in bytes."""
    [display] = examples(page)
    text = "\n".join(display)
    assert uses in text, text
    text = text.replace(uses, f'printf("%zu bytes\\n", (size_t)({size}));')
    (shell.folder / "main.c").write_text(
        f"#include <holdfast/holdfast.h>\n#include <stdio.h>\n{given}\nint main(void)\n{{\n{text}\nreturn 0;\n}}\n")
    library = BUILD / "src/client"
    shell.type(f"cc -Wall -Werror -I{SOURCE}/include main.c -o main -L{library} -lholdfast -Wl,-rpath,{library}")
    return shell.type("HOLDFAST_SOCKET=a/socket ./main")


@tap.case
def every_page_with_examples_is_carried_out_here_or_says_why_not():
    pages = {path.name for path in (SOURCE / "contrib/man").iterdir() if examples(path.name)}
    here = {"holdfast.1", "holdfastd.8", "holdfast_key_get.3", "holdfast_quote_make.3"}
    assert pages == here | set(EXCEPTIONS), (pages, here)
    assert not here & set(EXCEPTIONS)


@tap.case
def a_network_from_nothing_to_a_databases_key_and_what_other_pages_do_in_it():
    with Shell() as shell:
        network = network_of(shell)
        assert re.fullmatch(r"[0-9a-f]{64}", network), network
        # holdfastd(8): a third machine's configuration, beside the authority's folder.
        [display] = examples("holdfastd.8")
        text = re.sub(r"^network: .*$", f"network: {network}", "\n".join(display), flags=re.M) + "\n"
        text = text.replace("127.0.0.1:7701", "127.0.0.1:7704")
        text = text.replace("[127.0.0.1:7702, 127.0.0.1:7703]", "[127.0.0.1:7701, 127.0.0.1:7702]")
        (shell.folder / "node1").mkdir()
        (shell.folder / "node1/holdfastd.yaml").write_text(shell.filled_in(text))
        shell.type("holdfastd --check-config --config node1/holdfastd.yaml")
        shell.type("holdfastd --config node1/holdfastd.yaml &")
        shell.type("holdfast --socket node1/socket wait --for fresh")
        # It has the documents from the two whose addresses it was given.
        shell.type("until holdfast --socket node1/socket status | grep 'epoch 1 with 2 validators'; do sleep 0.1; done")
        # The fragments of section 3, each in a function of a program.
        if shutil.which("cc") is None:
            raise tap.Skip("no compiler: the fragments of section 3 are not compiled")
        uses = "/* ... use key.bytes ... */"
        assert fragment(shell, "holdfast_key_get.3", "", uses, "sizeof key.bytes") == "32 bytes\n"
        uses = "/* ... send quote.bytes, quote.len to who drew the nonce ... */"
        given = "static const unsigned char public_key[64] = {1}, nonce[32] = {2};"
        assert re.fullmatch(r"[0-9]{3,5} bytes\n", fragment(shell, "holdfast_quote_make.3", given, uses, "quote.len"))


@tap.case
def collateral_is_asked_for_as_the_page_says():
    fetch = BUILD / "src/fetch/holdfast-collateral"
    if not fetch.exists():
        raise tap.Skip("holdfast-collateral is not built")
    [display] = examples("holdfast-collateral.1")
    [line] = commands(display)
    words = line.replace("\\\n", " ").split()
    assert words[0] == "holdfast-collateral" and "/var/lib/holdfast/collateral" in words, words
    [port] = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="holdfast-examples-") as folder:
        here = [re.sub(r"https://[a-z.]+", f"https://127.0.0.1:{port}", w).replace("/var/lib/holdfast", folder) for w in words[1:]]
        done = subprocess.run([fetch, *here], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert done.returncode not in (0, 64) and f"127.0.0.1:{port}" in done.stderr, done


if __name__ == "__main__":
    sys.exit(tap.main())
