"""Manual pages that are made from a table of the source.

usage: pages.py [--check]

Writes contrib/man/holdfast-reasons.7 from src/base/include/base/reasons.def, contrib/man/holdfast-metrics.7 from
src/daemon/metrics.def, and contrib/man/holdfast-alerts.7 from contrib/alerts/holdfast.rules.yml; and in
contrib/man/holdfast.1 and contrib/man/holdfast-sim.1 the parts between `.\\" made from TABLE` and `.\\" until here`.
With --check, writes nothing, and exits 1 where a page is not what its table makes it.
"""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
TOKEN = re.compile(r'"((?:\\.|[^"\\])*)"|([^\s,()"]+)|([,()])')


def rows(text, macro):
    """The arguments of each call of the macro in a .def file, adjacent strings joined: [[str, ...], ...]. Parentheses
    inside an argument are kept as they are."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    found = []
    for call in re.finditer(rf"\b{macro}\(", text):
        row, part, at, depth = [], "", call.end(), 1
        while depth > 0:
            token = TOKEN.search(text, at)
            at = token.end()
            depth += {"(": 1, ")": -1}.get(token[3], 0)
            if depth == 0 or (depth == 1 and token[3] == ","):
                row.append(part)
                part = ""
            else:
                part += token[1] if token[1] is not None else token[0]
        found.append(row)
    return found


def roff(text):
    """Text as mdoc takes it: a sentence a line, nothing at a line's beginning that means something else."""
    lines = re.sub(r"(?<=[.:]) (?=[A-Z])", "\n", text.replace("\\", "\\e")).split("\n")
    return "\n".join("\\&" + line if line[0] in ".'" else line for line in lines)


def sentence(text):
    return text[0].upper() + text[1:] + "."


def reasons(text):
    out = [
        ".\\\" Made from src/base/include/base/reasons.def by contrib/lib/pages.py: edit the table.",
        ".Dd November 28, 2026", ".Dt HOLDFAST-REASONS 7", ".Os Holdfast", ".Sh NAME", ".Nm holdfast-reasons",
        ".Nd what Holdfast says when something is not as it should be, and what to do", ".Sh DESCRIPTION",
        "A reason has a stable name.", "It stands in the status, in the log, in what commands print, and in what peers answer.",
        ".Ql holdfast explain Ar name", "prints one of these paragraphs.", ".Bl -tag -width Ds",
    ]
    for _, _, name, transient, what, todo, otherwise, _ in rows(text, "HF_REASON"):
        out += [f".It {name}", roff(sentence(what)), ".Pp", roff(todo), ".Pp",
                "If nothing is done:", roff(otherwise),
                "Trying again, unchanged, " + ("may help." if transient == "1" else "does not help.")]
    out += [".El", ".Sh SEE ALSO", ".Xr holdfast 1 ,", ".Xr holdfastd 8"]
    return "\n".join(out) + "\n"


def metrics(text):
    out = [
        ".\\\" Made from src/daemon/metrics.def by contrib/lib/pages.py: edit the table.",
        ".Dd November 28, 2026", ".Dt HOLDFAST-METRICS 7", ".Os Holdfast", ".Sh NAME", ".Nm holdfast-metrics",
        ".Nd what a daemon of Holdfast counts and measures", ".Sh DESCRIPTION",
        "A daemon whose configuration has", ".Ic metrics",
        "answers on a port of 127.0.0.1 in the text format of Prometheus.",
        "Counters begin at 0 when the daemon starts.", ".Bl -tag -width Ds",
    ]
    for name, kind, unit, what, reading, *_ in rows(text, r"HF_METRIC_[A-Z]+"):
        if name != "name":
            out += [f".It holdfast_{name} Pq {kind}, {unit}", roff(what), roff(reading)]
    out += [".El", ".Sh SEE ALSO", ".Xr holdfast 1 ,", ".Xr holdfast-reasons 7 ,", ".Xr holdfastd 8"]
    return "\n".join(out) + "\n"


def alert_rules(text):
    """The alerts of a file of rules, each as {field: text}; the fields stand a line each, quoted or bare."""
    found = []
    for line in text.split("\n"):
        match = re.match(r"\s+(?:- )?(alert|expr|for|labels|summary|meaning|impact|diagnosis|mitigation): (.+)$", line)
        if match:
            value = match[2]
            quoted = len(value) > 1 and value[0] == value[-1] == "'"
            if match[1] == "alert":
                found.append({})
            found[-1][match[1]] = value[1:-1].replace("''", "'") if quoted else value
    return found


def alerts(text):
    out = [
        ".\\\" Made from contrib/alerts/holdfast.rules.yml by contrib/lib/pages.py: edit the rules.",
        ".Dd November 29, 2026", ".Dt HOLDFAST-ALERTS 7", ".Os Holdfast", ".Sh NAME", ".Nm holdfast-alerts",
        ".Nd what a network of Holdfast wakes people for, and what they do then", ".Sh DESCRIPTION",
        "The rules for Prometheus that are installed as", ".Pa holdfast/holdfast.rules.yml",
        "in the folder for data raise these alerts, for a job named", ".Ql holdfast .",
        "Each carries these paragraphs as annotations.",
    ]
    for alert in alert_rules(text):
        severity = re.sub(r".*severity: (\w+).*", r"\1", alert["labels"])
        out += [f".Ss {alert['alert']}", f"Severity {severity}, " + (f"when for {alert['for']}:" if alert["for"] != "0m" else "at once when:"), ".Dl " + roff(alert["expr"]),
                ".Bl -tag -width Mitigation"]
        for part in ("meaning", "impact", "diagnosis", "mitigation"):
            out += [f".It {part.capitalize()}", roff(alert[part])]
        out += [".El"]
    out += [".Sh SEE ALSO", ".Xr holdfast 1 ,", ".Xr holdfast-metrics 7 ,", ".Xr holdfast-reasons 7 ,", ".Xr holdfastd 8"]
    return "\n".join(out) + "\n"


def states(text):
    out = [".Bl -tag -width recovering"]
    for _, name, says, page, _ in rows(text, "HF_STATE"):
        out += [f".It {name}", roff(page or sentence(says))]
    return "\n".join(out + [".El"]) + "\n"


def exits(text):
    """The general row first, then a list with a line a command."""
    commands = {}
    for command, status, what in rows(text, "HF_EXIT"):
        commands.setdefault(command, []).append(f"{status} {what}")
    out = [f"Where a command says nothing else of a number: {', '.join(commands.pop(''))}.", ".Bl -tag -width Ds"]
    for command, said in commands.items():
        if command.startswith("holdfast-"):
            continue
        out += [f".It Cm {command}", *([".Pq else the program's"] if command == "exec" else []), roff("; ".join(said) + ".")]
    return "\n".join(out + [".El"]) + "\n"


def share_exits(text):
    """A sentence: the rows of holdfast-share."""
    said = [f"{status} {what}" for command, status, what in rows(text, "HF_EXIT") if command == "holdfast-share"]
    return roff(sentence("; ".join(said))) + "\n" if said else ""


def columns(text):
    """A list for each of the files."""
    out = []
    for file, macro, what in (("run.csv", "HF_RUN_COLUMN", "one row for the run"), ("nodes.csv", "HF_NODE_COLUMN", "one row for each node"),
                              ("series.csv", "HF_SERIES_COLUMN", "one row for each span of time and kind of message")):
        out += [f".Ss {file}", f"A heading and {what}:", ".Bl -tag -width Ds"]
        for name, *_, doc in rows(text, macro):
            if name != "name":
                out += [f".It {name}", roff(sentence(re.sub("`(.*?)`", r"\1", doc)))]
        out += [".El"]
    return "\n".join(out) + "\n"


# Parts of a page that other parts are written around.
PARTS = [
    ("contrib/man/holdfast.1", "src/core/include/core/states.def", states),
    ("contrib/man/holdfast.1", "src/cli/exits.def", exits),
    ("contrib/man/holdfast-share.1", "src/cli/exits.def", share_exits),
    ("contrib/man/holdfast-sim.1", "sim/trial/columns.def", columns),
]


def with_part(page, table, part):
    """The page with the part between the marks of this table in it; None: it has no such marks."""
    begin, end = f'.\\" made from {table}\n', '.\\" until here\n'
    head, mark, rest = page.partition(begin)
    _, closed, tail = rest.partition(end)
    return head + begin + part + end + tail if mark and closed else None


PAGES = [
    ("contrib/man/holdfast-reasons.7", "src/base/include/base/reasons.def", reasons),
    ("contrib/man/holdfast-metrics.7", "src/daemon/metrics.def", metrics),
    ("contrib/man/holdfast-alerts.7", "contrib/alerts/holdfast.rules.yml", alerts),
]


def stale(top=TOP):
    """[(page, what its table makes it)] of those that differ from it."""
    made = [(page, make((top / table).read_text(encoding="utf-8"))) for page, table, make in PAGES]
    for page in {page for page, _, _ in PARTS}:
        text = (top / page).read_text(encoding="utf-8")
        for table, make in ((table, make) for of, table, make in PARTS if of == page):
            text = with_part(text, table, make((top / table).read_text(encoding="utf-8"))) or sys.exit(f"{page} has no part for {table}")
        made.append((page, text))
    return [(page, text) for page, text in made
            if not (top / page).exists() or (top / page).read_text(encoding="utf-8") != text]


def main():
    found = stale()
    for page, text in found:
        if "--check" not in sys.argv:
            (TOP / page).write_text(text, encoding="utf-8")
        print(f"{page}: {'is not what its table makes it' if '--check' in sys.argv else 'written'}")
    return 1 if found and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
