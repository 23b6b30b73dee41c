"""The checks. Each takes the tree and returns what it found, one line a finding; none is a pass."""

import re
import shutil
import subprocess

from rules import (BANNED_CALLS, COLUMNS_MAX, FILE_LINES_MAX, FUNCTION_LINES_MAX, IMPURE_FUNCTIONS, INSTRUMENT_SYMBOLS,
                   LIBRARIES, MAY_SPEAK, OUTER_SERIES, POOL_CALLS, POOL_USERS, PURE_HEADERS, PURE_ROOMS, PURE_SYMBOLS,
                   ROOMS, SILENT_ROOMS, SIM_ROOMS, STREAM_CALLS, SYSTEM_FOLDERS, SYSTEM_HEADERS, TOP_LEVEL, UNFINISHED)


class Skip(Exception):
    """A check that cannot be made here, and why."""


def _rooms_seen_by(room):
    return SIM_ROOMS if room == "sim" else ROOMS.get(room, [])


def rooms_include_only_rooms_above_them(tree):
    found = []
    for name in tree.c_files("src", "sim"):
        room = tree.room_of(name)
        for line, kind, header in tree.includes(name):
            if ".." in header.split("/"):
                found.append(f"{name}:{line}: {header} climbs out of its folder")
            first = header.split("/")[0] if "/" in header else None
            if kind == '"' and first in ROOMS and first != room and first not in _rooms_seen_by(room):
                found.append(f"{name}:{line}: {room} may not include {header}")
    return found


def rooms_are_given_only_what_they_may_use(tree):
    found = []
    for name in tree.files:
        room = tree.room_of(name)
        if room is None or not name.endswith("meson.build"):
            continue
        words = set(re.findall(r"\w+", re.sub(r"#[^\n]*|'[^'\n]*'", "", tree.text(name))))
        others = {word.rpartition("_")[0] for word in words if word.endswith(("_dep", "_lib", "_inc"))}
        found += [f"{name}: {room} may not use {other}"
                  for other in sorted(others & set(ROOMS) - {room} - set(_rooms_seen_by(room)))]
        found += [f"{name}: {room} may not use {variable}"
                  for _, variables, rooms in LIBRARIES for variable in variables
                  if variable in words and room not in rooms]
    return found


def foreign_headers_stay_in_their_rooms(tree):
    found = []
    for name in tree.c_files("src", "sim"):
        room = tree.room_of(name)
        for line, kind, header in tree.includes(name):
            if kind != "<":
                continue
            library = next((rooms for prefix, _, rooms in LIBRARIES if header.startswith(prefix)), None)
            if library is not None:
                allowed = room in library
            elif room in PURE_ROOMS:
                allowed = header in PURE_HEADERS
            else:
                allowed = header in SYSTEM_HEADERS or header.startswith(SYSTEM_FOLDERS)
            allowed = allowed or header.startswith("holdfast/")
            if not allowed:
                found.append(f"{name}:{line}: {room} may not include <{header}>")
    return found


def the_engine_reaches_nothing_outside_memory(tree, archives):
    """archives: of the rooms that reach nothing but memory."""
    if not archives:
        raise Skip("no archive was named")
    return [line for archive in archives for line in _symbols_outside_memory(archive)]


def _symbols_outside_memory(archive):
    room = re.sub(r"^libhf_|\.a$", "", archive.rpartition("/")[2])
    out = subprocess.run(["nm", "--format=posix", archive], capture_output=True, check=True, text=True).stdout
    symbols = [fields for fields in (line.split() for line in out.splitlines()) if len(fields) >= 2]
    defined = {fields[0] for fields in symbols if fields[1] not in "Uw"}
    found = []
    for symbol in sorted({fields[0] for fields in symbols if fields[1] in "Uw"} - defined):
        ours = symbol.startswith("hf_") and not symbol.startswith(IMPURE_FUNCTIONS)
        if not ours and symbol not in PURE_SYMBOLS and not symbol.startswith(INSTRUMENT_SYMBOLS):
            found.append(f"{room} uses {symbol}")
    return found


def no_function_is_longer_than_70_lines(tree):
    return [f"{name}:{line}: {function} has {count} lines"
            for name in tree.c_files() for line, function, count in tree.functions(name)
            if count > FUNCTION_LINES_MAX]


def no_file_is_longer_than_500_lines(tree):
    return [f"{name}: {count} lines" for name in tree.c_files() + [f for f in tree.files if f.endswith(".py")]
            if (count := tree.text(name).count("\n")) > FILE_LINES_MAX]


def shells_carry_out_updates_in_one_order(tree):
    """Who steps an engine carries the update out by hf_shell_carry_out, and nowhere looks through its lists himself."""
    found = []
    for name in tree.c_files("src/daemon", "sim"):
        if tree.calls(name, {"hf_engine_step"}) and not tree.calls(name, {"hf_shell_carry_out"}):
            found.append(f"{name}: steps an engine without hf_shell_carry_out")
        code = tree.code(name)
        found += [f"{name}:{code.count(chr(10), 0, m.start()) + 1}: looks through an update's {m.group(1)}"
                  for m in re.finditer(r"(?:\.|->)(calls|replies|work|locals|traces)_count\s*;\s*\w+\+\+", code)
                  if re.search(r"\bu(?:pdate)?\s*$", code[:m.start()])]
    return found


def sizeof_has_one_form(tree):
    """`sizeof x` of an object, `sizeof(type)` of a type; what a macro is given stands in parentheses."""
    a_type = re.compile(r"(const |unsigned |signed )*(struct|enum|union|unsigned|char|int|long|short|void|float|double|bool|\w+_t|[A-Z]\w*)\b")
    return [f"{name}:{number}: {found[0]} is of an object: leave out the parentheses"
            for name in tree.c_files("src", "sim")
            for number, line in enumerate(tree.text(name).splitlines(), 1)
            if not line.endswith("\\") and "#define" not in line
            for found in re.finditer(r"\bsizeof\(([^()]*)\)(?![.\[]|->)", line) if not a_type.match(found[1])]


def nobody_makes_a_banned_call(tree):
    return [f"{name}:{line}: {function}"
            for name in tree.c_files() for line, function in tree.calls(name, BANNED_CALLS)]


def quotes_alone_take_the_threads_of_libuv(tree):
    """Files by libuv's own calls (uv_fs_…) run on the same threads."""
    found = [f"{name}:{line}: {function}"
             for name in tree.c_files("src") if name not in POOL_USERS for line, function in tree.calls(name, POOL_CALLS)]
    return found + [f"{name}: {m.group(0)}" for name in tree.c_files("src")
                    for m in re.finditer(r"\buv_fs_(?!event_|poll_)\w+", tree.code(name))]


def libraries_never_log(tree):
    return [f"{name}:{line}: {function}"
            for name in tree.c_files("src") if tree.room_of(name) in SILENT_ROOMS and name not in MAY_SPEAK
            for line, function in tree.calls(name, STREAM_CALLS)]


def the_top_level_holds_what_it_should(tree):
    top = {name.split("/")[0] for name in tree.files}
    return [f"{name} does not belong there" for name in sorted(top - TOP_LEVEL) if not name.startswith(".")]


def the_code_is_as_clang_format_leaves_it(tree):
    if shutil.which("clang-format") is None:
        raise Skip("clang-format is not installed")
    files = [str(tree.root / name) for name in tree.c_files()]
    if not files:
        return []
    run = subprocess.run(["clang-format", "--dry-run", "-Werror", "--style=file", *files],
                         capture_output=True, text=True, cwd=tree.root)
    wrong = re.findall(r"^(\S+?):\d+:\d+: error", run.stderr, re.M)
    return [f"{name.removeprefix(str(tree.root) + '/')}: run clang-format -i" for name in sorted(set(wrong))]


def comments_and_declarations_stand_whole(tree):
    """What a formatter tears: a comment's end alone on a line though its text began beside the opening, and a
    member's type on another line than its name."""
    found = []
    for name in tree.c_files():
        text = tree.text(name)
        for match in re.finditer(r"/\*.*?\*/", text, re.S):
            first, *others = match.group(0).split("\n")
            if others and first.strip("/* ") and others[-1].strip() == "*/":
                found.append(f"{name}:{text.count(chr(10), 0, match.end()) + 1}: a comment's end alone on its line")
        for match in re.finditer(r"^[ ]+(?:const |struct |enum )*\w+\n[ ]+\**\w+(?:\[[^\]\n]*\])*;", tree.code(name), re.M):
            found.append(f"{name}:{tree.code(name).count(chr(10), 0, match.start()) + 1}: a declaration in two pieces")
    return found


def no_line_is_longer_than_100_columns(tree):
    return [f"{name}:{number}: {len(line)} columns"
            for name in tree.c_files() for number, line in enumerate(tree.text(name).split("\n"), 1)
            if len(line) > COLUMNS_MAX]


def every_room_says_what_it_is_for(tree):
    found = []
    rooms = {tree.room_of(name) for name in tree.c_files("src")} - {None}
    for room in sorted(rooms):
        name = f"src/{room}/meson.build"
        if room not in ROOMS:
            found.append(f"src/{room}: not in the list of rooms")
        elif name not in tree.files:
            found.append(f"{name} is missing")
        elif not re.match(rf"# {room}: .{{20,}}", tree.text(name)):
            found.append(f"{name}: the first line does not say what {room} is for")
    return found


def every_source_is_built(tree):
    """A .c file, and a scenario that is kept, is named in the meson.build of its folder or one above, whole or in a table."""
    found = []
    sources = [f for f in tree.files if f.endswith(".c") and f.startswith(("src/", "sim/", "tests/"))]
    for name in sources + [f for f in tree.files if f.startswith("tests/scenario/found/")]:
        folder, base = name.rsplit("/", 1)
        stem = base.rpartition(".")[0]
        names = {base, stem, re.sub(r"^(test|fuzz|bench)_", "", stem)}
        built = False
        while folder and not built:
            meson = f"{folder}/meson.build"
            if meson in tree.files:
                quoted = set(re.findall(r"'([^'\n]+)'", re.sub(r"#[^\n]*", "", tree.text(meson))))
                built = bool(names & {q.rsplit("/", 1)[-1] for q in quoted})
            folder = folder.rpartition("/")[0]
        if not built:
            found.append(f"{name} is in no meson.build")
    return found


def headers_guard_themselves_and_public_ones_say_what_they_are(tree):
    found = []
    for name in (f for f in tree.c_files("src", "sim", "include", "tests") if f.endswith(".h")):
        text = tree.text(name)
        guard = re.search(r"^#ifndef (HF_\w+_H|HOLDFAST_\w+_H)\n#define \1\n", text, re.M)
        if guard is None and "No guard" not in text:
            found.append(f"{name}: no guard HF_.._H")
        if "/include/" in name and not text.startswith("/*"):
            found.append(f"{name}: does not begin with what it is for")
    return found


def every_page_that_is_cited_is_in_the_tree(tree):
    """A page by its file's name, a section of one behind a comma, and in a comment a bare word in capitals with a
    number. The self-test cites pages of trees that it makes."""
    pages = {}
    for name in (f for f in tree.files if f.endswith(".md")):
        sections = set(re.findall(r"^#+ (\d+(?:\.\d+)?)\b", tree.text(name), re.M))
        pages.setdefault(name.rsplit("/", 1)[-1].removesuffix(".md"), set()).update(sections)
    found = []
    for name in set(tree.text_files()) - {"tests/tidy/selftest.py"}:
        text = tree.text(name)
        cited = [(m.start(), m[1], m[2])
                 for m in re.finditer(r"\b([\w-]+)\.md\b`?(?:,\s[\s*#/]*(?:sections? )?(\d+(?:\.\d+)?)\b)?", text)]
        for comment in re.finditer(r"/\*.*?\*/", text, re.S) if name.endswith((".c", ".h", ".def")) else []:
            cited += [(comment.start() + m.start(), m[1], m[2])
                      for m in re.finditer(r"\b([A-Z]{4,})[\s*]+(\d+)\b", comment[0]) if m[1] not in OUTER_SERIES]
        for at, page, section in cited:
            if page not in pages or (section is not None and section not in pages[page]):
                cite = page if section is None else f"{page} {section}"
                found.append(f"{name}:{text.count(chr(10), 0, at) + 1}: {cite} is not in the tree")
    return sorted(found)


def nothing_is_left_unfinished(tree):
    # Behind a bar it is an alternative in a pattern: TAP has a directive of one of these names.
    pattern = re.compile(r"(?<![\w|])(" + "|".join(UNFINISHED) + r")\b")
    return [f"{name}:{number}: {match.group(1)}"
            for name in tree.text_files()
            for number, line in enumerate(tree.text(name).split("\n"), 1)
            if (match := pattern.search(line))]


def a_length_has_its_name(tree):
    """32 bytes are an account, a hash, a key, a scalar or a point, and say so; a text may have as many characters."""
    pattern = re.compile(r"\buint8_t [^;(){}=]*\[(?:static )?32\]|(?<!rotl)\((?:[^;(){}]*, )?32\)|\b[a-z][\w.>-]* [+-] 32\b")
    found = []
    for name in tree.c_files("src", "sim"):
        code = tree.code(name)
        found += [f"{name}:{code.count(chr(10), 0, m.start()) + 1}: 32 bytes without a name"
                  for m in pattern.finditer(code)]
    return found


def every_label_is_specified(tree):
    """A label in the code stands in a page of proto/, in full or without the common beginning."""
    pages = "".join(tree.text(name) for name in tree.files if name.startswith("proto/") and name.endswith(".md"))
    specified = set(re.findall(r"`([a-z-]+)`|holdfast/v1/([a-z-]+)", pages))
    specified = {label for pair in specified for label in pair}
    found = []
    for name in tree.c_files("src"):
        for label in sorted(set(re.findall(r'"holdfast/v1/([a-z-]+)"', tree.text(name)))):
            if label not in specified:
                found.append(f"{name}: holdfast/v1/{label} is in no page of proto/")
    return found


CHECKS = [
    rooms_include_only_rooms_above_them,
    rooms_are_given_only_what_they_may_use,
    foreign_headers_stay_in_their_rooms,
    the_engine_reaches_nothing_outside_memory,
    no_function_is_longer_than_70_lines,
    no_file_is_longer_than_500_lines,
    shells_carry_out_updates_in_one_order,
    nobody_makes_a_banned_call,
    sizeof_has_one_form,
    quotes_alone_take_the_threads_of_libuv,
    libraries_never_log,
    the_top_level_holds_what_it_should,
    the_code_is_as_clang_format_leaves_it,
    comments_and_declarations_stand_whole,
    no_line_is_longer_than_100_columns,
    every_room_says_what_it_is_for,
    every_source_is_built,
    headers_guard_themselves_and_public_ones_say_what_they_are,
    a_length_has_its_name,
    every_label_is_specified,
    every_page_that_is_cited_is_in_the_tree,
    nothing_is_left_unfinished,
]
