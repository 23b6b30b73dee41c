"""The host copies the disk, and starts the validator twice."""

import shutil

from mesh import check, until

from scenes.common import KEY

SHOWS = "two daemons from one disk: one speaks for the account, the other says why it does not"
NEEDS = ("network", "database")


def play(demo):
    owner = demo.owner
    demo.report.title("A copy of the disk: the host starts node 1 twice")
    before = owner.token(KEY)
    with demo.report.step("node 1 killed, its folder copied"):
        demo.crash()
        copy = demo.mesh.copy_of(owner)
    with demo.report.step("both") as step:
        for node in (owner, copy):
            node.start()
        speaks, locked = until(lambda: settled(owner, copy), 90,
                               lambda: f"both are {owner.state()} and {copy.state()}:\n{owner.tail()}\n{copy.tail()}")
        step.text = f"both started: {'the copy' if speaks is copy else 'the first'} is ready, the other locked"
    with demo.report.step("key") as step:
        check(speaks.key(KEY) == demo.key, "the key is another one")
        token = speaks.token(KEY)
        check(token > before, f"fencing token {token} after {before}")
        step.text = f"the one that speaks has the key; fencing token {before} before, {token} now"
    with demo.report.step("the other gives no key, and says why"):
        refused = locked.command("key", "get", KEY)
        check(refused.returncode == 1 and not refused.stdout, "the locked one gives a key")
    demo.report.note(refused.stderr.decode().strip())
    with demo.report.step("both killed, the newer of both folders kept"):
        owner.kill()
        copy.kill()
        if speaks is copy:  # what the other has is an old vault by now
            shutil.rmtree(owner.data)
            shutil.copytree(copy.data, owner.data)
    demo.comes_back("node 1 restarted: it speaks for its account")
    demo.rows_are_there()
    demo.wait_ready(demo.mesh.nodes, "all are ready again")


def settled(owner, copy):
    """(who speaks, who is locked), once it is decided."""
    for speaks, locked in ((owner, copy), (copy, owner)):
        status = locked.status()
        if status and status["state"] == "blocked" and status["reason"]["code"] in ("fenced", "vault_behind"):
            return (speaks, locked) if speaks.state() == "ready" else None
    return None
