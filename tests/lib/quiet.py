"""Nodes that have to stay quiet while something happens: no warning, no other state than ready, nothing loud in the log."""

import time

# Longer than a warning has to stand before it is logged (5 s), and than a round of a node that is ready.
QUIET_S = 8


def watched(nodes, over, what, quiet_s=QUIET_S):
    """Looks at nodes until over() holds and for a while after: none may be anything but ready, or warn of anything."""
    until_s = None
    marks = {node: len(node.log.read_text()) for node in nodes}
    deadline = time.monotonic() + 90
    while until_s is None or time.monotonic() < until_s:
        for node in nodes:
            status = node.status()
            assert status["state"] == "ready" and status["exit_status"] == 0 and not status["warnings"], (
                what, node.number, status["state"], status["reason"], status["exit_status"], status["warnings"], node.tail())
        if until_s is None and over():
            until_s = time.monotonic() + quiet_s
        assert time.monotonic() < deadline, f"{what}: it does not come about"
        time.sleep(0.05)
    for node in nodes:
        added = node.log.read_text()[marks[node]:]
        loud = [line for line in added.splitlines() if "event=warning " in line or "to=degraded" in line]
        assert not loud, (what, node.number, loud)
