#!/usr/bin/env python3
"""How many must survive a whole-network restart, so that everybody comes back in half of the runs?

A sweep asks fixed shares; this halves the span between too few and enough until it is one node wide.

usage: threshold.py [NODES [SEEDS]]
"""

import sys

import holdfast_sim as sim

NODES, SEEDS = (int(text) for text in (sys.argv[1:] + ["40", "20"][len(sys.argv) - 1:]))
SCENARIO = sim.TREE / "sim/scenarios/whole-network-restart.yaml"
BASE = {"nodes": NODES, "operators": 0, "crypto": "model", "policy.domain_rule": 2, "for": "2m",
        "events": [{"at": "15s", "do": "power-off", "count": 0, "for": "10s"}]}


def all_back(shares, threshold, survivors):
    """In what part of the runs every vault is open at the end."""
    settings = BASE | {"policy.shares": shares, "policy.threshold": threshold,
                       "events[0].count": NODES - survivors}
    return sum(sim.run(SCENARIO, seed, settings).row["all_open"] for seed in range(1, SEEDS + 1)) / SEEDS


for n, k in ((3, 2), (5, 3), (7, 4)):
    few, enough = 0, NODES
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if all_back(n, k, middle) >= 0.5 else (middle, enough)
    print(f"n = {n}, k = {k}: {enough} of {NODES} must survive")
