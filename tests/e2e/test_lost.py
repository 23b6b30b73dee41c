#!/usr/bin/env python3
"""Data folders that are deleted under real daemons: who comes back, as whom, and what others make of it."""

import json
import os
import pathlib
import shutil
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import tap  # noqa: E402
from mesh import Mesh, Programs, until  # noqa: E402


def mesh(nodes, shares, threshold):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-lost-"))
    return Mesh(folder, Programs(BUILD), nodes=nodes, shares=shares, threshold=threshold)


def released(node):
    return json.loads(node.command("key", "get", "tss-db", "--json").stdout or "{}")


def holders(node):
    return {provider["account"] for provider in node.status()["providers"]}


@tap.case
def a_node_told_its_account_comes_back_with_its_key_and_its_owners_deal_anew():
    with mesh(5, 3, 2) as m:
        m.make()
        lost, before = m.nodes[0], released(m.nodes[0])
        owners = [node for node in m.nodes[1:] if lost.account in holders(node)]
        assert owners, "it holds for nobody"
        generations = {node.number: node.status()["generation"] for node in owners}
        lost.kill()
        lost.lose_folder()
        lost.start()
        lost.wait("ready", 60)
        after = released(lost)
        assert after["key"] == before["key"] and after["claim"] > before["claim"], after.keys()
        assert lost.status()["account"] == lost.account
        # Their grace is minutes long. Whoever holds again holds a share of the new dealing.
        for node in owners:
            until(lambda node=node: node.status()["generation"] > generations[node.number], 60,
                  lambda node=node: f"node {node.number} has not dealt anew:\n{node.tail()}")
        for node in m.nodes:
            node.wait("ready", 60)
        # The new folder is one like any other, and the line in the configuration does no harm.
        lost.kill()
        lost.start()
        lost.wait("ready", 60)
        assert released(lost)["key"] == before["key"]


@tap.case
def an_empty_folder_at_the_address_of_a_validator_is_that_validators():
    with mesh(4, 3, 2) as m:
        m.make()
        lost = m.nodes[0]
        before = released(lost)
        lost.kill()
        shutil.rmtree(lost.data)
        text = lost.config.read_text()
        lost.config.write_text(text + f"address: {lost.address}\nfind_account: true\n")
        lost.start()
        lost.wait("ready", 60)
        after = released(lost)
        assert after["key"] == before["key"] and after["claim"] > before["claim"], after.keys()
        assert lost.status()["account"] == lost.account


@tap.case
def an_empty_folder_that_is_told_nothing_is_a_new_nodes():
    with mesh(3, 2, 2) as m:
        m.make()
        node = m.nodes[0]
        node.kill()
        shutil.rmtree(node.data)
        node.start()
        until(node.identified, 30, lambda: f"no identity yet:\n{node.tail()}")
        assert node.status()["account"] != node.account
        assert node.status()["state"] == "fresh" and not node.status()["registered"]


@tap.case
def a_folder_of_another_account_than_the_configurations_is_left_alone():
    with mesh(3, 2, 2) as m:
        m.make()
        node, other = m.nodes[:2]
        key = released(node)["key"]
        node.kill()
        text = node.config.read_text()
        node.config.write_text(text + f"account: {other.account}\n")
        node.start()
        node.wait("blocked", 30)
        assert node.status()["reason"]["code"] == "another_account", node.status()["reason"]
        node.kill()
        node.config.write_text(text)
        node.start()
        until(lambda: released(node).get("key") == key, 60, lambda: node.tail())


if __name__ == "__main__":
    sys.exit(tap.main())
