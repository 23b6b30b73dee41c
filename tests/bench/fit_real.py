"""One real network: every daemon placed at once, then each restarted by itself. Times come from the daemons' logs."""

import datetime
import re
import time

import fit_times
from mesh import until

QUIET_S = 1.5
_field = re.compile(r'(\w+)=("[^"]*"|\S+)')


def _happenings(node, offset=0):
    found = []
    with open(node.log, "rb") as log:
        log.seek(offset)
        for line in log.read().decode().splitlines():
            fields = dict(_field.findall(line))
            if "time" not in fields:
                continue
            at = datetime.datetime.fromisoformat(fields["time"].replace("Z", "+00:00")).timestamp() * 1000
            found.append((at, fields["event"], fields.get("to") or fields.get("kind") or ""))
    return found


def _logged(node, offset, text):
    with open(node.log, "rb") as log:
        log.seek(offset)
        return text in log.read()


def restarted(node):
    """Kills one daemon and starts it again."""
    offset = node.log.stat().st_size
    node.kill()
    node.start()
    # Its log is looked at, and not its socket: who asks takes part of the processor.
    until(lambda: _logged(node, offset, b" to=ready"), 60, f"node {node.number} is not ready again", 0.2)
    time.sleep(QUIET_S)
    return fit_times.restart(_happenings(node, offset))


def placed(mesh):
    """Makes the network. Everybody knows the set at the same time."""
    mesh.found()
    mesh.start_all()
    for node in mesh.nodes:
        mesh.add(node)
    time.sleep(QUIET_S)
    mesh.sign_set()
    for node in mesh.nodes:
        until(lambda node=node: _logged(node, 0, b" to=ready"), 120, f"node {node.number} is not ready", 0.2)
    times = fit_times.placing([_happenings(node) for node in mesh.nodes])
    for node in mesh.nodes:
        node.wait("ready", 120)
    time.sleep(QUIET_S)
    return times
