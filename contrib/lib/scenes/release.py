"""A new release takes over from the old one, on the same machine."""

import re
import time

from mesh import check, until

from scenes.common import KEY

SHOWS = "a new release beside the old one takes over its key while every provider hangs"
NEEDS = ("network", "database")


def play(demo):
    old, others = demo.owner, demo.mesh.nodes[1:]
    demo.report.title("A new release: it takes over from the old one, and no provider is asked")
    with demo.report.step("the authority accepts the new release, of a higher rank"):
        new = demo.mesh.beside(old, "holdfast-next")
        demo.mesh.accept_release(new, 2)
        policy = max(node.status()["policy"] for node in demo.mesh.nodes)
        for node in demo.mesh.nodes:
            node.wait_status(lambda s: s["policy"] >= policy, "has not the new policy")
    with demo.report.step("every provider stopped (SIGSTOP); the new release started"):
        token = old.token(KEY)
        for node in others:
            node.freeze()
        new.start()
    with demo.report.step("key") as step:
        served, gap = handed_over(demo, old, new)
        step.seconds = served / 1000
        step.text = "the new one asked, the old one gave up, the key is served"
    demo.report.note(f"an application that asked both all the time was {gap * 1000:.0f} ms without its key")
    with demo.report.step("the old one gives no key, and says why"):
        refused = old.command("key", "get", KEY)
        check(refused.returncode == 2 and not refused.stdout, "the old one gives a key")
        check(new.token(KEY) == token, "the fencing token is another one before a new claim stands")
    demo.report.note(refused.stderr.decode().strip())
    with demo.report.step("claim") as step:
        for node in others:
            node.thaw()
        new.wait("ready", 90)
        step.text = f"providers go on, it claims: fencing token {token} before, {new.token(KEY)} now"
        old.terminate()
    with demo.report.step("the authority writes its address into the set: who is locked has no other way to it"):
        demo.mesh.nodes[0] = demo.owner = new
        demo.mesh.add(new)
        demo.mesh.sign_set()
        epoch = max(node.status()["epoch"] for node in demo.mesh.nodes)
        for node in demo.mesh.nodes:
            node.wait_status(lambda s: s["epoch"] >= epoch, "has not the new set")
        check(not new.status()["warnings"], f"it warns: {new.status()['warnings']}")
    demo.mesh.copies.remove(new)
    demo.rows_are_there()
    demo.wait_ready(demo.mesh.nodes, "all are ready again")


def handed_over(demo, old, new):
    """(milliseconds until it had the vault, by its log; seconds between the old one's last key and the new one's first)."""
    last = time.monotonic()
    first = None

    def asked():
        nonlocal last, first
        if new.key(KEY) == demo.key:
            first = time.monotonic()
            return True
        if old.key(KEY) == demo.key:
            last = time.monotonic()
        return False
    until(asked, 60, lambda: f"the new one serves nothing:\n{new.tail()}\n{old.tail()}", pause=0)
    found = re.search(r"after_ms=(\d+)", new.log.read_text(errors="replace"))
    check(found is not None, "its log does not say how long it took")
    return int(found[1]), first - last
