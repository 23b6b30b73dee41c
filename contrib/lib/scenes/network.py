"""A network from nothing: authority, daemons, quotes, the first backups."""

SHOWS = "an authority, daemons that it registers, and the shares that they leave with each other"
NEEDS = ()


def play(demo):
    mesh = demo.mesh
    demo.report.title(f"A network of {len(mesh.nodes)} daemons on loopback (development mode)")
    with demo.report.step("authority of 3 keys, any 2 sign; policy signed"):
        mesh.found("timing: {watch: 3s}\n")
    with demo.report.step(f"{len(mesh.nodes)} daemons started, each with folder and port of its own"):
        mesh.start_all()
    with demo.report.step("quotes verified, all added to the validator set, set signed"):
        mesh.register()
    demo.wait_ready(mesh.nodes, f"every one has left {mesh.shares} shares with others, any "
                                f"{mesh.threshold} rebuild")
    demo.report.note(f"Of the {mesh.shares}, {mesh.quorum} must accept a node that has restarted.")
