"""The files of the project, and just enough reading of C to judge them."""

import pathlib
import re
import subprocess

TEXT_SUFFIXES = {".c", ".h", ".def", ".md", ".py", ".build", ".txt", ".yaml", ".yml", ".in", ".sh", ""}

_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def _blank(match):
    """Comments and literals become blanks, so that lines and columns stay where they are."""
    return re.sub(r"[^\n]", " ", match.group(0))


class Tree:
    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.files = sorted(self._list())
        self._texts = {}

    def _list(self):
        """What git keeps or would keep; without git, all but build folders and dotfiles' folders."""
        if (self.root / ".git").exists():
            out = subprocess.run(
                ["git", "-C", self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                capture_output=True, check=True).stdout.decode()
            return [name for name in set(out.split("\0")) if name and (self.root / name).is_file()]
        builds = [p.parent for p in self.root.glob("*/meson-private")]
        return [str(p.relative_to(self.root)) for p in self.root.rglob("*")
                if p.is_file() and not any(b in p.parents for b in builds) and "/.git/" not in str(p)]

    def text(self, name):
        if name not in self._texts:
            self._texts[name] = (self.root / name).read_text(encoding="utf-8", errors="replace")
        return self._texts[name]

    def code(self, name):
        """A C file without its comments and literals."""
        return _TOKEN.sub(_blank, self.text(name))

    def c_files(self, *under):
        return [f for f in self.files
                if f.endswith((".c", ".h")) and (not under or f.startswith(tuple(u + "/" for u in under)))]

    def text_files(self):
        return [f for f in self.files if pathlib.PurePath(f).suffix in TEXT_SUFFIXES]

    def room_of(self, name):
        """The room of a file in src/, "sim" for the simulator's, or None."""
        parts = name.split("/")
        if parts[0] == "src" and len(parts) > 2:
            return parts[1]
        return "sim" if parts[0] == "sim" else None

    def includes(self, name):
        """(line number, "<" or '"', header) of each #include; one through a macro is in the file it expands."""
        found = []
        for number, line in enumerate(self.text(name).split("\n"), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                found.append((number, match.group(1), match.group(2)))
        return found

    def calls(self, name, functions):
        """(line number, function) wherever one of the functions is called by that very name."""
        pattern = re.compile(r"(?<![\w.>])(" + "|".join(sorted(functions)) + r")\s*\(")
        code = self.code(name)
        return [(code.count("\n", 0, m.start()) + 1, m.group(1)) for m in pattern.finditer(code)]

    def functions(self, name):
        """(first line, name, lines) of each function, as clang-format lays them out: braces in column one."""
        lines = self.code(name).split("\n")
        found = []
        for i, line in enumerate(lines):
            if line.rstrip() != "{":
                continue
            head = i
            while head > 0 and lines[head - 1].strip() and not lines[head - 1].rstrip().endswith(("}", ";")):
                head -= 1
            end = next((j for j in range(i, len(lines)) if lines[j].startswith("}")), len(lines) - 1)
            match = re.search(r"(\w+)\s*\(", " ".join(lines[head:i]))
            found.append((head + 1, match.group(1) if match else "?", end - head + 1))
        return found
