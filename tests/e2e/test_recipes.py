#!/usr/bin/env python3
"""The recipes of src/README.md, carried out on a copy of the tree: what they say is all that it takes."""

import os
import pathlib
import re
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
    run("meson", "setup", BUILD, "-Dproduction=false", "--buildtype=debug", "-Doptimization=0")


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
    run("meson", "test", "-C", BUILD, "--print-errorlogs", "messages_document_are_current", "messages_vectors_are_current",
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


@tap.case
def a_metric_takes_its_row_and_a_renewal():
    copy_once()
    edit("src/daemon/metrics.def", 'HF_METRIC_DAEMON("secret_bytes",',
         'HF_METRIC_DAEMON("moons", "gauge", "count",\n    "Moons that are up.",\n    "It is 0 or 1; more are a fault of the sky.",\n'
         '    1)\nHF_METRIC_DAEMON("secret_bytes",')
    assert any("holdfast-metrics.7: run `ninja renew`" in line for line in tidy()), tidy()
    run("ninja", "-C", BUILD, "renew_pages", "src/daemon/libhf_daemon.a.p/metrics.c.o")
    assert b"moons" in (BUILD / "src/daemon/libhf_daemon.a.p/metrics.c.o").read_bytes()
    assert "Moons that are up." in (COPY / "contrib/man/holdfast-metrics.7").read_text(encoding="utf-8")
    assert tidy() == [], tidy()


@tap.case
def an_exit_status_takes_its_row_the_usage_and_a_renewal():
    copy_once()
    edit("src/cli/exits.def", 'HF_EXIT("wait", 2, "it is not")\n', 'HF_EXIT("wait", 2, "it is not")\nHF_EXIT("wait", 9, "the moon is up")\n')
    found = tidy()
    assert any("wait: its usage does not end with: exit status: " in line and "9 the moon is up" in line for line in found), found
    assert any("holdfast.1: its part of src/cli/exits.def: run `ninja renew`" in line for line in found), found
    edit("src/cli/wait.c", "1 error, 2 it is not\\n", "1 error, 2 it is not,\\n"
         '"\n    "9 the moon is up\\n')
    run("ninja", "-C", BUILD, "renew_pages", "src/cli/holdfast")
    assert "9 the moon is up" in run(BUILD / "src/cli/holdfast", "wait", "--help")
    assert tidy() == [], tidy()


@tap.case
def a_scene_takes_its_file_and_its_name():
    copy_once()
    scenes = "contrib/lib/scenes"
    (COPY / scenes / "greeting.py").write_text(
        '"""What the recipe adds: the first node is asked how it is."""\n\nfrom mesh import check\n\n'
        'SHOWS = "a node says how it is"\nNEEDS = ("network",)\n\n\ndef play(demo):\n'
        '    with demo.report.step("a node is asked"):\n'
        '        check(demo.mesh.nodes[0].command("status").returncode == 0, "it does not say")\n', encoding="utf-8")
    assert any("greeting.py: ORDER does not have it" in line for line in tidy()), tidy()
    order = re.search(r"^ORDER = \([^)]*", (COPY / scenes / "__init__.py").read_text(encoding="utf-8"), re.M)[0]
    edit(f"{scenes}/__init__.py", order, f'{order}, "greeting"')
    assert tidy() == [], tidy()
    listed = run(sys.executable, "contrib/lib/demo.py", "--list")
    assert "greeting     a node says how it is" in listed, listed


@tap.case
def a_field_of_a_document_takes_its_entry_its_relation_its_form_and_a_renewal():
    """A policy with a siesta: optional, bounded by another field, written in the form that people edit."""
    copy_once()
    fields = (COPY / "proto/messages.def").read_text(encoding="utf-8").partition("HF_BEGIN(policy,")[2].partition("HF_END(policy)")[0]
    free = 1 + max(int(number) for number in re.findall(r"^HF_[A-Z]+\((\d+),", fields, re.M))
    edit("proto/messages.def", "HF_END(policy)", f'HF_UINT({free}, siesta_s, 0, 86400, OPTIONAL, "what the recipe adds")\nHF_END(policy)')
    edit("src/document/document.c", "static int policy_check(const struct hf_policy *p)\n{\n",
         "static int policy_check(const struct hf_policy *p)\n{\n"
         "    if (p->siesta_s > p->holder_grace_s)\n        return HF_EDOCUMENT;\n")
    edit("src/cli/policy_form.h", "    uint64_t collateral_stale_s;\n", "    uint64_t collateral_stale_s;\n    uint64_t siesta_s;\n")
    edit("src/cli/policy_form.c", '    {"quorum_required", HF_CONFIG_BOOL',
         '    {"siesta", HF_CONFIG_DURATION_S, AT(siesta_s), .max = 86400, .doc = "How long it sleeps."},\n'
         '    {"quorum_required", HF_CONFIG_BOOL')
    edit("src/cli/policy_form.c", "    p->quorum_required = f->quorum_required;\n",
         "    p->quorum_required = f->quorum_required;\n    p->siesta_s = f->siesta_s;\n")
    (COPY / "tests/unit/test_siesta.c").write_text(
        '#include "document_authority.h"\n\n#include "base/error.h"\n\n#include <criterion/criterion.h>\n\n'
        'Test(hf_document_read, of_a_policy_whose_siesta_is_longer_than_its_grace)\n{\n'
        '    struct authority n;\n    struct hf_document *d = NULL;\n    authority_init(&n);\n'
        '    struct hf_policy p = authority_policy(&n, 1, 2, 3);\n    cr_assert_eq(p.siesta_s, 0);\n'
        '    p.siesta_s = p.holder_grace_s + 1;\n'
        '    struct hf_bytes bytes = authority_sign(&n, HF_DOCUMENT_POLICY, &p, "");\n'
        '    cr_assert_eq(hf_document_read(n.pool, bytes, &d), HF_EDOCUMENT);\n'
        '    p.siesta_s--;\n    bytes = authority_sign(&n, HF_DOCUMENT_POLICY, &p, "");\n'
        '    cr_assert_eq(hf_document_read(n.pool, bytes, &d), 0);\n'
        '    cr_assert_eq(d->u.policy.siesta_s, p.holder_grace_s);\n'
        '    hf_document_unref(d);\n    authority_done(&n);\n}\n')
    unit = (COPY / "tests/unit/meson.build").read_text(encoding="utf-8")
    (COPY / "tests/unit/meson.build").write_text(
        unit + "test('siesta', executable('test_siesta', 'test_siesta.c',\n"
        "  dependencies: [authority_dep, criterion_dep]), args: test_args, protocol: 'tap')\n")
    assert "Fail:               1" in run("meson", "test", "-C", BUILD, "messages_vectors_are_current", ok=(1,))
    run("ninja", "-C", BUILD, "renew", "src/cli/holdfast")
    run("meson", "test", "-C", BUILD, "--print-errorlogs", "messages_document_are_current", "messages_vectors_are_current",
        "documents_vectors_are_current", "second_reader", "document", "siesta")
    assert tidy() == [], tidy()
    holdfast, authority = BUILD / "src/cli/holdfast", COPY / "authority"
    run(holdfast, "network", "init", authority, "--dev")
    form = authority / "policy.yaml"
    form.write_text(f"{form.read_text(encoding='utf-8').rstrip()}\nsiesta: 5m\n", encoding="utf-8")
    shown = run(holdfast, "policy", "sign", "--authority", authority, ok=(1, 2))
    run(holdfast, "policy", "sign", "--authority", authority, "--yes", shown.split("\ndigest: ")[1].split()[0])
    assert '"siesta_s":300' in run(holdfast, "policy", "show", "--authority", authority).replace(" ", "")
    shutil.rmtree(authority)


@tap.case
def a_task_takes_its_file_its_rows_and_its_deadline():
    """A restarted owner asks its first holder for a nonce, again until one comes, and traces it."""
    copy_once()
    (COPY / "src/core/owner/greet.c").write_text(
        '/* What the recipe adds: the first holder is asked for a nonce, again until one comes. */\n'
        '#include "base/error.h"\n#include "owner/owner.h"\n\n'
        'void hf__greet_begin(struct hf_engine *e)\n{\n'
        '    struct hf__ask ask = {.task = HF__TASK_GREET, .method = HF_METHOD_NONCE, .at_once = true};\n'
        '    struct hf_nonce_request m = {.account = e->account};\n'
        '    hf_assert(e->open || !e->claimed);\n    hf_assert(e->owner->greeted <= 1);\n'
        '    if (!e->claimed || e->owner->holders_count == 0 || e->owner->greeted)\n        return;\n'
        '    hf__versions(e, &m.versions);\n'
        '    struct hf_bytes body = hf__encode(e, &hf_wire_nonce_request, &m);\n'
        '    if (hf__call(e, &ask, &e->owner->holders[0].account, body) != 0)\n'
        '        hf__retry(e, HF__TIMER_GREET, false);\n}\n\n'
        'int hf__greet_answered(struct hf_engine *e, const struct hf__pending *call, int error,\n'
        '                       struct hf_bytes body)\n{\n    (void)body;\n'
        '    hf_assert(call->task == HF__TASK_GREET);\n    hf_assert(call->method == HF_METHOD_NONCE);\n'
        '    if (error != 0) {\n        hf__retry(e, HF__TIMER_GREET, false);\n        return 0;\n    }\n'
        '    e->owner->greeted = 1;\n    hf__retry_reset(e, HF__TIMER_GREET);\n'
        '    hf__trace(e, HF_TRACE_GREETED, 0, &call->account, 0, 0);\n    return 0;\n}\n')
    edit("src/core/meson.build", "'owner/holders.c'", "'owner/greet.c', 'owner/holders.c'")
    edit("src/core/owner/owner.h", "/* ---- release.c: application keys */\n",
         "/* ---- greet.c: what the recipe adds */\n\n/* The timer of the task. */\nvoid hf__greet_begin(struct hf_engine *e);\n"
         "int hf__greet_answered(struct hf_engine *e, const struct hf__pending *call, int error,\n"
         "                       struct hf_bytes body);\n\n/* ---- release.c: application keys */\n")
    edit("src/core/owner/owner.h", "    uint8_t holders_count;\n    uint8_t outcome;",
         "    uint8_t holders_count;\n    uint8_t greeted;  /* 1: its first holder has given a nonce */\n    uint8_t outcome;")
    edit("src/core/owner/owner.c", "    o->outcome = HF__OUTCOME_NONE;\n", "    o->outcome = HF__OUTCOME_NONE;\n    o->greeted = 0;\n")
    edit("src/core/node/update.h", "    HF__TASK_PROBE,\n", "    HF__TASK_PROBE,\n    HF__TASK_GREET,\n")
    edit("src/core/include/core/limits.h", "    HF_CALLS_PROBE_MAX = 64,\n", "    HF_CALLS_PROBE_MAX = 64,\n    HF_CALLS_GREET_MAX = 1,\n")
    edit("src/core/node/update.c", "HF_CALLS_TAKE_OVER_MAX,\n};", "HF_CALLS_TAKE_OVER_MAX, [HF__TASK_GREET] = HF_CALLS_GREET_MAX,\n};")
    edit("src/core/dispatch.c", "    {HF__TASK_PROBE, HF_METHOD_PROBE, hf__probe_returned},\n",
         "    {HF__TASK_PROBE, HF_METHOD_PROBE, hf__probe_returned},\n    {HF__TASK_GREET, HF_METHOD_NONCE, hf__greet_answered},\n")
    edit("src/core/node/node.h", "    HF__TIMER_DEAL, ", "    HF__TIMER_GREET,     /* greeting: the holder is asked, or asked again */\n    HF__TIMER_DEAL, ")
    edit("src/core/engine.c", "    [HF__TIMER_DEAL] = hf__deal_due,\n",
         "    [HF__TIMER_GREET] = hf__greet_begin,\n    [HF__TIMER_DEAL] = hf__deal_due,\n")
    edit("src/core/include/core/trace.h", '    X(HF_TRACE_SEED_FAILED, "seed_failed", 2) ', '    X(HF_TRACE_GREETED, "greeted", 1)             /* account: the holder */ \\\n'
         '    X(HF_TRACE_SEED_FAILED, "seed_failed", 2) ')
    edit("src/core/owner/claim.c", "    hf__standing_send(e);\n}\n", "    hf__standing_send(e);\n    hf__timer_set(e, HF__TIMER_GREET, 0);\n}\n")
    edit("tests/scenario/meson.build", "  'gossip',\n", "  'gossip',\n  'greet',\n")
    (COPY / "tests/scenario/test_greet.c").write_text(
        '#include "testnet.h"\n\n#include <criterion/criterion.h>\n\n'
        'Test(greet, a_restarted_owner_is_given_a_nonce_by_its_first_holder)\n{\n'
        '    struct hf_world *w = testnet_up(7, 3, 5);\n    hf_world_crash(w, 0);\n    hf_world_start(w, 0);\n'
        '    cr_assert(hf_world_run_until_trace(w, 0, HF_TRACE_GREETED, 1, 60000));\n    testnet_end(w);\n}\n')
    run("clang-format", "-i", *(COPY / "src/core").rglob("*.[ch]"))
    run("meson", "test", "-C", BUILD, "scenario_greet", "update", "timer", "engine")
    assert tidy() == [], tidy()


@tap.case
def a_room_takes_its_folder_its_place_and_its_row():
    """A room above base, used by the operator's command."""
    copy_once()
    room = COPY / "src/garden"
    (room / "include/garden").mkdir(parents=True)
    (room / "include/garden/garden.h").write_text(
        '/* What the recipe adds: a room with one function. */\n#ifndef HF_GARDEN_GARDEN_H\n#define HF_GARDEN_GARDEN_H\n\n'
        '/* How many flowers there are. */\nunsigned hf_garden_flowers(void);\n\n#endif\n')
    (room / "garden.c").write_text('#include "garden/garden.h"\n\nunsigned hf_garden_flowers(void)\n{\n    return 3;\n}\n')
    (room / "meson.build").write_text(
        "# garden: what the recipe adds.\ngarden_inc = include_directories('include')\n"
        "garden_lib = static_library('hf_garden', 'garden.c', include_directories: garden_inc, dependencies: [base_dep])\n"
        "garden_dep = declare_dependency(include_directories: garden_inc, link_with: garden_lib, dependencies: [base_dep])\n")
    edit("src/meson.build", "subdir('daemon')\n", "subdir('garden')\nsubdir('daemon')\n")
    edit("src/cli/main.c", '#include "command.h"\n', '#include "command.h"\n#include "garden/garden.h"\n')
    edit("src/cli/main.c", "static int usage(FILE *to, int status)\n{\n",
         'static int usage(FILE *to, int status)\n{\n    fprintf(to, "flowers: %u\\n", hf_garden_flowers());\n')
    edit("src/cli/meson.build", "document_dep, client_dep, ", "document_dep, client_dep, garden_dep, ")
    found = tidy()
    assert any("cli may not use garden" in line for line in found) or any("garden" in line for line in found), found
    edit("tests/tidy/rules.py", "# The simulator brings its own doubles", 'ROOMS["garden"] = ["base"]\nROOMS["cli"] += ["garden"]\n# The simulator brings its own doubles')
    assert any("its rooms are not those of rules.py" in line for line in tidy()), tidy()
    edit("src/README.md", "\n`sim/` takes the place of the daemon", "| `garden` | what the recipe adds | `base` |\n\n`sim/` takes the place of the daemon")
    text = (COPY / "src/README.md").read_text(encoding="utf-8")
    (COPY / "src/README.md").write_text(text.replace("\n\n| `garden`", "\n| `garden`"), encoding="utf-8")
    run("ninja", "-C", BUILD, "src/cli/holdfast")
    assert "flowers: 3" in run(BUILD / "src/cli/holdfast", "--help")
    assert tidy() == [], tidy()


def block(section, begin):
    """The code of a guide's step that begins with a text, without its indent."""
    guide = (SOURCE / "sim/README.md").read_text(encoding="utf-8").split(f"## {section}\n")[1]
    lines = guide[guide.index(begin):].split("\n")[2:]
    return "\n".join(line[7:] for line in lines[:next(i for i, line in enumerate(lines) if line and not line.startswith("       "))])


@tap.case
def a_strategy_of_the_simulator_takes_its_file_a_row_and_a_line():
    copy_once()
    (COPY / "sim/hostile/miser.c").write_text(block("A hostile strategy", "1. A file `miser.c`").strip("\n") + "\n", encoding="utf-8")
    assert any("miser" in line for line in tidy())
    edit("sim/hostile/strategy.c", "    X(mixed) ", "    X(miser)                                                                                       \\\n    X(mixed) ")
    edit("sim/meson.build", "'hostile/mixed.c',", "'hostile/miser.c', 'hostile/mixed.c',")
    edit("sim/COVERAGE.md", "strategies `flood`, `connections`;", "strategies `flood`, `connections`, `miser`;")
    assert tidy() == [], tidy()
    run("ninja", "-C", BUILD, "sim/holdfast-sim")
    assert "  miser  " in run(BUILD / "sim/holdfast-sim", "list")
    said = run(BUILD / "sim/holdfast-sim", "run", "sim/scenarios/steady-state.yaml", "--nodes", "12", "--crypto", "model", "--for", "4m",
               "--quiet", "--set", "events=[{at: 30s, do: hostile, count: 3, text: miser, for: 2m}, {at: 1m, do: crash, count: 2, for: 5s}]")
    assert "result                       ok" in said, said


@tap.case
def a_checker_of_the_simulator_takes_its_function_a_call_and_a_row():
    copy_once()
    (COPY / "sim/checkers/calm.c").write_text(block("A checker", "1. A function in a file").strip("\n") + "\n", encoding="utf-8")
    edit("sim/checkers/checkers.h", "void hf__check_answer_delivered(", "/* A node is ready. */\nvoid hf__check_calm(struct hf_world *w, uint32_t node);\nvoid hf__check_answer_delivered(")
    edit("sim/checkers/check.c", "        hf__check_ready(c, node);", "        hf__check_calm(w, node);\n        hf__check_ready(c, node);")
    with open(COPY / "sim/checkers/checkers.def", "a", encoding="utf-8") as table:
        table.write('HF_CHECKER("calm", "no node is ready within a minute")\n')
    edit("sim/README.md", "| certificate | a node's", "| calm | no node is ready within a minute |\n| certificate | a node's")
    edit("sim/meson.build", "'checkers/check.c',", "'checkers/calm.c', 'checkers/check.c',")
    run("ninja", "-C", BUILD, "sim/holdfast-sim")
    said = run(BUILD / "sim/holdfast-sim", "run", "sim/scenarios/steady-state.yaml", "--nodes", "12", "--crypto", "model", "--quiet", ok=(1,))
    assert "calm at" in said and "is ready after" in said, said
    assert tidy() == ["# sim/checkers/checkers.def: calm: tests/scenario/meson.build has no engine that it catches"], tidy()


if __name__ == "__main__":
    sys.exit(tap.main())
