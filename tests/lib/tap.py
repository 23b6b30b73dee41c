"""Tests in Python that speak TAP: a case is a function, its name the claim, an exception its failure."""

import signal
import sys
import time
import traceback

_cases = []


class Skip(Exception):
    """Raised by a case that cannot run here; the text says why."""


def case(function):
    """Decorator: function runs as one case, in the order of the file."""
    _cases.append(function)
    return function


def main():
    """Runs every case, or those that the arguments name. Returns the exit status."""
    chosen = [c for c in _cases if len(sys.argv) == 1 or c.__name__ in sys.argv[1:]]
    failed = 0
    # Broken off, a case still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"1..{len(chosen)}", flush=True)
    for number, function in enumerate(chosen, 1):
        started = time.monotonic()
        line, why = "ok", ""
        try:
            function()
        except Skip as skip:
            why = f" # SKIP {skip}"
        except Exception:  # a failed case is reported, and the next one runs
            failed += 1
            line = "not ok"
            for text in traceback.format_exc().splitlines():
                print(f"# {text}")
        print(f"{line} {number} - {function.__name__} ({time.monotonic() - started:.2f} s){why}", flush=True)
    return 1 if failed or not chosen else 0
