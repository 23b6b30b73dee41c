"""Checks of the tables that documentation is made from: every row has its parts and a test, every page is current."""

import ast
import pathlib
import re
import sys

from rules import ROOMS

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "contrib/lib"))

import pages  # noqa: E402

GUIDES = ("src/README.md", ".github/CONTRIBUTING.md", "README.md", "proto/CLAIMS.md")
SCENES = "contrib/lib/scenes/"
NO_SCENES = {"__init__", "common"}
METRICS = "src/daemon/metrics.def"
ALERTS = "contrib/alerts/holdfast.rules.yml"
DASHBOARD = "contrib/alerts/dashboard.json"
CHECKERS = "sim/checkers/checkers.def"
COLUMNS = "sim/trial/columns.def"
FAULTS = "tests/scenario/faults/"
CHECKER_TESTS = "tests/scenario/meson.build"
REASONS = "src/base/include/base/reasons.def"
STATES = "src/core/include/core/states.def"
EXITS = "src/cli/exits.def"


def _sentences(text):
    return re.match(r"[A-Z].*\.$", text) is not None


def _test_of_reason(tree, row):
    """What is wrong with the test that a row names, or None."""
    constant, name, test = row[0], row[2], row[7]
    if f"tests/{test}" not in tree.files:
        return f"its test, tests/{test}, is not there"
    if not re.search(rf"\b({constant}|{name})\b", tree.text(f"tests/{test}")):
        return f"tests/{test} does not bring it about"
    return None


def reasons_have_every_part_and_a_test(tree):
    found, numbers, names = [], set(), set()
    for row in pages.rows(tree.text(REASONS), "HF_REASON") if REASONS in tree.files else []:
        if len(row) != 8:
            found.append(f"{REASONS}: {row[0]} has {len(row)} parts of 8")
            continue
        constant, number, name, transient, what, todo, otherwise, _ = row
        wrong = [
            "number or name is not its own" if number in numbers or name in names else None,
            "transient is 0 or 1" if transient not in ("0", "1") else None,
            "what it is: a sentence without capital and full stop" if not re.match(r"[^.A-Z](.*[^.])?$|[A-Z]{2}.*[^.]$", what) else None,
            "what to do: a sentence or several" if not _sentences(todo) else None,
            "what happens if nothing is done: a sentence or several" if not _sentences(otherwise) else None,
            _test_of_reason(tree, row),
        ]
        found += [f"{REASONS}: {constant}: {text}" for text in wrong if text]
        numbers.add(number)
        names.add(name)
    return found


def metrics_have_every_part(tree):
    """That each can be had is for tests/e2e/test_daemon.py, which holds a daemon's answer against the table."""
    found, names = [], set()
    rows = pages.rows(tree.text(METRICS), r"HF_METRIC_[A-Z]+") if METRICS in tree.files else []
    for row in rows:
        if row[0] == "name":
            continue
        if len(row) != 6:
            found.append(f"{METRICS}: {row[0]} has {len(row)} parts of 6")
            continue
        name, kind, unit, what, reading, value = row
        wrong = [
            "its name is not its own" if name in names else None,
            "type is gauge or counter" if kind not in ("gauge", "counter") else None,
            "a counter, and no other, ends in _total" if (kind == "counter") != name.endswith("_total") else None,
            "its unit" if not unit else None,
            "what it measures: a sentence" if not _sentences(what) else None,
            "how to read it: a sentence or several" if not re.match(r".+[ ].+\.$", reading) else None,
            "its value" if not value else None,
        ]
        found += [f"{METRICS}: {name}: {text}" for text in wrong if text]
        names.add(name)
    return found


def checkers_have_every_part_and_a_test(tree):
    """A checker of the simulator: its promise, in sim/README.md too, a file that speaks for it, an engine that it catches."""
    if CHECKERS not in tree.files:
        return []
    found, names = [], set()
    builds = tree.text(CHECKER_TESTS) if CHECKER_TESTS in tree.files else ""
    guide = tree.text("sim/README.md") if "sim/README.md" in tree.files else ""
    speak = "".join(tree.text(n) for n in tree.files if re.match(r"sim/\w+/\w+\.c$", n))
    said = set(re.findall(r'hf__violate\([^;]*?"(\w+)"', speak))
    for name, promise in pages.rows(tree.text(CHECKERS), "HF_CHECKER"):
        wrong = [
            "its name is not its own" if name in names else None,
            "its promise" if not promise else None,
            "no checker speaks for it" if name not in said else None,
            "sim/README.md has another promise" if f"| {name} | {promise} |" not in guide else None,
            f"{CHECKER_TESTS} has no engine that it catches" if f", '{name}', '" not in builds else None,
        ]
        found += [f"{CHECKERS}: {name}: {text}" for text in wrong if text]
        names.add(name)
    for edit in sorted(n for n in tree.files if n.startswith(FAULTS)):
        if f"'{edit[len(FAULTS):-len('.edit')]}'" not in builds and f"'faults/{edit[len(FAULTS):]}'" not in builds:
            found.append(f"{edit}: no test builds an engine of it")
    return found + [f"{CHECKERS}: {name}: a checker that is no row" for name in sorted(said - names)]


def strategies_have_every_part(tree):
    """A strategy of the simulator: a name, a sentence, its row in the table, and what it exposes. That each acts is for
    tests/unit/test_sim_strategies.c, which goes through the table."""
    found = []
    table = tree.text("sim/hostile/strategy.c") if "sim/hostile/strategy.c" in tree.files else ""
    coverage = tree.text("sim/COVERAGE.md") if "sim/COVERAGE.md" in tree.files else ""
    for path in (n for n in tree.files if n.startswith("sim/hostile/") and n.endswith(".c")):
        for constant, body in re.findall(r"hf__strategy_(\w+) = \{(.*?)^\};", tree.text(path), re.S | re.M):
            name, doc = re.search(r'\.name = "([\w-]+)"', body), re.search(r'\.doc =\s+"\w', body)
            wrong = [
                "its name" if not name else None,
                "a sentence about it" if not doc else None,
                "sim/hostile/strategy.c does not list it" if f"X({constant})" not in table else None,
                "sim/COVERAGE.md does not say what it exposes" if name and f"`{name[1]}`" not in coverage else None,
            ]
            found += [f"{path}: {text}" for text in wrong if text]
    return found


def columns_have_every_part(tree):
    """A column of the simulator's results: a name of its own in its file, a kind, and what it is."""
    found = []
    for macro, parts in (("HF_RUN_COLUMN", 5), ("HF_NODE_COLUMN", 4), ("HF_SERIES_COLUMN", 4)):
        names = set()
        for row in pages.rows(tree.text(COLUMNS), macro) if COLUMNS in tree.files else []:
            name, kind, doc = row[0], row[1], row[-1]
            wrong = [
                f"{len(row)} parts of {parts}" if len(row) != parts else None,
                "its name is not its own" if name in names else None,
                "its kind" if kind not in ("COUNT", "TIME", "REAL", "FLAG", "HASH", "WORD") else None,
                "whether it is the machine's or the world's" if parts == 5 and row[2] not in ("machine", "world") else None,
                "what it is: without a capital or a full stop" if not re.match(r"[a-z0-9`].*[^.]$", doc) else None,
            ]
            found += [f"{COLUMNS}: {name}: {text}" for text in wrong if text and name != "name"]
            names.add(name)
    return found


def alerts_have_every_part(tree):
    """That each fires when it should is for tests/e2e/test_alerts.py. What is looked at is counted."""
    names = {f"holdfast_{row[0]}" for row in pages.rows(tree.text(METRICS), r"HF_METRIC_[A-Z]+")} if METRICS in tree.files else set()
    found, seen = [], set()
    for alert in pages.alert_rules(tree.text(ALERTS)) if ALERTS in tree.files else []:
        name = alert["alert"]
        parts = ("summary", "meaning", "impact", "diagnosis", "mitigation")
        found += [f"{ALERTS}: {name} is there twice"] if name in seen else []
        found += [f"{ALERTS}: {name}: its {part}" for part in parts if len(alert.get(part, "")) < 10]
        found += [f"{ALERTS}: {name}: severity is critical or warning"
                  for _ in [0] if not re.search(r"severity: (critical|warning)\b", alert.get("labels", ""))]
        found += [f"{ALERTS}: {name}: {metric} is not counted"
                  for metric in re.findall(r"\bholdfast_\w+", alert.get("expr", "")) if metric not in names]
        seen.add(name)
    for metric in re.findall(r"\bholdfast_\w+", tree.text(DASHBOARD)) if DASHBOARD in tree.files else []:
        found += [f"{DASHBOARD}: {metric} is not counted"] if metric not in names else []
    return found


def guides_are_true(tree):
    """A path in a guide exists, a name of ours is in the code, what any page says to be in a file is there, and the
    rooms of src/README.md are those of the tree."""
    found = []
    sources = set(re.findall(r"\bHF_\w+|\bhf_\w+", "".join(
        tree.text(n) for n in tree.files if n.endswith((".c", ".h", ".def")))))
    folders = {name.rsplit("/", depth)[0] for name in tree.files for depth in range(1, name.count("/") + 1)}
    for guide in (g for g in GUIDES if g in tree.files):
        for quoted in re.findall(r"`([^`\n]+)`", tree.text(guide)):
            path = quoted.rstrip("/")
            if re.match(r"(src|sim|tests|proto|contrib|include)/[\w./-]+$", path):
                if path not in tree.files and path not in folders:
                    found.append(f"{guide}: {quoted} is not there")
            elif re.match(r"(hf_|HF_)\w+$", quoted) and quoted not in sources | {"hf_noun_verb", "hf__noun_verb"}:
                found.append(f"{guide}: {quoted} is not in the code")
    for page in (p for p in tree.files if p.endswith(".md")):
        for names, path in re.findall(r"((?:`\w+`(?:,? and |, | )?)+)in `((?:src|sim|tests)/[\w./]+)`", tree.text(page)):
            found += [f"{page}: {name} is not in {path}" for name in re.findall(r"`(\w+)`", names)
                      if path not in tree.files or not re.search(rf"\b{name}\b", tree.text(path))]
    if GUIDES[0] in tree.files:
        cells = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", tree.text(GUIDES[0]), re.M)
        listed = [room for cell in cells for room in re.findall(r"`(\w+)`", cell)]
        if listed != list(ROOMS):
            found.append(f"{GUIDES[0]}: its rooms are not those of rules.py, in their order")
    return found


def pages_are_what_their_tables_make_them(tree):
    return [f"{page}: run `ninja renew` in the build folder"
            for page, table, make in pages.PAGES if table in tree.files
            if page not in tree.files or tree.text(page) != make(tree.text(table))] + [
                f"{page}: its part of {table}: run `ninja renew` in the build folder"
                for page, table, make in pages.PARTS if table in tree.files
                if page not in tree.files or tree.text(page) != pages.with_part(tree.text(page), table, make(tree.text(table)))]


def states_have_every_part_and_a_test(tree):
    found, names = [], set()
    for row in pages.rows(tree.text(STATES), "HF_STATE") if STATES in tree.files else []:
        if len(row) != 5:
            found.append(f"{STATES}: {row[0]} has {len(row)} parts of 5")
            continue
        constant, name, says, page, test = row
        wrong = [
            "its name is not its own" if name in names else None,
            "what status says: without a capital or a full stop" if not re.match(r"[a-z].*[^.]$", says) else None,
            "what the page says: sentences" if page and not _sentences(page) else None,
            f"tests/{test} does not bring it about"
            if f"tests/{test}" not in tree.files or not re.search(rf"\b{constant}\b", tree.text(f"tests/{test}")) else None,
        ]
        found += [f"{STATES}: {constant}: {text}" for text in wrong if text]
        names.add(name)
    return found


def exits_are_what_usage_says(tree):
    """Each row of a command's exit status stands in its usage text, and a usage text says none that is no row."""
    if EXITS not in tree.files:
        return []
    found, rows, said = [], {}, {}
    for command, status, what in pages.rows(tree.text(EXITS), "HF_EXIT"):
        if status in rows.setdefault(command, {}):
            found.append(f"{EXITS}: {command} {status}: twice")
        rows[command][status] = what
    for name in (n for n in tree.files if re.match(r"src/(cli|share)/\w+\.c$", n)):
        for text in re.findall(r'((?:"[^"\n]*"\s*)+);', tree.text(name)):
            usage = " ".join("".join(re.findall(r'"([^"\n]*)"', text)).replace("\\n", " ").split())
            if "exit status:" in usage:
                said[usage.split("exit status:")[1].strip()] = re.findall(r"\b(?:holdfast )?(holdfast-[a-z]+|(?<=holdfast )[a-z]+(?: [a-z]+)?)", usage.split("exit status:")[0])
    for command, statuses in rows.items():
        says = ", ".join(f"{status} {what}" for status, what in statuses.items())
        uses = [words for text, words in said.items() if text in (says, "the program's; " + says)]
        if command and not any(command in words or command in {w.split()[0] for w in words} for words in uses):
            found.append(f"{EXITS}: {command}: its usage does not end with: exit status: {says}")
    known = {", ".join(f"{status} {what}" for status, what in statuses.items()) for statuses in rows.values()}
    for text in said:
        bare = text.removeprefix("the program's; ")
        if bare not in known:
            found.append(f"src/cli: a usage says exit status {text}, which is no row of {EXITS}")
    return found


def scenes_have_every_part(tree):
    """That each can be played is for tests/e2e/test_demo.py, which plays them all."""
    table = next((ast.literal_eval(node.value) for node in _python(tree, SCENES + "__init__.py")
                  if isinstance(node, ast.Assign) and node.targets[0].id == "ORDER"), ())
    files = {name[len(SCENES):-3] for name in tree.files if name.startswith(SCENES) and name.endswith(".py")}
    found = [f"{SCENES}{name}.py: ORDER does not have it" for name in sorted(files - set(table) - NO_SCENES)]
    for place, name in enumerate(table):
        values, functions = {}, set()
        for node in _python(tree, f"{SCENES}{name}.py"):
            if isinstance(node, ast.Assign) and node.targets[0].id in ("SHOWS", "NEEDS"):
                values[node.targets[0].id] = ast.literal_eval(node.value)
            elif isinstance(node, ast.FunctionDef):
                functions.add(node.name)
        wrong = [
            "SHOWS says what it shows" if not values.get("SHOWS") else None,
            "NEEDS names scenes before it" if not set(values.get("NEEDS", "?")) <= set(table[:place]) else None,
            "play(demo) is missing" if "play" not in functions else None,
        ]
        found += [f"{SCENES}{name}.py: {text}" for text in wrong if text]
    return found


def _python(tree, name):
    """The statements of a Python file; none where there is no such file."""
    return ast.parse(tree.text(name)).body if name in tree.files else []


CHECKS = [checkers_have_every_part_and_a_test, columns_have_every_part, strategies_have_every_part, guides_are_true, scenes_have_every_part, reasons_have_every_part_and_a_test, states_have_every_part_and_a_test, exits_are_what_usage_says, metrics_have_every_part, alerts_have_every_part, pages_are_what_their_tables_make_them]
