"""Checks of what decays by itself: functions that nothing uses, assertions, the history."""

import re
import subprocess

from checks import Skip
from rules import ASSERTIONS_IN_CORE_MIN, OUTER_FILES, RETIRED_WORDS, SUBJECT_MAX, SUBJECTS_SINCE, UNUSED, VAGUE_ACTORS


def _words_of_sources(tree):
    """{file: {word: times}} of the C files."""
    found = {}
    for name in tree.c_files("src", "sim", "include", "tests"):
        counts = found[name] = {}
        for word in re.findall(r"\w+", tree.code(name)):
            counts[word] = counts.get(word, 0) + 1
    return found


def _shared_functions(tree, name):
    """(line, function) of the functions of a file that others may call."""
    lines = tree.code(name).split("\n")
    return [(line, function) for line, function, _ in tree.functions(name)
            if function.startswith("hf_") and not re.match(r"\s*static\b", lines[line - 1])]


def every_function_has_a_user(tree):
    """A function that others may call is called by another file. What tests alone call is no part of src/; of sim/ it
    may be one, whose world is there for them. A name in a table (.def, .map) is a use, and so is one in a header besides
    its declaration."""
    words = _words_of_sources(tree)
    tables = set(re.findall(r"\w+", "".join(tree.text(n) for n in tree.files if n.endswith((".def", ".map")))))
    found = []
    for name in (n for n in tree.c_files("src", "sim") if n.endswith(".c")):
        for line, function in _shared_functions(tree, name):
            users = {n for n, counts in words.items()
                     if n != name and (counts.get(function, 0) > 1 if n.endswith(".h") else function in counts)}
            if function in tables or function in UNUSED or any(not n.startswith("tests/") for n in users):
                continue
            at_home = words[name][function] > 1
            if not users:
                found.append(f"{name}:{line}: {function} is {'not static' if at_home else 'used nowhere'}")
            elif not at_home and name.startswith("src/"):
                found.append(f"{name}:{line}: {function} is used by tests alone")
    return found


def a_tag_has_one_definition_in_its_room(tree):
    """What begins with hf_ is shared: a second layout of that name is one that a reader, or a debugger, takes for the
    other. Another room may have its own."""
    found, seen = [], {}
    for name in tree.c_files("src", "sim"):
        code = tree.code(name)
        for tag in re.finditer(r"\b(?:struct|union|enum) (hf_\w+)\s*\{", code):
            here = f"{name}:{code.count(chr(10), 0, tag.start()) + 1}"
            first = seen.setdefault((tree.room_of(name), tag[1]), here)
            if first != here:
                found.append(f"{here}: {tag[1]} is another one in {first}")
    return found


def comments_name_who_acts(tree):
    """No pronoun without a noun, no causative that reads like a question ("Has it flushed"), and no word that was
    given up for the field's."""
    found = []
    vague = re.compile(rf"\b({'|'.join(VAGUE_ACTORS)})\b|^/\*[\s*]*(?-i:(Has|Have|Is|Are|Does))\b", re.I)
    retired = re.compile(rf"(?<![a-z])({'|'.join(RETIRED_WORDS)})(?![a-z])", re.I)
    folders = ("src", "sim", "include", "tests")
    tables = [n for n in tree.files if n.endswith(".def") and n.startswith(folders)]
    for name in tree.c_files(*folders) + tables:
        text = tree.text(name)
        found += [f"{name}:{text.count(chr(10), 0, word.start()) + 1}: {word[1]}: the field has another word"
                  for word in retired.finditer(text)]
        for comment in re.finditer(r"/\*.*?\*/", text, re.S):
            match = vague.search(comment[0])
            if match:
                found.append(f"{name}:{text.count(chr(10), 0, comment.start() + match.start()) + 1}: "
                             f"{match[1] or match[2]}: name who acts, subject first")
    return found


def shared_declarations_say_what_they_are(tree):
    """A function that a header of src/ or sim/ declares has a comment: above it, behind it, or above the block that it
    stands in."""
    found = []
    begins = re.compile(r"(?!typedef|static_assert)[A-Za-z][\w *]*?\b(\w+)\((?!\*)")
    for name in (n for n in tree.c_files("src", "include", "sim") if n.endswith(".h")):
        lines = tree.text(name).split("\n")
        for at, line in enumerate(lines):
            declared = begins.match(line)
            if not declared:
                continue
            end = at
            while end + 1 < len(lines) and not re.search(r"[;{]", lines[end]):
                end += 1
            above = at - 1
            while above >= 0 and lines[above].strip() and "*/" not in lines[above] and lines[above] != "}":
                above -= 1
            if above >= 0 and "*/" in lines[above] or "/*" in "".join(lines[at:end + 1]):
                continue
            found.append(f"{name}:{at + 1}: nothing says what {declared[1]} is")
    return found


def comments_name_what_is_there(tree):
    """A source file, a function, a struct or a constant of ours that a comment names is in the tree."""
    folders = ("src", "sim", "include", "tests")
    names = tree.c_files(*folders) + [n for n in tree.files if n.endswith(".def") and n.startswith(folders)]
    # A table's macro stands in it alone, and in what makes pages of it.
    code = "".join(tree.code(n) for n in names) + "".join(tree.text(n) for n in tree.files if n.endswith((".py", ".build")))
    known = set(re.findall(r"\b(?:hf|HF)_\w+", code))
    tails = {name[at:] for name in tree.files for at in [0] + [m.end() for m in re.finditer("/", name)]}
    thing = re.compile(r"(?<![\w./-])(?:(?P<path>(?:[\w-]+/)*[\w-]+\.(?:c|h|def))\b|(?P<name>(?:hf|HF)_\w*[a-zA-Z0-9])\b(?!_))")
    found = []
    for name in names:
        text = tree.text(name)
        for comment in re.finditer(r"/\*.*?\*/", text, re.S):
            found += [f"{name}:{text.count(chr(10), 0, comment.start() + m.start()) + 1}: {m[0]} is not in the tree"
                      for m in thing.finditer(comment[0])
                      if (m["path"] not in tails | OUTER_FILES if m["path"] else m["name"] not in known)]
    return found


def core_states_its_invariants(tree):
    """Assertions a function may only rise: raise the figure in rules.py with them."""
    files = [n for n in tree.c_files("src/core") if n.endswith(".c")]
    functions = sum(len(tree.functions(n)) for n in files)
    assertions = sum(len(tree.calls(n, {"hf_assert", "static_assert"})) for n in files)
    if functions == 0 or assertions / functions >= ASSERTIONS_IN_CORE_MIN:
        return []
    return [f"src/core: {assertions} assertions in {functions} functions, {assertions / functions:.3f} each; "
            f"{ASSERTIONS_IN_CORE_MIN} before"]


def history(root, commits):
    """What is wrong with the messages of these commits, as git log takes them."""
    run = subprocess.run(["git", "-C", root, "log", "-z", "--no-merges", "--format=%h%n%s%n%b", commits],
                         capture_output=True, text=True)
    if run.returncode != 0:
        raise Skip("git does not know where to begin")
    found = []
    for message in filter(None, run.stdout.split("\0")):
        commit, subject, body = message.split("\n", 2)
        if len(subject) > SUBJECT_MAX:
            found.append(f"{commit}: a subject of {len(subject)} characters")
        if not re.match(r"[\w./-]+(?:, [\w./-]+)*: \S|(?:Merge|Revert) ", subject):
            found.append(f"{commit}: the subject does not begin with a room and a colon: {subject}")
        if not body.strip():
            found.append(f"{commit}: no body says why")
    return found


def commits_say_what_and_why(tree):
    if not (tree.root / ".git").exists():
        raise Skip("not a clone")
    return history(tree.root, f"{SUBJECTS_SINCE}..HEAD")


CHECKS = [every_function_has_a_user, a_tag_has_one_definition_in_its_room, comments_name_who_acts, comments_name_what_is_there,
          shared_declarations_say_what_they_are, core_states_its_invariants, commits_say_what_and_why]
