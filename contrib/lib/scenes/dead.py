"""As many providers are dead as may be."""

from scenes.common import names

SHOWS = "recovery while as many providers are dead as may be"
NEEDS = ("network", "database")


def play(demo):
    count = demo.mesh.shares - demo.mesh.quorum
    if count == 0:
        return  # every provider must accept a restarted node: nobody may be dead
    demo.report.title(f"Crash again, with {count} of the {demo.mesh.shares} providers dead")
    dead = demo.providers()[:count]
    with demo.report.step(f"node 1 and {names(dead)} killed"):
        demo.crash()
        for node in dead:
            node.kill()
    demo.comes_back(f"recovered, accepted by the other {demo.mesh.quorum}, key released")
    demo.rows_are_there()
    for node in dead:
        node.start()
    demo.wait_ready([demo.owner] + dead, "the dead restarted; all are ready again")
