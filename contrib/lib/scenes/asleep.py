"""A validator is down, and its holders go: their shares move to others, none of whom learns anything, and it comes back."""

from mesh import check, until

from scenes.common import names

SHOWS = "three holders go for good while their owner is down, and it comes back all the same"
NEEDS = ("network", "database")
GONE = 3


def count_of(mesh, event):
    """How often the daemons' logs have an event."""
    return sum(node.log.read_text(errors="replace").count(f"event={event} ") for node in mesh.nodes)


def leave(demo, holder):
    with demo.report.step(f"provider {holder.number} leaves: it hands its share and its vote over"):
        done = holder.command("leave", "--reason", "scene", timeout=120)
        check(done.returncode == 0 and b"handed over to others" in done.stdout,
              f"holdfast leave: {(done.stderr or done.stdout).decode().strip()}")
    holder.terminate()


def remove(demo, holder):
    mesh = demo.mesh
    before = count_of(mesh, "repaired")
    with demo.report.step(f"provider {holder.number} dies and is removed: {mesh.threshold} others restore its share"):
        holder.kill()
        mesh.authority_command("set", "remove", holder.account, "--authority", mesh.authority)
        mesh.sign_set()
        until(lambda: count_of(mesh, "repaired") > before, 90, lambda: f"it is not restored:\n{mesh.nodes[-1].tail()}")


def play(demo):
    mesh = demo.mesh
    if mesh.threshold < 2 or mesh.shares < mesh.threshold + GONE:
        return  # so many may not move
    demo.report.title(f"Node 1 is down, and {GONE} of its providers go for good")
    with demo.report.step(f"{GONE} validators more; who is silent for 6 s counts as down"):
        mesh.impatient()
        mesh.join(GONE)
    demo.wait_ready([node for node in mesh.nodes if node.process is not None and node.state() != "left"],
                    "all are ready")
    holders = demo.providers()
    with demo.report.step("node 1 killed; its providers find that it does not answer"):
        demo.crash()
        for holder in holders:
            until(lambda holder=holder: holder.state_of(demo.owner) == "unreachable", 60, holder.tail)
    leave(demo, holders[0])
    for holder in holders[1:GONE]:
        remove(demo, holder)
    demo.comes_back(f"node 1 started without {names(holders[:GONE])}: recovered, same key")
    demo.rows_are_there()
    with demo.report.step("node 1 deals anew, and says what had moved") as step:
        gone = {holder.account for holder in holders[:GONE]}
        until(lambda: {m["from"]["account"] for m in demo.owner.status()["moved"]} == gone and
              not gone & {p["account"] for p in demo.owner.status()["providers"]} and demo.owner.state() == "ready",
              90, lambda: f"node 1: {demo.owner.status()['moved']}")
        shown = demo.owner.command("backup", "show").stdout.decode()
        check(shown.count("is gone, restored by") == GONE - 1 and shown.count("which left") == 1, shown)
        step.text = "node 1 has dealt anew; backup show says what moved, and why"
