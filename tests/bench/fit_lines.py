"""Lines between the daemons: a relay of the tests' own delays and loses what they send each other."""

import subprocess

from mesh import Mesh, check, free_ports

SEEDS = 3  # as many, and the same ones, as a node of the simulator has


class LinedMesh(Mesh):
    """A network whose nodes know each other by the relay's ports, so that everything between them goes through it."""

    def __init__(self, folder, programs, nodes, shares, threshold, relay, delay_ms, loss, seed):
        super().__init__(folder, programs, nodes, shares, threshold)
        self.ports = dict(zip((node.number for node in self.nodes), free_ports(nodes)))
        pairs = [f"{self.ports[node.number]}:{node.address.rpartition(':')[2]}" for node in self.nodes]
        self.relay = subprocess.Popen([relay, str(round(delay_ms * 1000)), str(loss), str(seed), *pairs],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        check(self.relay.stdout.readline() == "ready\n", "the relay does not begin")

    def configure(self, node, lines=""):
        seeds = ", ".join([f"127.0.0.1:{self.ports[other.number]}" for other in self.nodes if other is not node][:SEEDS])
        super().configure(node, f"{lines}address: 127.0.0.1:{self.ports[node.number]}\n")
        before = node.config.read_text().splitlines()
        node.config.write_text("\n".join(f"seeds: [{seeds}]" if line.startswith("seeds:") else line for line in before) + "\n")

    def close(self):
        super().close()
        self.relay.kill()
        self.relay.wait()
