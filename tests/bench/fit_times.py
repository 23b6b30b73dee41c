"""What is compared, and how it is read from what happened, real or simulated.

A happening is (milliseconds, what, detail): ("document", "set"), ("state", its name), ("rebuilt", ""), ….
"""

import statistics

MEASURES = {
    "placed": "placing all at once: set known to placed",
    "ready": "placing all at once: set known to ready",
    "rebuilt": "a restart: recovering to key rebuilt",
    "claimed": "a restart: recovering to claim won",
    "again": "a restart: recovering to ready",
}


def median(values):
    """Of values that are known to a millisecond each: what lies inside the middle one's class counts."""
    return statistics.median_grouped(values, interval=1)


def p90(values):
    """Nine in ten are no larger."""
    ordered = sorted(values)
    return ordered[-(-9 * len(ordered) // 10) - 1]


def _first(happenings, what, detail=None):
    for at, kind, which in happenings:
        if kind == what and detail in (None, which):
            return at
    raise ValueError(f"{what} {detail or ''} did not happen")


def placing(nodes):
    """From the happenings of every node: milliseconds since the first of them knew the set."""
    begin = min(_first(happenings, "document", "set") for happenings in nodes)
    return {state: [_first(happenings, "state", state) - begin for happenings in nodes]
            for state in ("placed", "ready")}


def restart(happenings):
    """From the happenings of one life after a restart."""
    begin = _first(happenings, "state", "recovering")
    return {"rebuilt": _first(happenings, "rebuilt") - begin, "claimed": _first(happenings, "claim_won") - begin,
            "again": _first(happenings, "state", "ready") - begin}


def together(placed, restarts):
    """One round's times by measure."""
    return placed | {name: [times[name] for times in restarts] for name in ("rebuilt", "claimed", "again")}
