"""What a hostile host may write into a configuration: something for every field that there is."""

import re
import subprocess

SERVICE = "collateral_service: {url: 'https://127.0.0.1:1', %s}"
TIMING = "timing: {%s}"


def fields(programs):
    """Every field that a configuration may have, as the daemon describes it."""
    text = subprocess.run([programs.holdfastd, "--describe"], capture_output=True, text=True, check=True).stdout
    found, above = [], {}
    for line in text.splitlines():
        # What may be left out is commented out: its mark has no blank behind it, or the indentation.
        match = re.match(r"( *)([a-z_]+):", re.sub(r"^#(?=\S|  )", "", line).replace("- ", "  ", 1))
        if match:
            above = {indent: name for indent, name in above.items() if indent < len(match[1])}
            above[len(match[1])] = match[2]
            found.append(".".join(above.values()))
    return [f for f in found if not any(other.startswith(f + ".") for other in found)]


def plants(theirs, program="/bin/true"):
    """What a host may write, by field: lines that take the place of the field's own, or that are added. program: one of
    the host's own."""
    folder = theirs.folder
    return {
        "data": f"data: {theirs.nodes[1].data}",
        "network": f"network: {theirs.network}",
        "listen": "listen: 127.0.0.1:0",
        "address": "address: 127.0.0.1:1",
        "account": f"account: {theirs.nodes[0].account}",
        "handover_from": f"handover_from: {theirs.nodes[0].address}\naddress: 127.0.0.1:1",
        "find_account": f"find_account: true\naddress: {theirs.nodes[0].address}",
        "seeds": f"seeds: [{theirs.nodes[0].address}]",
        "documents": f"documents: {theirs.authority}/documents",
        "socket": f"socket: {folder}/planted.socket",
        "time_helper": f"time_helper: {folder}/planted.time",
        "user": "user: root",
        "applications.user": "applications: [{user: '65534', keys: [tss-db]}]",
        "applications.group": "applications: [{group: '65534', keys: [tss-db]}]",
        "applications.keys": "applications: [{user: '65534', keys: [other]}]",
        "applications.unit": "applications: [{unit: db.service, keys: [tss-db]}]",
        "credentials": f"credentials: {folder}/planted.credentials",
        "operator.listen": "operator: {listen: '127.0.0.1:0'}",
        "operator.key": f"operator: {{listen: '127.0.0.1:0', key: {theirs.nodes[0].account}}}",
        "platform": "platform: tdx",
        "dev.authority": f"  authority: {theirs.authority}/dev",
        "dev.machine": "  machine: another",
        "dev.machine_id": "  machine_id: another",
        "dev.image": "  image: altered",
        "dev.seed": "  seed: alice",
        "tdx.helper": f"tdx: {{helper: {folder}/none}}",
        "tdx.report": f"tdx: {{report: {folder}}}",
        "collateral": f"collateral: {theirs.authority}/collateral",
        "collateral_service.url": SERVICE % "ca: platform",
        "collateral_service.ca": SERVICE % "ca: processor",
        "collateral_service.fmspcs": SERVICE % "fmspcs: ['000000000000']",
        "collateral_service.root_crl_url": SERVICE % "root_crl_url: 'https://127.0.0.1:2'",
        "collateral_service.ca_file": SERVICE % "ca_file: /dev/null",
        "collateral_service.program": SERVICE % f"program: '{program}'",
        **{f"collateral_service.{name}": SERVICE % f"{name}: {value}" for name, value in (
            ("every", "3650d"), ("ahead", "0s"), ("retry_min", "1s"), ("retry_max", "3650d"), ("stale", "3650d"),
            ("timeout", "1s"), ("total", "1s"))},
        "log.format": "log: {format: json}",
        "log.level": "log: {level: error}",
        "metrics.port": "metrics: {port: 0}",
        "metrics.page": "metrics: {port: 0, page: true}",
        **{f"timing.{name}": TIMING % f"{name}: {value}" for name, value in (
            ("call", "1d"), ("nonce_life", "1d"), ("round_grace", "1d"), ("retry_min", "1d"), ("retry_max", "1d"),
            ("permanent", "1d"), ("standing", "1d"), ("audit", "1d"), ("watch", "1d"), ("documents", "1d"), ("gossip", "1d"),
            ("reconcile", "1d"), ("probe", "1d"))},
    }
