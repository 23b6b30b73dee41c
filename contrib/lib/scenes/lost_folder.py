"""A machine loses its disk."""

from mesh import check, until

SHOWS = "a data folder deleted: account and key come back, and its owners leave new shares"
NEEDS = ("network", "database")


def play(demo):
    if demo.mesh.shares == demo.mesh.quorum:
        return  # an owner needs the word of every provider, and this one forgets what it said
    lost = demo.owner
    demo.report.title("A lost folder: the disk of node 1 is gone")
    owners = [node for node in demo.mesh.nodes if node is not lost and holds_for(lost, node)]
    generations = [node.status()["generation"] for node in owners]
    with demo.report.step("node 1 killed, its data folder deleted"):
        demo.crash()
        lost.lose_folder()
    demo.report.note(f"its configuration says whose it was: account: {lost.account[:16]}…")
    demo.comes_back("started with nothing: recovered its account, key released")
    check(lost.status()["account"] == lost.account, "the account is another one")
    demo.rows_are_there()
    with demo.report.step("owners") as step:
        for node, generation in zip(owners, generations):
            until(lambda node=node, generation=generation: node.status()["generation"] > generation, 60,
                  lambda node=node: f"node {node.number} has not dealt anew:\n{node.tail()}")
        step.text = f"{len(owners)} owners of shares that were lost with it have dealt anew"
    demo.wait_ready(demo.mesh.nodes, "all are ready again")


def holds_for(holder, owner):
    return holder.account in {provider["account"] for provider in owner.status()["providers"]}
