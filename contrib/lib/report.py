"""Steps that are ticked as they happen, with the time each took, within 80 columns."""

import contextlib
import sys
import time

WIDTH = 80


class Report:
    def __init__(self, out=sys.stdout):
        self.out = out
        self.live = out.isatty()
        fancy = (out.encoding or "").lower().replace("-", "") == "utf8"
        self.tick, self.cross, self.dots = ("✓", "✗", "…") if fancy else ("+", "x", ".")
        self.started = time.monotonic()
        self.titles = 0

    def _colour(self, code, text):
        return f"\x1b[{code}m{text}\x1b[0m" if self.live else text

    def line(self, text=""):
        print(text, file=self.out, flush=True)

    def title(self, text):
        self.titles += 1
        self.line()
        self.line(self._colour("1", f"{self.titles}. {text}"))

    def note(self, text):
        """A line of detail below a step; longer text is wrapped at blanks."""
        row = "      "
        for word in text.split():
            if len(row) + 1 + len(word) > WIDTH and row.strip():
                self.line(row)
                row = "      "
            row += word + " "
        self.line(row.rstrip())

    @contextlib.contextmanager
    def step(self, text):
        """
        Ticks text when its block has run, crosses it when the block raises. The block may set .text and .seconds of
        what it gets, to say what was found and how long the thing itself took.
        """
        row = Step(text)
        if self.live:
            print(f"   {self.dots} {text[:WIDTH - 6]}", end="", file=self.out, flush=True)
        started = time.monotonic()
        try:
            yield row
        except BaseException:
            self._end(row, self.cross, "31", time.monotonic() - started)
            raise
        self._end(row, self.tick, "32", time.monotonic() - started if row.seconds is None else row.seconds)

    def _end(self, row, mark, colour, seconds):
        took = f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
        room = WIDTH - 5 - 1 - len(took)
        if self.live:
            print("\r\x1b[K", end="", file=self.out)
        self.line(f"   {self._colour(colour, mark)} {row.text[:room]:<{room}} {took}")

    def total(self):
        return time.monotonic() - self.started


class Step:
    def __init__(self, text):
        self.text = text
        self.seconds = None
