"""The inside of src/core and of sim: chambers in one order; in core each with one header, and no large circle of files."""

import re
import subprocess

from checks import Skip
from rules import CHAMBERS, CIRCLE_FILES_MAX, SIM_CHAMBERS

CORE = "src/core/"
SIM = "sim/"
SIM_GUIDE = "sim/README.md"


def chamber_of(name):
    """The chamber of a file of core; what stands beside the chambers is the engine, above them all."""
    parts = name.removeprefix(CORE).split("/")
    if not name.startswith(CORE) or parts[0] == "include":
        return None
    return parts[0] if len(parts) > 1 else "engine"


def chambers_include_only_chambers_below_them(tree):
    found = []
    for name in tree.c_files("src/core"):
        chamber = chamber_of(name)
        if chamber is None:
            continue
        if chamber not in CHAMBERS:
            found.append(f"{name}: {chamber} is not in the list of chambers")
            continue
        for line, kind, header in tree.includes(name):
            other = chamber_of(CORE + header) if kind == '"' and CORE + header in tree.files else chamber
            if other == chamber:
                continue
            if other not in CHAMBERS[chamber]:
                found.append(f"{name}:{line}: {chamber} may not include {header}")
            elif chamber != "engine" and header != f"{other}/{other}.h":
                found.append(f"{name}:{line}: {header} is no business of {chamber}: include {other}/{other}.h")
    return found


def chambers_of_sim_include_only_those_below_them(tree):
    """Every source of the simulator lies in a chamber, and includes its own headers and those of the chambers below."""
    found = []
    for name in (n for n in tree.c_files("sim") if not n.startswith(SIM + "include/")):
        chamber = name.removeprefix(SIM).rpartition("/")[0]
        if chamber not in SIM_CHAMBERS:
            found.append(f"{name}: {chamber or 'the folder itself'} is not in the list of chambers")
            continue
        for line, kind, header in tree.includes(name):
            other = header.rpartition("/")[0]
            if kind == '"' and SIM + header in tree.files and other != chamber and (
                    other not in SIM_CHAMBERS or SIM_CHAMBERS.index(other) > SIM_CHAMBERS.index(chamber)):
                found.append(f"{name}:{line}: {chamber} may not include {header}")
    if SIM_GUIDE in tree.files and re.search(r"^\| chamber \|", tree.text(SIM_GUIDE), re.M):
        listed = re.findall(r"^\| `(\w+)/` \|", tree.text(SIM_GUIDE), re.M)
        if listed != SIM_CHAMBERS:
            found.append(f"{SIM_GUIDE}: its chambers are not those of rules.py, in their order")
    return found


def calls_of(tree, archive):
    """{file: files whose functions or data it uses} of the archive of core."""
    files = {name.removeprefix(CORE).replace("/", "_") + ".o": name for name in tree.c_files("src/core")}
    out = subprocess.run(["nm", "--format=posix", archive], capture_output=True, check=True, text=True).stdout
    defined, used, name = {}, {}, None
    for line in out.splitlines():
        if line.endswith("]:") and "[" in line:
            name = files.get(line[:-2].rpartition("[")[2].rpartition("/")[2])
            used[name] = set()
            continue
        symbol, kind = line.split()[:2]
        if kind in "Uw":
            used[name].add(symbol)
        elif kind.isupper():
            defined[symbol] = name
    used.pop(None, None)
    return {name: {defined[s] for s in symbols if s in defined} - {name, None} for name, symbols in used.items()}


def circles_of(calls):
    """The sets of more than one file each of which reaches every other, largest first."""
    def reached(start):
        seen, todo = set(), [start]
        while todo:
            for other in calls.get(todo.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
        return seen

    reach = {name: reached(name) for name in calls}
    circles = {frozenset(o for o in reach[n] if n in reach.get(o, ())) for n in calls if n in reach[n]}
    return sorted(circles, key=lambda c: (-len(c), sorted(c)))


def _core_archive(archives):
    for archive in archives:
        if archive.endswith("libhf_core.a"):
            return archive
    raise Skip("the archive of core was not named")


def chambers_call_only_chambers_below_them(tree, archives):
    """What includes cannot show: a prototype that a file declares for itself."""
    return [f"{name} ({chamber_of(name)}) calls {other}"
            for name, others in sorted(calls_of(tree, _core_archive(archives)).items()) for other in sorted(others)
            if chamber_of(other) != chamber_of(name) and chamber_of(other) not in CHAMBERS.get(chamber_of(name), ())]


def no_circle_of_files_is_large(tree, archives):
    return [f"{len(circle)} files call each other in a circle: {', '.join(sorted(circle))}"
            for circle in circles_of(calls_of(tree, _core_archive(archives))) if len(circle) > CIRCLE_FILES_MAX]


def table(tree, archives):
    """Lines that show how core stands: by chamber and in all."""
    calls = calls_of(tree, _core_archive(archives))
    circles = circles_of(calls)
    rows = [("chamber", "files", "functions", "circle", "assertions", "comments")]
    for chamber in [*CHAMBERS, "core"]:
        names = [n for n in tree.c_files("src/core")
                 if chamber_of(n) == chamber or (chamber == "core" and chamber_of(n) is not None)]
        sources = [n for n in names if n.endswith(".c")]
        if not sources:
            continue
        functions = sum(len(tree.functions(n)) for n in sources)
        assertions = sum(len(tree.calls(n, {"hf_assert", "static_assert"})) for n in sources)
        lines = [line for n in names for line in tree.text(n).split("\n") if line.strip()]
        blank = sum(1 for n in names for text, code in zip(tree.text(n).split("\n"), tree.code(n).split("\n"))
                    if text.strip() and not re.search(r"\S", code))
        largest = max((len(c) for c in circles if any(n in c for n in sources)), default=1)
        rows.append((chamber, str(len(sources)), str(functions), str(largest), f"{assertions / functions:.2f}",
                     f"{100 * blank / len(lines):.0f} %"))
    return [" ".join(f"{cell:>10}" for cell in row) for row in rows]


INCLUDES = [chambers_include_only_chambers_below_them, chambers_of_sim_include_only_those_below_them]
CALLS = [chambers_call_only_chambers_below_them, no_circle_of_files_is_large]
