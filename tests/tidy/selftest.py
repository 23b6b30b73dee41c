#!/usr/bin/env python3
"""Proves that each tidy check can fail: a small tree that breaks one rule at a time. TAP, one line a check."""

import pathlib
import subprocess
import sys
import tempfile

import chambers
import checks
import tables
import tidy
import upkeep
from rules import ROOMS, UNFINISHED
from tree import Tree

LONG_FUNCTION = "int f(void)\n{\n" + "    g();\n" * 70 + "}\n"


def reason(constant="HF_EX", todo="Do.", otherwise="Else."):
    return f'HF_REASON({constant}, -1, "x", 0, "w", "{todo}", "{otherwise}", "unit/test_x.c")\n'


def state(says="is x", page=""):
    return f'HF_STATE(HF_STATE_X, "x", "{says}", "{page}", "unit/test_x.c")\n'


def metric(kind="gauge", unit="count", reading="It is low."):
    return f'HF_METRIC_A("x", "{kind}", "{unit}", "What.", "{reading}", f(s->x, 1))\n'


ALERT = ("groups:\n  - rules:\n      - alert: x\n        expr: 'holdfast_x == 0'\n        for: 5m\n        labels: {severity: critical}\n"
         + "".join(f"          {part}: 'What there is to say.'\n" for part in ("summary", "meaning", "impact", "diagnosis", "mitigation")))


def column(kind="COUNT", whose="world", doc="how many"):
    return f'HF_RUN_COLUMN(x, {kind}, {whose}, row->x, "{doc}")\n'


def strategy(name="a-way", doc="does it", constant="way"):
    return f'const struct hf__strategy hf__strategy_{constant} = {{\n    .name = "{name}",\n    .doc = "{doc}",\n}};\n'


# A check; the file that breaks its rule; what is in it; a part of what the check must say.
CASES = [
    ("rooms_include_only_rooms_above_them", "src/wire/a.c", '#include "core/x.h"\n', "wire may not include core/x.h"),
    ("rooms_include_only_rooms_above_them", "src/net/a.c", '#include "store/x.h"\n', "net may not include"),
    ("rooms_include_only_rooms_above_them", "src/core/a.c", '#include "../base/x.h"\n', "climbs"),
    ("rooms_include_only_rooms_above_them", "sim/a.c", '#include "net/x.h"\n', "sim may not include"),
    ("rooms_include_only_rooms_above_them", "src/document/a.c", '#include "core/engine.h"\n', "document may not include"),
    ("rooms_include_only_rooms_above_them", "src/cli/a.c", '#include "core/engine.h"\n', "cli may not include"),
    ("rooms_are_given_only_what_they_may_use", "src/crypto/meson.build", "x = [base_dep, attest_dep]\n", "attest"),
    ("rooms_are_given_only_what_they_may_use", "src/core/meson.build", "x = [base_dep, sodium_dep]\n", "sodium_dep"),
    ("foreign_headers_stay_in_their_rooms", "src/core/a.c", "#include <stdio.h>\n", "<stdio.h>"),
    ("foreign_headers_stay_in_their_rooms", "src/core/a.c", "#include <time.h>\n", "<time.h>"),
    ("foreign_headers_stay_in_their_rooms", "src/document/a.c", "#include <stdio.h>\n", "<stdio.h>"),
    ("foreign_headers_stay_in_their_rooms", "src/wire/a.c", "#include <sodium.h>\n", "<sodium.h>"),
    ("foreign_headers_stay_in_their_rooms", "src/base/a.c", "#include <glib.h>\n", "<glib.h>"),
    ("no_function_is_longer_than_70_lines", "src/base/a.c", LONG_FUNCTION, "f has 73 lines"),
    ("no_file_is_longer_than_500_lines", "src/base/a.c", "\n" * 501, "501 lines"),
    ("shells_carry_out_updates_in_one_order", "sim/a.c", "int f(void)\n{\n    hf_engine_step(e, &v, &u);\n}\n",
     "without hf_shell_carry_out"),
    ("shells_carry_out_updates_in_one_order", "src/daemon/a.c", "for (size_t i = 0; i < u->calls_count; i++)\n", "calls"),
    ("nobody_makes_a_banned_call", "src/base/a.c", "int f(char *a)\n{\n    strcpy (a, a);\n}\n", "a.c:3: strcpy"),
    ("sizeof_has_one_form", "src/net/a.c", "int f(char *a)\n{\n    return sizeof(a->b[1]);\n}\n", "a.c:3: sizeof(a->b[1])"),
    ("quotes_alone_take_the_threads_of_libuv", "src/net/a.c", "int f(void)\n{\n    uv_getaddrinfo(l, r, c, n, s, h);\n}\n",
     "a.c:3: uv_getaddrinfo"),
    ("quotes_alone_take_the_threads_of_libuv", "src/daemon/a.c", "int f(void)\n{\n    uv_fs_open(l, r, p, 0, 0, c);\n}\n",
     "uv_fs_open"),
    ("libraries_never_log", "src/core/a.c", 'int f(void)\n{\n    printf("x");\n}\n', "a.c:3: printf"),
    ("the_top_level_holds_what_it_should", "notes.txt", "", "notes.txt"),
    ("the_code_is_as_clang_format_leaves_it", "src/base/a.c", "int  f( void ){return 1;}\n", "src/base/a.c"),
    ("comments_and_declarations_stand_whole", "src/base/a.c", "/* One. */\n/* A comment.\n */\n",
     "a.c:3: a comment's end"),
    ("comments_and_declarations_stand_whole", "src/base/a.c", "int a; /* One,\n        * two.\n        */\n", "a.c:3"),
    ("comments_and_declarations_stand_whole", "src/base/a.h",
     "struct a {\n    struct b\n        c; /* why */\n};\n", "a.h:2: a declaration"),
    ("no_line_is_longer_than_100_columns", "src/base/a.c", f"/* {'a' * 95} */\n", "a.c:1: 101"),
    ("every_room_says_what_it_is_for", "src/wire/a.c", "", "src/wire/meson.build is missing"),
    ("every_room_says_what_it_is_for", "src/misc/a.c", "", "not in the list of rooms"),
    ("every_source_is_built", "src/base/b.c", "", "src/base/b.c is in no meson.build"),
    ("every_source_is_built", "tests/scenario/found/b.yaml", "", "b.yaml is in no meson.build"),
    ("headers_guard_themselves_and_public_ones_say_what_they_are", "src/base/b.h", "/* b */\n", "no guard"),
    ("a_length_has_its_name", "src/core/a.h", "void f(const uint8_t key[static 32]);\n", "a.h:1: 32 bytes"),
    ("a_length_has_its_name", "sim/a.c", "int f(void)\n{\n    memcpy(a, b, 32);\n}\n", "a.c:3: 32 bytes"),
    ("every_label_is_specified", "src/core/a.c", 'const char *l = "holdfast/v1/new";\n', "holdfast/v1/new"),
    ("every_page_that_is_cited_is_in_the_tree", "src/base/a.c", "/* As in NOTES.md. */\n", "a.c:1: NOTES is not"),
    ("every_page_that_is_cited_is_in_the_tree", "src/base/a.c", "/* One.\n * (PLAN\n * 4) */\n", "a.c:2: PLAN 4"),
    ("every_page_that_is_cited_is_in_the_tree", "proto/PAGE.md", "## 1. One\n\n`PAGE.md`, section 2.\n", "PAGE 2"),
    ("reasons_have_every_part_and_a_test", tables.REASONS, 'HF_REASON(HF_EX, -1, "x", 0, "w", "Do.", "Else.")\n',
     "7 parts of 8"),
    ("reasons_have_every_part_and_a_test", tables.REASONS, reason(todo=""), "what to do"),
    ("reasons_have_every_part_and_a_test", tables.REASONS, reason(otherwise="nothing"), "if nothing is done"),
    ("reasons_have_every_part_and_a_test", tables.REASONS, reason(), "its test, tests/unit/test_x.c, is not there"),
    ("reasons_have_every_part_and_a_test", tables.REASONS, reason() + reason(), "not its own"),
    ("states_have_every_part_and_a_test", tables.STATES, 'HF_STATE(HF_STATE_X, "x", "is x", "")\n', "4 parts of 5"),
    ("states_have_every_part_and_a_test", tables.STATES, state(says="Is x."), "without a capital"),
    ("states_have_every_part_and_a_test", tables.STATES, state(page="is x"), "what the page says"),
    ("states_have_every_part_and_a_test", tables.STATES, state(), "tests/unit/test_x.c does not bring it about"),
    ("states_have_every_part_and_a_test", tables.STATES, state() + state(), "not its own"),
    ("exits_are_what_usage_says", tables.EXITS, 'HF_EXIT("go", 0, "gone")\n', "go: its usage does not end with"),
    ("exits_are_what_usage_says", tables.EXITS, 'HF_EXIT("", 0, "a")\nHF_EXIT("", 0, "b")\n', "0: twice"),
    ("pages_are_what_their_tables_make_them", tables.STATES, state(), "contrib/man/holdfast.1: its part of"),
    ("every_function_has_a_user", "src/base/a.c", "void hf_a(void)\n{\n}\n", "hf_a is used nowhere"),
    ("every_function_has_a_user", "src/base/a.c",
     "int hf_a(int b)\n{\n    return b;\n}\n\nstatic int c(void)\n{\n    return hf_a(1);\n}\n", "hf_a is not static"),
    ("a_tag_has_one_definition_in_its_room", "src/core/a.c", "struct hf__a {\n};\nstruct b {\n};\n\nstruct hf__a {\n};\n",
     "a.c:6: hf__a is another one in src/core/a.c:1"),
    ("comments_name_who_acts", "src/net/a.c", "/* The call, which\n * nobody makes. */\n", "a.c:2: nobody"),
    ("comments_name_who_acts", "src/net/a.c", "/*\n * Has it flushed.\n */\n", "Has: name who acts"),
    ("comments_name_who_acts", "tests/unit/a.c", "/* As no one\n * sees. */\n", "a.c:1: no one"),
    ("comments_name_who_acts", "src/core/a.def", "\n/* Somebody. */\n", "a.def:2: Somebody"),
    ("comments_name_who_acts", "sim/a.h", "int hf__shelf_a;\n", "a.h:1: shelf: the field has another word"),
    ("shared_declarations_say_what_they_are", "src/base/a.h",
     "/* One. */\nint hf_a(void);\nint hf_b(void);\n\nHF_MUST_USE int hf_c(int a,\n                     int b);\n",
     "a.h:5: nothing says what hf_c is"),
    ("comments_name_what_is_there", "sim/a.h", "/* As hf_gone does. */\n", "a.h:1: hf_gone is not in the tree"),
    ("comments_name_what_is_there", "tests/a.c", "\n/* See base/gone.c. */\n", "a.c:2: base/gone.c is not in the tree"),
    ("core_states_its_invariants", "src/core/a.c", "int hf_a(void)\n{\n    return 1;\n}\n", "0 assertions in 1"),
    ("guides_are_true", "src/README.md", "`src/base/none.c`\n", "src/base/none.c is not there"),
    ("guides_are_true", ".github/CONTRIBUTING.md", "`hf_none`\n", "hf_none is not in the code"),
    ("guides_are_true", "proto/A.md", "It is `gone`, `here` in `tests/none.c`.\n", "gone is not in tests/none.c"),
    ("guides_are_true", "src/README.md", "| `base` | what | |\n", "its rooms are not"),
    ("scenes_have_every_part", tables.SCENES + "new.py", "", "new.py: ORDER does not have it"),
    ("scenes_have_every_part", tables.SCENES + "__init__.py", 'ORDER = ("x",)\n', "x.py: SHOWS"),
    ("scenes_have_every_part", tables.SCENES + "__init__.py", 'ORDER = ("x",)\n', "x.py: NEEDS"),
    ("scenes_have_every_part", tables.SCENES + "__init__.py", 'ORDER = ("x",)\n', "x.py: play"),
    ("checkers_have_every_part_and_a_test", tables.CHECKERS, 'HF_CHECKER("y", "keeps it")\n', "y: no checker speaks"),
    ("checkers_have_every_part_and_a_test", tables.CHECKERS, 'HF_CHECKER("x", "")\n', "x: its promise"),
    ("checkers_have_every_part_and_a_test", tables.CHECKERS, 'HF_CHECKER("x", "keeps")\n', "has another promise"),
    ("columns_have_every_part", tables.COLUMNS, 'HF_RUN_COLUMN(x, COUNT, world, 1)\n', "x: 4 parts of 5"),
    ("columns_have_every_part", tables.COLUMNS, column() + column(), "x: its name is not its own"),
    ("columns_have_every_part", tables.COLUMNS, column(kind="TEXT"), "x: its kind"),
    ("columns_have_every_part", tables.COLUMNS, column(whose="mine"), "x: whether it is"),
    ("columns_have_every_part", tables.COLUMNS, column(doc="Of it."), "x: what it is"),
    ("strategies_have_every_part", "sim/hostile/way.c", strategy(name=""), "its name"),
    ("strategies_have_every_part", "sim/hostile/way.c", strategy(doc=""), "a sentence about it"),
    ("strategies_have_every_part", "sim/hostile/way.c", strategy(constant="other"), "does not list it"),
    ("strategies_have_every_part", "sim/hostile/way.c", strategy(name="b-way"), "what it exposes"),
    ("metrics_have_every_part", tables.METRICS, 'HF_METRIC_A("x", "gauge", "count", "What.")\n', "4 parts of 6"),
    ("metrics_have_every_part", tables.METRICS, metric(kind="counter"), "ends in _total"),
    ("metrics_have_every_part", tables.METRICS, metric(unit=""), "its unit"),
    ("metrics_have_every_part", tables.METRICS, metric(reading="high."), "how to read it"),
    ("metrics_have_every_part", tables.METRICS, metric() + metric(), "not its own"),
    ("alerts_have_every_part", tables.ALERTS, ALERT.replace("impact", "cost"), "x: its impact"),
    ("alerts_have_every_part", tables.ALERTS, ALERT.replace("critical", "bad"), "severity is critical or warning"),
    ("alerts_have_every_part", tables.ALERTS, ALERT.replace("holdfast_x", "holdfast_y"), "holdfast_y is not counted"),
    ("alerts_have_every_part", tables.ALERTS, ALERT + ALERT, "x is there twice"),
    ("alerts_have_every_part", tables.DASHBOARD, '{"expr": "holdfast_y"}\n', "holdfast_y is not counted"),
    ("pages_are_what_their_tables_make_them", tables.REASONS, reason(), "contrib/man/holdfast-reasons.7: run `ninja renew`"),
    ("nothing_is_left_unfinished", "src/base/a.c", f"/* {UNFINISHED[0]}: later */\n", UNFINISHED[0]),
]

# The same of the chambers of core: the file, what is in it, the headers that are there.
CHAMBER_CASES = [
    ("src/core/trust/a.c", "owner/owner.h", "trust may not include owner/owner.h"),
    ("src/core/owner/a.c", "provider/provider.h", "owner may not include provider/provider.h"),
    ("src/core/node/a.c", "trust/trust.h", "node may not include trust/trust.h"),
    ("src/core/life/a.c", "dispatch.h", "life may not include dispatch.h"),
    ("src/core/owner/a.c", "trust/peer.h", "trust/peer.h is no business of owner"),
    ("src/core/cellar/a.c", "node/node.h", "cellar is not in the list of chambers"),
]

# The same of the chambers of sim.
SIM_CASES = [
    ({"sim/network/a.c": '#include "run/run.h"\n', "sim/run/run.h": ""}, "network may not include run/run.h"),
    ({"sim/lib/a.c": '#include "world/world.h"\n', "sim/world/world.h": ""}, "lib may not include world/world.h"),
    ({"sim/a.c": ""}, "sim/a.c: the folder itself is not in the list of chambers"),
    ({"sim/cellar/a.c": ""}, "cellar is not in the list of chambers"),
    ({"sim/README.md": "| chamber | for |\n|---|---|\n| `lib/` | x |\n"}, "its chambers are not those of rules.py"),
]

# What must pass: a call in a comment or a string, a member of such a name, a table of sources.
MAN = "".join(f'.\\" made from {table}\n{make(text)}.\\" until here\n' for table, make, text in (
    (tables.STATES, tables.pages.states, state()),
    (tables.EXITS, tables.pages.exits, 'HF_EXIT("", 0, "done")\nHF_EXIT("go", 0, "gone")\nHF_EXIT("go", 1, "not gone")\n')))
CLEAN = {
    tables.REASONS: reason(),
    tables.SCENES + "__init__.py": 'ORDER = ("a", "b")\n',
    tables.SCENES + "a.py": 'SHOWS = "a"\nNEEDS = ()\n\n\ndef play(demo):\n    pass\n',
    tables.SCENES + "b.py": 'SHOWS = "b"\nNEEDS = ("a",)\n\n\ndef play(demo):\n    pass\n',
    tables.METRICS: metric(),
    tables.STATES: state(),
    tables.EXITS: 'HF_EXIT("", 0, "done")\nHF_EXIT("go", 0, "gone")\nHF_EXIT("go", 1, "not gone")\n',
    "src/cli/go.c": 'static const char usage[] =\n    "usage: holdfast go\\n"\n    "exit status: 0 gone, 1 not\\n"\n    "gone\\n";\n',
    "src/cli/meson.build": "# cli: the commands that people give a node.\nx = static_library('x', 'go.c')\n",
    "contrib/man/holdfast.1": MAN,
    "contrib/man/holdfast-share.1": f'.\\" made from {tables.EXITS}\n.\\" until here\n',
    "contrib/man/holdfast-sim.1": tables.pages.with_part(
        f'.\\" made from {tables.COLUMNS}\n.\\" until here\n', tables.COLUMNS, tables.pages.columns(column())),
    tables.COLUMNS: column(),
    tables.CHECKERS: 'HF_CHECKER("x", "keeps "\n           "it")\n',
    tables.CHECKER_TESTS: "# What is claimed.\nfaults = [\n  ['f', 'a.c', 'x', 'says'],\n]\n",
    "sim/checkers/x.c": 'hf__violate(w, 1,\n            "x", "n%u did");\n',
    "sim/README.md": "| x | keeps it |\n",
    "sim/COVERAGE.md": "`a-way`\n",
    "sim/hostile/strategy.c": "X(way)\n",
    "sim/hostile/way.c": strategy(),
    "sim/meson.build": "# sim: the world.\nx = static_library('x', 'checkers/x.c', 'hostile/way.c', 'hostile/strategy.c')\n",
    "contrib/man/holdfast-metrics.7": tables.pages.metrics(metric()),
    tables.ALERTS: ALERT,
    "contrib/man/holdfast-alerts.7": tables.pages.alerts(ALERT),
    "src/core/meson.build": "# core: what the rest is there for.\nx = static_library('x', 'a.c', 'b.c')\n",
    "src/core/a.c": "int hf_a(void)\n{\n    hf_assert(true);\n    hf_assert(true);\n    return hf_b();\n}\n",
    "src/core/b.c": "int hf_b(void)\n{\n    hf_assert(true);\n    hf_assert(true);\n    return hf_a();\n}\n",
    "src/README.md": "`src/base` and `src/base/a.c`\n" + "".join(f"| `{room}` | x |\n" for room in ROOMS),
    "tests/unit/test_x.c": "int x = HF_EX + HF_STATE_X;\n",
    "tests/unit/meson.build": "'test_x.c'\n",
    "contrib/man/holdfast-reasons.7": tables.pages.reasons(reason()),
    "proto/PAGE.md": "# A page\n\n## 1. One\n\n`PAGE.md`, section 1, and FIPS 186.\n",
    "src/base/meson.build": "# base: what every other room stands on.\nx = static_library('x', 'a.c')\n",
    "src/base/a.c": '#include <stdio.h>\n\n/*\n * One, and\n * two.\n */\n/* Never strcpy(a, b). */\nconst char *f(struct x *s)\n{\n'
                    '    s->random(s);\n    return "printf(x)";\n}\n',
}


def findings(check, files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check(Tree(folder))


def core_findings(source):
    """What the check of the archive says of a C file."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "a.c").write_text(source, encoding="utf-8")
        subprocess.run(["cc", "-w", "-c", "a.c", "-o", "a.o"], cwd=path, check=True)
        subprocess.run(["ar", "rc", "libhf_core.a", "a.o"], cwd=path, check=True)
        return checks.the_engine_reaches_nothing_outside_memory(Tree(folder), [str(path / "libhf_core.a")])


def history_findings(message):
    """What the check of the history says of a repository whose one commit has this message."""
    with tempfile.TemporaryDirectory() as folder:
        for words in (["init", "-q"], ["-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "-q",
                                       "--allow-empty", "--no-verify", "-m", message]):
            subprocess.run(["git", "-C", folder, *words], check=True)
        return upkeep.history(folder, "HEAD")


def chamber_findings(check, sources):
    """What a check of the calls between files says of sources by name, built into an archive as core is."""
    with tempfile.TemporaryDirectory() as folder:
        path, objects = pathlib.Path(folder), []
        for name, text in sources.items():
            file = path / "src/core" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            objects.append(name.replace("/", "_") + ".o")
            subprocess.run(["cc", "-w", "-c", file, "-o", objects[-1]], cwd=path, check=True)
        subprocess.run(["ar", "rc", "libhf_core.a", *objects], cwd=path, check=True)
        return check(Tree(folder), [str(path / "libhf_core.a")])


def ring(count, chamber="owner"):
    """Sources that call each other in a circle of so many."""
    return {f"{chamber}/f{i}.c": f"void f{(i + 1) % count}(void);\nvoid f{i}(void)\n{{\n    f{(i + 1) % count}();\n}}\n"
            for i in range(count)}


def judge_chambers():
    for path, header, expected in CHAMBER_CASES:
        found = findings(chambers.chambers_include_only_chambers_below_them,
                         {path: f'#include "{header}"\n', f"src/core/{header}": ""})
        yield f"chambers_include_only_chambers_below_them_fails_for_{header}", any(expected in line for line in found)
    for files, expected in SIM_CASES:
        found = findings(chambers.chambers_of_sim_include_only_those_below_them, files)
        yield f"chambers_of_sim_include_only_those_below_them: {expected}", any(expected in line for line in found)
    yield "a_chamber_of_sim_may_include_one_below_it", findings(
        chambers.chambers_of_sim_include_only_those_below_them,
        {"sim/run/a.c": '#include "network/network.h"\n#include "run/run.h"\n', "sim/network/network.h": "", "sim/run/run.h": ""}) == []
    yield "a_chamber_may_include_one_below_it", findings(
        chambers.chambers_include_only_chambers_below_them,
        {"src/core/owner/a.c": '#include "trust/trust.h"\n', "src/core/trust/trust.h": ""}) == []
    up = {"trust/a.c": "void g(void);\nvoid f(void)\n{\n    g();\n}\n", "owner/b.c": "void g(void)\n{\n}\n"}
    yield "a_chamber_may_not_call_one_above_it", chamber_findings(
        chambers.chambers_call_only_chambers_below_them, up) == ["src/core/trust/a.c (trust) calls src/core/owner/b.c"]
    for count in (5, 6):
        found = chamber_findings(chambers.no_circle_of_files_is_large, ring(count))
        yield f"a_circle_of_{count}_files_is_{'large' if count > 5 else 'none'}", bool(found) == (count > 5)
    rows = chamber_findings(chambers.table, ring(3) | {"owner/g.c": "/* One. */\nvoid g(void)\n{\n    hf_assert(1);\n}\n"})
    yield "the_table_counts_files_functions_circles_assertions_and_comments", \
        rows[-1].split() == ["core", "4", "4", "3", "0.25", "5", "%"]


def judge():
    """(claim, whether it holds) for each."""
    yield "no_check_is_listed_twice", len(set(tidy.EVERY)) == len(tidy.EVERY)
    for name, path, text, expected in CASES:
        try:
            found = findings(next(getattr(m, name) for m in (checks, tables, upkeep) if hasattr(m, name)), {path: text})
            yield f"{name}_fails_for_{path}", any(expected in line for line in found)
        except checks.Skip:
            yield f"{name}_fails_for_{path} # SKIP", True
    for check in checks.CHECKS + tables.CHECKS + upkeep.CHECKS:
        if check not in (upkeep.commits_say_what_and_why, checks.the_engine_reaches_nothing_outside_memory, checks.the_top_level_holds_what_it_should,
                         checks.the_code_is_as_clang_format_leaves_it):
            yield f"{check.__name__}_passes_a_clean_tree", findings(check, CLEAN) == []
    for path, text, expected in ((tables.CHECKER_TESTS, "faults = []\n", "no engine that it catches"),
                                 (tables.FAULTS + "z.edit", "Something.\n", "z.edit: no test builds an engine of it"),
                                 ("sim/checkers/x.c", 'hf__violate(w, 1,\n "z", "n");\n', "z: a checker that is no row"),
                                 ("sim/hostile/b.c", 'hf__violate(w, 1, "z", "n");\n', "z: a checker that is no row")):
        found = findings(tables.checkers_have_every_part_and_a_test, CLEAN | {path: text})
        yield f"checkers_have_every_part_and_a_test_fails_for_{path}", any(expected in line for line in found)
    tests_only = {"src/base/a.c": "int hf_a(void)\n{\n    return 1;\n}\n", "tests/unit/t.c": "int x = hf_a();\n"}
    yield "every_function_has_a_user_other_than_tests", any(
        "by tests alone" in line for line in findings(upkeep.every_function_has_a_user, tests_only))
    for message, expected in (("base: a subject\n\nA body.", None), (f"base: {'a' * 67}\n\nA body.", "73 characters"),
                              ("base: a subject", "no body"), ("A subject\n\nA body.", "a room and a colon")):
        found = history_findings(message)
        yield f"the_history_is_{'right' if expected is None else 'wrong: ' + expected}", (
            found == [] if expected is None else any(expected in line for line in found))
    for symbol in ("time", "getrandom", "open", "socket", "pthread_create", "printf", "hf_file_read", "hf_buf_append"):
        found = core_findings(f"extern int {symbol}();\nint hf_f(void) {{ return {symbol}(); }}\n")
        expected = [] if symbol == "hf_buf_append" else [f"core uses {symbol}"]
        yield f"the_engine_may_{'' if expected == [] else 'not_'}use_{symbol}", found == expected


def main():
    results = [*judge(), *judge_chambers()]
    print(f"1..{len(results)}")
    for number, (claim, holds) in enumerate(results, 1):
        print(f"{'ok' if holds else 'not ok'} {number} - {claim}")
    return 0 if all(holds for _, holds in results) else 1


if __name__ == "__main__":
    sys.exit(main())
