"""The same network in holdfast-sim, with the measured costs as its scenario. Times come from its timeline."""

import json
import os
import subprocess

import fit_times
from fit_costs import WAITS
from mesh import check

RESTARTS_FROM_S = 10
RESTART_EVERY_S = 3

SCENARIO = """title: {nodes} daemons on one machine
nodes: {nodes}
seed: {seed}
for: {seconds}s
ready_min: 0
crypto: real
checks: false
zones: 3
processor: {{cores: {cores}, hosts: 1, {processor}}}
network: {{latency: constant, one_way: {trip}us, loss: {loss:.6f}, resend: 200ms, ordered: true}}
storage: {{write: {write_wait}us, write_sigma: 0, create: 0s, open: {open_wait}us}}
attestation: {{quote: 0s, quote_sigma: 0, judge: 0s, judge_sigma: 0}}
clocks: {{drift_ppm: 0, offset: 0ms}}
authority: {{issue: 2s}}
policy: {{shares: {shares}, threshold: {threshold}}}
events:
{events}
"""


def _scenario(given, costs, seed):
    at = [RESTARTS_FROM_S + RESTART_EVERY_S * number for number in range(given.nodes)]
    return SCENARIO.format(
        nodes=given.nodes, seed=seed, seconds=RESTARTS_FROM_S + RESTART_EVERY_S * given.nodes, cores=os.cpu_count(),
        shares=given.shares, threshold=given.threshold, trip=round(costs.us("one_way") + given.delay * 1000),
        loss=given.loss,
        processor=", ".join(f"{name}: {ns}ns" for name, ns in costs.processor().items()),
        events="\n".join(f"  - {{at: {at_s}s, do: crash, node: {node}, for: 100ms}}" for node, at_s in enumerate(at)),
        **{name: round(costs.us(name)) for name in WAITS if name != "one_way"})


def _lives(path, nodes):
    """By node: the happenings of each of its lives."""
    lives = [[] for _ in range(nodes)]
    kinds = {1: "root", 2: "policy", 3: "set"}
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if "node" not in entry:
            continue
        if entry["what"] == "start":
            lives[entry["node"]].append([])
            continue
        detail = entry.get("state") or (kinds[entry["a"]] if entry["what"] == "document" else "")
        lives[entry["node"]][-1].append((entry["at_us"] / 1000, entry["what"], detail))
    return lives


def round_of(given, folder, costs, seed):
    out = folder / f"virtual{seed}"
    out.mkdir()
    scenario = folder / f"virtual{seed}.yaml"
    scenario.write_text(_scenario(given, costs, seed))
    done = subprocess.run([given.build / "sim/holdfast-sim", "run", scenario, "--out", out, "--quiet"],
                          capture_output=True, text=True, timeout=600)
    check(done.returncode == 0, f"holdfast-sim: {done.stdout}{done.stderr}")
    lives = _lives(out / "timeline.jsonl", given.nodes)
    return fit_times.together(fit_times.placing([life[0] for life in lives]),
                              [fit_times.restart(life[1]) for life in lives])
