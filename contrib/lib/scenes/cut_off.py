"""More providers are cut off than may be."""

import time

from mesh import check, until

from scenes.common import KEY, names

SHOWS = "no key while too few providers answer, and recovery once enough do"
NEEDS = ("network", "database")


def play(demo):
    count = demo.mesh.shares - demo.mesh.threshold + 1
    demo.report.title(f"Crash again, with {count} of the {demo.mesh.shares} providers cut off (SIGSTOP)")
    frozen = demo.providers()[:count]
    with demo.report.step(f"node 1 killed, {names(frozen)} stopped"):
        demo.crash()
        for node in frozen:
            node.freeze()
    with demo.report.step("restarted: too few answer, so no key") as step:
        demo.owner.start()
        status = stuck(demo, frozen)
        step.text = f"restarted: it says {status['state']}, and gives no key"
    show_answers(demo, status)
    # The root secret needs one of them; that the others are told of this instance needs more.
    enough = demo.mesh.quorum - (demo.mesh.shares - count)
    with demo.report.step(f"{names(frozen[:enough])} continued: unlocked by itself"):
        for node in frozen[:enough]:
            node.thaw()
        demo.released()
    demo.rows_are_there()
    for node in frozen[enough:]:
        node.thaw()
    demo.wait_ready(demo.mesh.nodes, "all continued, all ready again")


def stuck(demo, frozen):
    """Waits until every provider that can answer has, and each that cannot has been given up on once."""
    accounts = {node.account for node in frozen}

    def told():
        status = demo.owner.status()
        if not status or status["state"] != "recovering":
            return None
        rows = {p["account"]: p for p in status["providers"]}
        silent = {a for a, p in rows.items() if not p["answered"] and p["error"]}
        answered = {a for a, p in rows.items() if p["answered"]}
        return status if accounts <= silent and len(answered) >= demo.mesh.threshold - 1 else None

    status = until(told, 60, lambda: f"the status does not name who is silent: {demo.owner.status()}")
    check(demo.owner.key(KEY) is None, "a key was released with too few shares")
    return status


def show_answers(demo, status):
    numbers = {node.account: node.number for node in demo.mesh.nodes}
    since = time.strftime("%H:%M:%S", time.localtime(time.time() - status["since_ms"] / 1000))
    demo.report.note(f"recovering since {since}, {demo.mesh.threshold} answers needed, round {status['round']}:")
    for provider in sorted(status["providers"], key=lambda p: numbers[p["account"]]):
        said = "answered with its share" if provider["answered"] else provider["message"]
        demo.report.note(f"provider {numbers[provider['account']]}: {said}")
