#!/usr/bin/env python3
"""The programs that build and check: what they count, what they install, and what they ask for."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path[:0] = [str(SOURCE / "tests/lib"), str(SOURCE / "contrib/lib")]

import keysearch  # noqa: E402
import tap  # noqa: E402


def count(rows, notes=""):
    """What contrib/lib/count.py makes of these rows of meson's log: (exit status, last line, all lines)."""
    with tempfile.TemporaryDirectory() as folder:
        log = "".join(json.dumps(row) + "\n" for row in rows)
        pathlib.Path(folder, "release.json").write_text(log)
        if notes:
            pathlib.Path(folder, "notes").write_text(notes)
        command = [sys.executable, SOURCE / "contrib/lib/count.py", folder]
        done = subprocess.run(command, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    return done.returncode, lines[-1], lines


def row(stdout, result, name="x"):
    return {"name": name, "stdout": stdout, "result": result}


@tap.case
def sub_tests_count_each_for_itself():
    tap_text = "TAP version 13\n1..3\nok 1 - a\n# ok: a comment\nok - b\nok 3 - c # SKIP no hardware\n"
    status, last, _ = count([row(tap_text, "OK"), row("free text\n", "OK")])
    assert (status, last) == (0, "3 passed, 0 failed, 1 skipped")


@tap.case
def a_failed_sub_test_fails_and_is_named():
    status, last, lines = count([row("1..2\nok 1 - a\nnot ok 2 - b\n", "FAIL", "demo")])
    assert (status, last) == (1, "1 passed, 1 failed, 0 skipped")
    assert lines[0] == "failed: release: demo: 2 - b"


@tap.case
def a_timeout_or_a_crash_fails_though_no_sub_test_says_so():
    for result in ("TIMEOUT", "ERROR", "INTERRUPT", "UNEXPECTEDPASS"):
        status, last, _ = count([row("1..9\nok 1 - a\n", result)])
        assert (status, last) == (1, "1 passed, 1 failed, 0 skipped"), result


@tap.case
def no_test_at_all_fails():
    assert count([]) == (1, "0 passed, 0 failed, 0 skipped", ["0 passed, 0 failed, 0 skipped"])
    assert count([row("1..0 # SKIP nothing here\n", "SKIP")])[:2] == (1, "0 passed, 0 failed, 1 skipped")


@tap.case
def what_is_no_test_program_counts_too():
    status, last, _ = count([row("ok 1\n", "OK")], "passed clang: builds\nfailed sanitize: build/sanitizer.1\n")
    assert (status, last) == (1, "2 passed, 1 failed, 0 skipped")


def packages(installed, programs):
    """Runs hf_packages where dpkg-query knows only `installed`, and the commands of `programs` are as given."""
    with tempfile.TemporaryDirectory() as folder:
        answers = "".join(f"{name} installed\\n" for name in installed)
        programs = {"dpkg-query": f"printf '{answers}'; exit 1", **programs}
        for name, body in programs.items():
            path = pathlib.Path(folder, name)
            path.write_text(f"#!/bin/sh\n{body}\n")
            path.chmod(0o755)
        environment = {**os.environ, "PATH": f"{folder}:/usr/bin:/bin"}
        script = f". {SOURCE}/contrib/lib/common.sh; hf_packages runtime build; echo went on"
        command = ["bash", "-euc", script]
        return subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)


@tap.case
def what_is_installed_is_what_readme_says():
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", folder],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        files = {str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*") if path.is_file()}
        for wanted_file in ("bin/holdfastd", "bin/holdfast", "bin/holdfast-sim", "bin/holdfast-collateral",
                            "include/holdfast/holdfast.h", "pkgconfig/holdfast.pc", "libholdfast.so",
                            "libexec/holdfast/holdfast-report", "libexec/holdfast/holdfast-measure", "libexec/holdfast/holdfast-time",
                            "lib/systemd/system/holdfast-measure.service", "lib/systemd/system/holdfastd.service",
                            "lib/systemd/system/holdfast-report.service", "lib/systemd/system/holdfast-report.socket",
                            "lib/systemd/system/holdfast-time.service", "lib/systemd/system/holdfast-time.socket",
                            "lib/systemd/system/holdfast-reboot.service", "lib/systemd/system/holdfast-reboot.timer",
                            "share/holdfast/restart/needrestart", "share/holdfast/restart/52holdfast",
                            "libexec/holdfast/holdfast-restart", "bash-completion/completions/holdfast.bash", "zsh/vendor-completions/_holdfast", "share/holdfast/words.awk", "lib/sysusers.d/holdfast.conf", "lib/tmpfiles.d/holdfast.conf",
                            "man/man1/holdfast.1", "man/man8/holdfastd.8"):
            assert any(file.endswith(wanted_file) for file in files), (wanted_file, files)
        # And nothing of the tests or of foreign projects.
        assert not [file for file in files if any(part.startswith(("test", "criterion")) for part in file.split("/"))], files


EXPOSURE_MAX = 12  # tenths


@tap.case
def the_units_expose_little():
    build = pathlib.Path(os.environ["HOLDFAST_BUILD"])
    for unit in ("holdfastd.service", "holdfast-report.service", "holdfast-measure.service", "holdfast-time.service", "holdfast-reboot.service"):
        done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager",
                               f"--threshold={EXPOSURE_MAX}", build / "contrib" / unit],
                              capture_output=True, text=True, timeout=60, env=os.environ | {"LC_ALL": "C.UTF-8"})
        assert done.returncode == 0 and "Overall exposure level" in done.stdout, done.stdout + done.stderr
        text = (build / "contrib" / unit).read_text()
        assert "@" not in text.split("ExecStart=")[1].splitlines()[0], text
        # What reboots holds no secret, and its timer starts it again.
        assert unit == "holdfast-reboot.service" or "StartLimitIntervalSec=0" in text and "MemorySwapMax=0" in text, text


def machine_code(build):
    """Every program and library that is installed."""
    installed = json.loads((build / "meson-info/intro-installed.json").read_text())
    files = [pathlib.Path(path) for path in installed if os.path.isfile(path)]
    found = [path for path in files if path.open("rb").read(4) == b"\x7fELF"]
    assert len(found) >= 9, found
    return found


@tap.case
def what_is_installed_is_hardened_as_debian_hardens():
    build = pathlib.Path(os.environ["HOLDFAST_BUILD"])
    commands = json.loads((build / "compile_commands.json").read_text())
    assert all("-fstack-clash-protection" in row["command"] for row in commands), commands[0]
    if os.uname().machine == "x86_64":
        assert all("-fcf-protection" in row["command"] for row in commands), commands[0]
    for file in machine_code(build):
        read = subprocess.run(["readelf", "--wide", "-h", "-l", "-d", "-n", "--dyn-syms", file], capture_output=True,
                              text=True, check=True, timeout=60).stdout
        assert "Type:                              DYN" in read, f"{file}: not position-independent"
        assert "BIND_NOW" in read and "GNU_RELRO" in read, f"{file}: its tables can be written to"
        stack = next(line for line in read.splitlines() if "GNU_STACK" in line)
        assert " RW " in stack, f"{file}: {stack}"
        assert "__stack_chk_fail" in read, f"{file}: no stack protector"
        assert "_chk@" in read.replace("__stack_chk_fail", ""), f"{file}: no _FORTIFY_SOURCE"
        # Debian 12's own start files have no landing pads, so that no program is marked as having them all: the
        # flag of each file above is what there is to see.


@tap.case
def what_is_needed_to_run_is_what_the_programs_load():
    loaded = set()
    for file in machine_code(pathlib.Path(os.environ["HOLDFAST_BUILD"])):
        read = subprocess.run(["readelf", "-d", file], capture_output=True, text=True, check=True, timeout=60).stdout
        loaded |= set(re.findall(r"\(NEEDED\).*\[(.+)\]", read))
    for line in (SOURCE / "contrib/packages").read_text().splitlines():
        kind, name = (line.split() + ["", ""])[:2]
        if kind == "runtime":
            listed = subprocess.run(["dpkg", "-L", name], capture_output=True, text=True, check=True, timeout=60).stdout
            owned = {pathlib.Path(path).name for path in listed.splitlines()}
            assert owned & loaded, f"no program loads anything of {name}"
            loaded -= owned
    assert all(re.match(r"lib(holdfast|c|m|crypt|dl|pthread|gcc_s|stdc\+\+)\.so|ld-linux", name) for name in loaded), loaded


@tap.case
def what_any_program_printed_and_lost_is_no_success():
    programs = [file for file in machine_code(pathlib.Path(os.environ["HOLDFAST_BUILD"])) if ".so" not in file.suffixes]
    for program in programs:
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([program, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=20)
        assert done.returncode != 0 and "standard output cannot be written" in done.stderr, (program, done)


def wanted():
    lines = (SOURCE / "contrib/packages").read_text().splitlines()
    return [line.split()[1] for line in lines if line.startswith(("runtime ", "build "))]


@tap.case
def with_every_package_there_neither_root_nor_apt_is_needed():
    done = packages(wanted(), {"id": "echo 1000", "sudo": "exit 1", "apt-get": "echo called; exit 1"})
    assert (done.returncode, done.stdout) == (0, "went on\n"), done


@tap.case
def without_root_the_exact_command_is_printed():
    done = packages(wanted()[:-2], {"id": "echo 1000", "sudo": "exit 1"})
    missing = " ".join(sorted(wanted()[-2:]))
    assert done.returncode == 1
    assert f"  sudo apt-get install --no-install-recommends {missing}\n" in done.stdout, done.stdout


@tap.case
def lists_are_updated_only_when_installing_fails_without():
    with tempfile.TemporaryDirectory() as folder:
        log, state = f"{folder}/log", f"{folder}/updated"
        apt = f'echo "$@" >>{log}; case "$*" in *update*) touch {state};; *) test -e {state};; esac'
        done = packages(wanted()[:-1], {"id": "echo 0", "apt-get": apt})
        verbs = [next(w for w in line.split() if w in ("install", "update")) for line in open(log)]
        assert verbs == ["install", "update", "install"]
        # Nothing was really installed: that is said, too.
        assert done.returncode == 1 and "still missing" in done.stderr, done


@tap.case
def the_search_for_a_key_finds_what_it_plants():
    for _ in range(20):
        keysearch.prove()


def fresh_seeds(*options, count=4):
    """contrib/lib/seeds.py over so many seeds of the real simulator: (exit status, what it printed, its notes)."""
    if not (BUILD / "sim/holdfast-sim").exists():
        raise tap.Skip("a build for production has no simulator")
    with tempfile.TemporaryDirectory() as folder:
        notes = pathlib.Path(folder, "notes")
        simulator = BUILD / "sim/holdfast-sim"
        command = [sys.executable, SOURCE / "contrib/lib/seeds.py", simulator, str(count), notes, "--quiet"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout.splitlines(), notes.read_text().splitlines()


@tap.case
def fresh_seeds_say_first_where_they_began_and_are_others_each_time():
    began = set()
    for _ in range(2):
        status, lines, notes = fresh_seeds()
        first = int(re.fullmatch(r"began at (\d+)", lines[0])[1])
        began.add(first)
        assert lines[1].startswith(f"seeds {first}..{first + 3} of build "), lines
        assert (status, notes) == (0, [f"passed seeds: {first}..{first + 3}"]), (status, notes)
    assert len(began) == 2 and min(began) >= 10 ** 9, began


@tap.case
def a_build_that_is_told_nothing_is_one_for_production():
    shown = subprocess.run(["meson", "introspect", "--buildoptions", SOURCE / "meson.build"], capture_output=True, text=True,
                           check=True, timeout=60)
    given = {option["name"]: option["value"] for option in json.loads(shown.stdout)}
    assert given["production"] is True, given["production"]


@tap.case
def each_seed_that_fails_comes_with_the_command_that_fails_again():
    # A quote takes longer than a run has time to heal; 14 draws of 300 pass all the same.
    status, lines, notes = fresh_seeds("--set", "attestation.quote=1h", count=16)
    first = int(lines[0].removeprefix("began at "))
    failed = [line for line in lines if line.startswith("FAILED ")]
    assert status == 1 and len(notes) == len(failed) > 0, (status, notes, failed)
    for note in notes:
        seed, _, repeat = re.fullmatch(r"failed seeds: (\d+): (.*): (\S+/holdfast-sim .*)", note).groups()
        assert first <= int(seed) <= first + 15 and f"  {repeat}" in lines, (note, lines)
    again = subprocess.run(["bash", "-c", repeat], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert again.returncode == 1, again


@tap.case
def what_takes_long_runs_only_when_asked_for():
    def listed(*options):
        command = ["meson", "test", "-C", BUILD, "--no-rebuild", "--list", *options]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True)
        return {line.rpartition(" / ")[2] for line in done.stdout.splitlines() if " / " in line}
    if not (BUILD / "sim/holdfast-sim").exists():
        raise tap.Skip("a build for production has no simulator")
    every, long = listed(), listed("--suite", "long")
    assert "swarm" in every and "swarm_long" in long, (every, long)
    assert not every & long, every & long


@tap.case
def check_refuses_a_number_that_is_none():
    for option in ("--seeds", "--fuzz"):
        for value in ([], ["0"], ["x"]):
            done = subprocess.run([SOURCE / "contrib/check", option, *value], capture_output=True, text=True)
            assert done.returncode == 1 and f"{option} needs a number" in done.stderr, done


@tap.case
def every_script_says_how_it_is_used_and_refuses_the_rest():
    for name in ("build", "check", "demo"):
        script = SOURCE / "contrib" / name
        if not script.exists():
            continue
        shown = subprocess.run([script, "--help"], capture_output=True, text=True)
        assert shown.returncode == 0 and shown.stdout.startswith(f"usage: contrib/{name}"), shown
        assert max(map(len, shown.stdout.splitlines())) <= 80
        refused = subprocess.run([script, "--no-such-option"], capture_output=True, text=True)
        assert refused.returncode == 64 and "usage:" in refused.stderr, refused


@tap.case
def what_pages_bring_along_is_pinned_and_its_licences_are_there():
    web = SOURCE / "contrib/web"
    asked = json.loads((web / "package.json").read_text())
    locked = json.loads((web / "package-lock.json").read_text())["packages"]
    licences = (web / "dist/LICENSES.txt").read_text(encoding="utf-8")
    for name, version in (asked["dependencies"] | asked["devDependencies"]).items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version) and locked[f"node_modules/{name}"]["version"] == version, name
    for name, version in asked["dependencies"].items():
        assert f"{name} {version}: " in licences, f"no licence of {name} {version}"
    assert all("integrity" in row for name, row in locked.items() if name.startswith("node_modules/")), "a package without a hash"
    for made in (web / "dist").glob("*.js"):
        assert 0 < len(made.read_bytes()) < 1 << 20, made
    now = [f"{hashlib.sha256((web / name).read_bytes()).hexdigest()}  {name}\n"
           for name in ("bundle.js", "package-lock.json", *sorted(f"src/{path.name}" for path in (web / "src").iterdir()))]
    assert (web / "dist/made-from").read_text() == "".join(now), "contrib/web/bundle was not run since a source changed"


if __name__ == "__main__":
    sys.exit(tap.main())
