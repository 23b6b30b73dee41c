"""Every daemon restarts, one after the other."""

from mesh import until

SHOWS = "all daemons restarted one after the other, each only when it may stop"
NEEDS = ("network", "database")


def play(demo):
    nodes = demo.mesh.nodes
    demo.report.title(f"Rolling restart: all {len(nodes)} daemons, one after the other")
    demo.database.kill()
    for node in nodes:
        with demo.report.step(f"node {node.number}: drained, stopped, started, ready again"):
            # Refused while an owner would be left with too few live providers.
            until(lambda node=node: node.command("drain").returncode == 0, 60,
                  lambda node=node: f"drain: {node.command('drain').stderr.decode()}", pause=0.05)
            node.terminate()
            node.start()
            node.wait("ready", 60)
    with demo.report.step("node 1 still has its key"):
        demo.released()
    demo.rows_are_there()
