#!/usr/bin/env python3
"""The recipes of src/README.md, carried out on a copy of the tree: what they say is all that it takes."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "tests/tidy")]

import tap  # noqa: E402
from tree import Tree  # noqa: E402

TEMPORARY = tempfile.TemporaryDirectory(prefix="holdfast-recipes-")
COPY = pathlib.Path(TEMPORARY.name, "tree")
BUILD = COPY / "build"


def run(*command, ok=(0,)):
    done = subprocess.run(command, cwd=COPY, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode in ok, f"{command}: {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}"
    return done.stdout + done.stderr


def copy_once():
    """The copy, configured; everything that is built in it stays for the next case."""
    if COPY.exists():
        return
    for name in Tree(SOURCE).files:
        target = COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(SOURCE / name, target)
    run("meson", "setup", BUILD, "--buildtype=debug", "-Doptimization=0")


def edit(name, before, after):
    path = COPY / name
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{name} has {before!r} {text.count(before)} times"
    path.write_text(text.replace(before, after), encoding="utf-8")


def tidy():
    """What tidy finds, without what it says of the archives, which are not all built."""
    return [line for line in run(sys.executable, "tests/tidy/tidy.py", COPY, ok=(0, 1)).splitlines()
            if line.startswith("# ")]


@tap.case
def a_message_takes_its_entry_and_a_renewal():
    copy_once()
    edit("proto/messages.def", 'HF_BEGIN(signature, ',
         'HF_BEGIN(greeting, "what the recipe adds")\n'
         'HF_UINT(1, number, 1, 9, REQUIRED, "how often")\n'
         'HF_TEXT(2, words, 0, 16, OPTIONAL, "what is said")\n'
         'HF_END(greeting)\n\n'
         'HF_BEGIN(signature, ')
    (COPY / "tests/unit/test_greeting.c").write_text(
        '#include "wire/messages.h"\n\n#include "base/error.h"\n\n#include <criterion/criterion.h>\n\n'
        'Test(hf_wire_greeting, goes_there_and_back)\n{\n'
        '    struct hf_greeting m = {.number = 3, .words = hf_bytes_of("good day", 8)}, read;\n'
        '    struct hf_arena arena;\n    struct hf_buf b;\n'
        '    hf_arena_init(&arena, 4096);\n    hf_buf_init(&b, 64);\n'
        '    cr_assert_eq(hf_wire_encode(&hf_wire_greeting, &m, &b), 0);\n'
        '    cr_assert_eq(hf_wire_decode(&hf_wire_greeting, hf_buf_bytes(&b), &arena, &read, NULL), 0);\n'
        '    cr_assert_eq(read.number, 3);\n    cr_assert(hf_bytes_equal(read.words, m.words));\n'
        '    m.number = 10;\n    cr_assert_eq(hf_wire_encode(&hf_wire_greeting, &m, &b), HF_EBOUND);\n'
        '    hf_buf_done(&b);\n    hf_arena_done(&arena);\n}\n')
    unit = (COPY / "tests/unit/meson.build").read_text(encoding="utf-8")
    (COPY / "tests/unit/meson.build").write_text(
        unit + "test('greeting', executable('test_greeting', 'test_greeting.c',\n"
        "  dependencies: [wire_dep, criterion_dep]), args: test_args, protocol: 'tap')\n")
    assert "Fail:               1" in run("meson", "test", "-C", BUILD, "messages_document_are_current", ok=(1,))
    run("ninja", "-C", BUILD, "renew")
    assert "\n## greeting\n" in (COPY / "proto/MESSAGES.md").read_text(encoding="utf-8")
    run("meson", "test", "-C", BUILD, "messages_document_are_current", "messages_vectors_are_current",
        "second_reader", "greeting")
    assert tidy() == [], tidy()


@tap.case
def a_reason_takes_its_row_a_test_and_a_renewal():
    copy_once()
    edit("src/base/include/base/reasons.def", "/* wire: 20-39 */",
         'HF_REASON(HF_EMOON, -19, "moon", 1,\n    "the moon is in the way",\n    "Wait until it has set.",\n'
         '    "It is tried again.",\n    "unit/test_buf.c")\n\n/* wire: 20-39 */')
    found = tidy()
    assert any("HF_EMOON: tests/unit/test_buf.c does not bring it about" in line for line in found), found
    assert any("holdfast-reasons.7: run `ninja renew`" in line for line in found), found
    edit("tests/unit/test_buf.c", '    cr_assert_eq(hf_error_from_name("of the future"), HF_EINTERNAL);\n',
         '    cr_assert_eq(hf_error_from_name("of the future"), HF_EINTERNAL);\n'
         '    cr_assert_eq(hf_error_from_name("moon"), HF_EMOON);\n')
    run("ninja", "-C", BUILD, "renew_pages", "src/cli/holdfast")
    run("meson", "test", "-C", BUILD, "buf")
    assert tidy() == [], tidy()
    shown = run(BUILD / "src/cli/holdfast", "explain", "moon")
    assert "moon (-19): the moon is in the way" in shown and "Wait until it has set." in shown, shown


if __name__ == "__main__":
    sys.exit(tap.main())
