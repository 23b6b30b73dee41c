#!/usr/bin/env python3
"""The alert rules, by Prometheus' own tool: each fires for what it is for, after its time, and for nothing else."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
sys.path[:0] = [str(SOURCE / "tests/lib")]

import tap  # noqa: E402

RULES = SOURCE / "contrib/alerts/holdfast.rules.yml"
PROMTOOL = shutil.which("promtool")
DAY = 86400

# Alert: [the series when all is well, and when it is not]. Values are one a minute; time begins at 0.
WELL = {"up": "1", "holdfast_open": "1", "holdfast_danger": "0", "holdfast_ready": "1", "holdfast_providers": "7",
        "holdfast_losses_until_recovery_fails": "4", "holdfast_losses_until_claim_fails": "2",
        "holdfast_policy_expires_timestamp_seconds": str(60 * DAY), "holdfast_set_expires_timestamp_seconds": str(60 * DAY),
        "holdfast_share_set_expires_timestamp_seconds": str(60 * DAY),
        "holdfast_collateral_expires_timestamp_seconds": str(20 * DAY), "holdfast_collateral_serves": "1",
        "holdfast_store_failing": "0", "holdfast_listen_failing": "0", "holdfast_providers_unproved": "0",
        "holdfast_broken_promises": "2", "holdfast_time_operators_listed": "5", "holdfast_time_known": "1",
        "holdfast_time_clock_off_seconds": "0.012"}
ILL = {
    "HoldfastDown": {"up": "0"},
    "HoldfastLocked": {"holdfast_open": "0"},
    "HoldfastKeyInDanger": {"holdfast_danger": "1"},
    "HoldfastRecoveryFails": {"holdfast_losses_until_recovery_fails": "0"},
    "HoldfastClaimFails": {"holdfast_losses_until_claim_fails": "0"},
    "HoldfastNotReady": {"holdfast_ready": "0"},
    "HoldfastPolicyExpires": {"holdfast_policy_expires_timestamp_seconds": str(29 * DAY)},
    "HoldfastSetExpires": {"holdfast_set_expires_timestamp_seconds": str(29 * DAY)},
    "HoldfastShareSetExpires": {"holdfast_share_set_expires_timestamp_seconds": str(29 * DAY)},
    "HoldfastCollateralExpires": {"holdfast_collateral_expires_timestamp_seconds": str(2 * DAY)},
    "HoldfastCollateralMissing": {"holdfast_collateral_serves": "0"},
    "HoldfastTimeUnknown": {"holdfast_time_known": "0"},
    "HoldfastClockOff": {"holdfast_time_clock_off_seconds": "61"},
    "HoldfastDiskFails": {"holdfast_store_failing": "1"},
    "HoldfastCannotListen": {"holdfast_listen_failing": "1"},
    "HoldfastProviderUnproved": {"holdfast_providers_unproved": "1"},
    "HoldfastPromiseBroken": {"holdfast_broken_promises": "0x60 1x120"},
    "HoldfastRestarts": {"holdfast_uptime_seconds": "9x55 0 9 0 9 0 9 0 9 0x100"},
    "HoldfastCallRefused": {"holdfast_refused_calls_total": "0x60 1x20"},
    "HoldfastLogLost": {"holdfast_log_lines_lost_total": "0x60 5x20"},
}


def series(values):
    """Input of promtool: a value alone is what it stays."""
    return "".join(f"      - series: '{name}{{job=\"holdfast\",instance=\"a\"}}'\n"
                   f"        values: '{value if ' ' in value else value + 'x180'}'\n"
                   for name, value in values.items())


def test_of(values, at, firing):
    """One test: which alerts fire at this time."""
    samples = "".join(f"          - labels: 'ALERTS{{alertname=\"{name}\",alertstate=\"firing\",instance=\"a\","
                      f"job=\"holdfast\",severity=\"{severity}\"}}'\n            value: 1\n" for name, severity in firing)
    return (f"  - interval: 1m\n    input_series:\n{series(values)}    promql_expr_test:\n"
            f"      - expr: 'ALERTS{{alertstate=\"firing\"}}'\n        eval_time: {at}\n        exp_samples:"
            f"{chr(10) + samples if firing else ' []' + chr(10)}")


def promtool(*arguments):
    done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def alerts():
    """{alert: (severity, minutes until it fires)}"""
    found = re.findall(r"- alert: (\w+)\n.*\n +for: (\d+)([mh])\n +labels: \{severity: (\w+)\}", RULES.read_text())
    return {name: (severity, int(number) * (60 if unit == "h" else 1)) for name, number, unit, severity in found}


@tap.case
def the_rules_are_well_formed():
    if PROMTOOL is None:
        raise tap.Skip("promtool (Debian package prometheus) is not here")
    promtool("check", "rules", str(RULES))


@tap.case
def each_alert_fires_for_what_it_is_for_and_not_before_its_time():
    if PROMTOOL is None:
        raise tap.Skip("promtool (Debian package prometheus) is not here")
    table = alerts()
    assert table.keys() == ILL.keys(), table.keys() ^ ILL.keys()
    tests = [test_of(WELL, "2h30m", [])]
    for name, values in ILL.items():
        severity, minutes = table[name]
        firing = [(name, severity)]
        # What counts over an hour fires while that hour has it.
        at = minutes if minutes > 0 else 65
        tests.append(test_of(WELL | values, f"{at}m" if at < 180 else "3h", firing))
        if minutes > 0:
            tests.append(test_of(WELL | values, f"{minutes - 1}m", []))
    with tempfile.TemporaryDirectory(prefix="holdfast-alerts-") as folder:
        file = pathlib.Path(folder) / "test.yml"
        file.write_text(f"rule_files:\n  - {RULES}\nevaluation_interval: 1m\ntests:\n" + "".join(tests))
        promtool("test", "rules", str(file))


if __name__ == "__main__":
    sys.exit(tap.main())
