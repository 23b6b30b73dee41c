"""A validator leaves: everyone whose share it held backs up again, and what it kept is worth nothing."""

from mesh import check, until

SHOWS = "a validator leaves for good; everyone whose share it held backs up again"
NEEDS = ("network", "database")


def kept_by(demo, account):
    """The nodes that count an account among their providers."""
    return [node for node in demo.mesh.nodes
            if account in [p["account"] for p in node.status()["providers"]]]


def play(demo):
    if len(demo.mesh.nodes) < demo.mesh.shares + 2:
        return  # there is nobody to move to
    leaver = demo.providers()[0]
    demo.report.title(f"Node {leaver.number} leaves the network")
    before = kept_by(demo, leaver.account)
    generations = {node: node.status()["generation"] for node in before}
    with demo.report.step("") as step:
        step.text = f"node {leaver.number} keeps a share for {len(before)} nodes"
    with demo.report.step("holdfast leave: announced, served on until all had moved, left"):
        done = leaver.command("leave", "--reason", "scene", timeout=120)
        check(done.returncode == 0, f"holdfast leave: {done.stderr.decode().strip()}")
    staying = [node for node in demo.mesh.nodes if node is not leaver]
    demo.wait_ready(staying, f"every other node is ready again, with {demo.mesh.shares} holders")
    check(not [node for node in kept_by(demo, leaver.account) if node is not leaver], "somebody counts on it yet")
    with demo.report.step("the sharings that it took part in are forgotten by all their holders"):
        for node in before:
            check(node.status()["generation"] > generations[node], f"node {node.number} has the old sharing")
            until(lambda node=node: not node.status()["retiring"], 60,
                  lambda node=node: f"node {node.number}: {node.status()['retiring']}")
    leaver.kill()
    demo.crash()
    demo.comes_back(f"node {leaver.number} stopped, node 1 crashed: recovered without it, key released")
    demo.rows_are_there()
    done = demo.owner.command("backup", "verify")
    check(done.returncode == 0, f"backup verify: {done.stdout.decode().strip()}")
    leaver.start()  # whoever looks on afterwards sees what it says of itself
