"""The whole network loses its power, and people start it again."""

from mesh import check, until
from quorum import Quorum, done, node_command

from scenes.common import KEY

SHOWS = "every daemon killed at once: three of five people start the network again"
NEEDS = ("network", "database")


def play(demo):
    demo.report.title("A power cut: every daemon is killed at once")
    quorum = Quorum(demo.mesh)
    quorum.token("eve")
    with demo.report.step("a key dealt among five people, three open; all sealed to it"):
        quorum.establish()
    with demo.report.step("ada has lost her file, and makes it again from its 24 words"):
        quorum.from_words("ada")
    with demo.report.step("every daemon and the database killed with SIGKILL"):
        demo.database.open_for_writing()
        for node in demo.mesh.nodes:
            node.kill()
        demo.database.kill()
    with demo.report.step("started again") as step:
        for node in demo.mesh.nodes:
            node.start()
        for node in demo.mesh.nodes:
            node.wait("recovering", 30)
        check(demo.owner.key(KEY) is None, "a key came back by itself")
        step.text = f"{len(demo.mesh.nodes)} started again: no key comes back by itself"
    demo.report.note("what to do now: man holdfast-blackstart")
    asked = {demo.owner: wrong_answer(demo, quorum)}
    for node in demo.mesh.nodes[:demo.mesh.threshold]:
        with demo.report.step(f"node {node.number} asks; ada, cy, and eve with her token answer; it opens"):
            if not node.status()["open"]:
                quorum.start(node, ["ada", "cy", "eve"], asked.get(node))
                until(lambda node=node: node.status()["open"], 30, lambda node=node: f"not open:\n{node.tail()}")
    demo.wait_ready(demo.mesh.nodes, "the rest follow unasked, and all are ready")
    with demo.report.step("the owner's key is the same"):
        demo.released()
    demo.rows_are_there()


def wrong_answer(demo, quorum):
    """One that was damaged on its way is named, and costs nothing. The request that it answers."""
    answer = quorum.folder / "damaged"
    with demo.report.step("an answer that was damaged on the way is named") as step:
        request = quorum.ask(demo.owner)
        done(quorum.answer("bob", request, answer))
        bytes_ = bytearray(answer.read_bytes())
        bytes_[-1] ^= 1
        answer.write_bytes(bytes_)
        refused = node_command(demo.owner, "blackstart", "add", answer)
        check(refused.returncode == 20 and "bob" in refused.stderr, refused.stderr)
        step.text = "a damaged answer is refused, and named: share holder 2 (bob)"
    return request
