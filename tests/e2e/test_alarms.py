#!/usr/bin/env python3
"""No false alarm: what an operator does on an ordinary day is no danger, in status, in the log and in what readiness says;
and a warning that was muted is heard again by itself when it gets worse."""

import os
import pathlib
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402
from quiet import watched  # noqa: E402


def mesh(nodes):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-alarms-"))
    return Mesh(folder, Programs(BUILD), nodes=nodes, shares=3, threshold=2, quorum=2)


@tap.case
def a_new_policy_and_a_new_epoch_alarm_nobody():
    with mesh(5) as m:
        m.make()

        def all_have(field, value):
            return lambda: all((node.status() or {}).get(field) == value for node in m.nodes)
        # Documents reach some before others: one node reads them, the rest hear of it.
        m.authority_command("policy", "sign", "--authority", m.authority)
        m.nodes[0].hang_up()
        watched(m.nodes, all_have("policy", 2), "a new policy")
        m.authority_command("set", "sign", "--authority", m.authority)
        m.nodes[0].hang_up()
        watched(m.nodes, all_have("epoch", 2), "a new epoch")


@tap.case
def a_mute_ends_by_itself_when_it_gets_worse_and_when_it_is_over():
    """A policy that expires: 30 days before it is said, 7 days before it is urgent."""
    with mesh(4) as m:
        m.make()
        node = m.nodes[0]
        form = m.authority / "policy.yaml"
        text = form.read_text()

        def expires_in(validity):
            form.write_text(text.replace("validity: 365d", f"validity: {validity}"))
            m.authority_command("policy", "sign", "--authority", m.authority)
            node.hang_up()

        def warned(weight, muted):
            def look():
                status = node.status() or {}
                return [w for w in status.get("warnings", []) if w["code"] == "policy_expires" and w["weight"] == weight
                        and w["muted"] is muted] and status
            return until(look, 60, lambda: f"weight {weight}, muted {muted}: {(node.status() or {}).get('warnings')}")
        expires_in("20d")
        assert warned(1, False)["exit_status"] == 3
        assert node.command("mute", "policy_expires", "--for", "7d").returncode == 0
        assert warned(1, True)["exit_status"] == 0
        node.log.write_text("")
        # It gets worse: nobody has to remember the mute.
        expires_in("2d")
        assert warned(2, False)["exit_status"] == 3
        until(lambda: "event=warning code=policy_expires" in node.log.read_text(), 30, node.tail)
        # It is over, and comes anew: the mute is gone with it.
        assert node.command("mute", "policy_expires", "--for", "7d").returncode == 0
        assert warned(2, True)["exit_status"] == 0
        expires_in("365d")
        until(lambda: not node.status()["warnings"], 60, node.tail)
        time.sleep(2)  # two looks of the watch: that it is over has been seen
        expires_in("2d")
        warned(2, False)
        # Its end comes.
        assert node.command("mute", "policy_expires", "--for", "2s").returncode == 0
        warned(2, True)
        warned(2, False)


if __name__ == "__main__":
    sys.exit(tap.main())
