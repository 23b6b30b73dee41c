#!/usr/bin/env python3
"""The page of a report in a browser: every figure is drawn at the width that there is, in light and dark, and nothing is
fetched. Debian's chromium is asked for the document as it stands after its scripts."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
SIM = pathlib.Path(os.environ["HOLDFAST_BUILD"]) / "sim/holdfast-sim"
sys.path.insert(0, str(SOURCE / "tests/lib"))

import tap  # noqa: E402

STUDY = """title: how many stay
scenario: SOURCE/sim/scenarios/whole-network-restart.yaml
set: [crypto=model, nodes=8, operators=0, for=40s, "policy.shares=3", "policy.threshold=2", "events[0].at=20s", "events[0].for=5s"]
grid:
  - {field: "events[0].share", name: down, values: [0%, 50%, 100%]}
seeds: 2
metrics: [all_open, nodes_open, recovering_least_us, recovering_median_us, recovering_longest_us]
"""


def browse(page, width, *options):
    """The document after its scripts have run, and what the browser said."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={home}",
             "--virtual-time-budget=20000", "--enable-logging=stderr", "--v=0", "--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars",
             f"--window-size={width},900", *options, "--dump-dom", page.resolve().as_uri()],
            capture_output=True, text=True, timeout=200, env=os.environ | {"HOME": home})
    assert done.returncode == 0, done.stderr[-800:]
    return done.stdout, done.stderr


def folders(folder):
    (folder / "study.yaml").write_text(STUDY.replace("SOURCE", str(SOURCE)), encoding="utf-8")
    run = ["run", SOURCE / "sim/scenarios/whole-network-restart.yaml", "--crypto", "model", "--nodes", "12", "--for", "40s", "--messages"]
    run += [part for field in ("events[0].at=20s", "events[0].for=5s", "operators=0") for part in ("--set", field)]
    for arguments in ([*run, "--out", folder / "run"], ["sweep", folder / "study.yaml", "--out", folder / "sweep"]):
        subprocess.run([SIM, *arguments, "--quiet"], check=True, capture_output=True, timeout=100)
    for name in ("run", "sweep"):
        subprocess.run([SIM, "report", folder / name], check=True, capture_output=True, timeout=100)
        yield folder / name / "report.html"


@tap.case
def every_figure_is_drawn_anew_at_each_width_and_in_both_schemes():
    if shutil.which("chromium") is None:
        raise tap.Skip("chromium is not installed")
    with tempfile.TemporaryDirectory() as folder:
        for page in folders(pathlib.Path(folder)):
            static = page.read_text(encoding="utf-8").split("<script")[0]
            count = len(re.findall(r"<figure data-figure=", static))
            assert count >= 3
            for width, options in ((1200, []), (500, ["--blink-settings=preferredColorScheme=0"])):
                document, said = browse(page, width, *options)
                drawn = re.findall(r'<figure data-figure="\d+">(<svg.*?</svg>)</figure>', document, re.S)
                assert len(drawn) == count, (len(drawn), count, said[-500:])
                widths = {int(re.search(r' width="(\d+)"', svg)[1]) for svg in drawn}
                assert widths == {min(820, width) - 32} or all(w < width for w in widths), (width, widths)
                assert width > 820 or widths != {820}, widths
                assert "Uncaught" not in said and "ERR_" not in said, said[-500:]
                assert all("NaN" not in svg for svg in drawn)


if __name__ == "__main__":
    sys.exit(tap.main())
