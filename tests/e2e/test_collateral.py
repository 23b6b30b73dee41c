#!/usr/bin/env python3
"""holdfast-collateral against a service on loopback that serves, stalls, truncates, refuses and goes back in time.

usage: test_collateral.py HOLDFAST_COLLATERAL DEV_SET [CASE ...]
"""

import fcntl
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
sys.path[:0] = [str(SOURCE / "tests/lib")]

import pcs  # noqa: E402
import tap  # noqa: E402

PROGRAM, DEV_SET = sys.argv.pop(1), sys.argv.pop(1)
VECTORS = pathlib.Path(os.environ.get("HOLDFAST_VECTORS", SOURCE.parent / "shared/vectors"))
DONE, AGAIN, USAGE, REFUSED = 0, 1, 64, 3
DAY = 86400
NOW = 1760000000
FMSPC = "de7000000000"
BASE = pathlib.Path(tempfile.mkdtemp(prefix="hf-collateral-"))
OUTPUT = BASE / "out/collateral"


def dev_set(name, issued=NOW, evaluation=17, authority="authority", fmspcs=(FMSPC, "de7000000001"), valid=30 * DAY):
    """A folder with a set; made once for each name. Returns (folder, root key)."""
    done = subprocess.run([DEV_SET, BASE / authority, BASE / name, str(issued), str(valid), str(evaluation), *fmspcs],
                          capture_output=True, text=True, check=True)
    return BASE / name, done.stdout.strip()


(BASE / "out").mkdir()
pcs.make_tls(BASE)
SET, ROOT = dev_set("set")
OLDER, _ = dev_set("older", issued=NOW - DAY)
NEWER, _ = dev_set("newer", issued=NOW + DAY)
ALIEN, _ = dev_set("alien", authority="alien-authority")


def command(service, *more, fmspcs=(FMSPC,), at=NOW + 2 * DAY, output=OUTPUT, root=ROOT):
    trust = ["--dev-root", root] if root else []
    asked = [word for fmspc in fmspcs for word in ("--fmspc", fmspc)]
    return [PROGRAM, "--url", service.url, "--output", output, "--ca-file", BASE / "cert.pem", "--at", str(at),
            "--timeout", "20", *trust, *asked, *more]


def environment():
    return {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}


def fetch(service, *more, **options):
    """Runs the program; (exit status, what it said). What it said is always one line."""
    done = subprocess.run(command(service, *more, **options), capture_output=True, text=True, env=environment(),
                          timeout=60)
    said = done.stderr if done.returncode else done.stdout
    assert len(said.splitlines()) == 1, (done.stdout, done.stderr)
    return done.returncode, said.strip()


def files_of(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()} if folder.exists() else {}


def expected_of(folder, fmspcs=(FMSPC,)):
    wanted = {f"tcb_info_{fmspc}.json" for fmspc in fmspcs}
    return {name: data for name, data in files_of(folder).items()
            if not name.startswith("tcb_info_") or name in wanted}


def start_with(folder=None):
    """Begins a case with the set of this folder in place, or none; nothing else lies there."""
    subprocess.run(["rm", "-rf", BASE / "out"], check=True)
    OUTPUT.parent.mkdir()
    if folder:
        OUTPUT.mkdir()
        for name, data in expected_of(folder).items():
            (OUTPUT / name).write_bytes(data)


def expect_kept(folder):
    """What was there is there, and no half of anything beside it."""
    assert files_of(OUTPUT) == (expected_of(folder) if folder else {})
    left = {p.name for p in OUTPUT.parent.iterdir()} - {"collateral", "collateral.lock"}
    assert not left, left


def expect_refusals(name, expected, faults, held=SET):
    """Each fault of a document ends with the exit status, and leaves what was there."""
    for fault in faults:
        start_with(held)
        with pcs.Service(NEWER, BASE) as service:
            service.faults[name] = fault
            status, said = fetch(service)
        assert status == expected, (fault, status, said)
        expect_kept(held)


@tap.case
def the_set_that_is_served_is_written_byte_for_byte():
    start_with()
    with pcs.Service(SET, BASE) as service:
        status, said = fetch(service)
        assert status == DONE, said
        assert "1 platform, valid until 2025-" in said, said
        # What is announced was asked for, and is what counts.
        assert len([r for r in service.requests if "update=early" not in r]) == 4, service.requests
        assert len(service.requests) == 6, service.requests
    expect_kept(SET)


@tap.case
def what_is_announced_comes_too_and_never_counts():
    announced, _ = dev_set("announced", fmspcs=(FMSPC,))
    later, _ = dev_set("later", issued=NOW + 1, evaluation="18/OutOfDate", fmspcs=(FMSPC,))
    for name in (f"tcb_info_{FMSPC}.json", "qe_identity.json"):
        (announced / f"early_{name}").write_bytes((later / name).read_bytes())
    start_with()
    with pcs.Service(announced, BASE) as service:
        assert fetch(service)[0] == DONE
        expect_both = files_of(OUTPUT)
        assert expect_both == files_of(announced), set(expect_both) ^ set(files_of(announced))
        # The announcement is taken back, and what counts is as old as it is: nothing keeps it out.
        for name in (f"early_tcb_info_{FMSPC}.json", "early_qe_identity.json"):
            (announced / name).unlink()
        assert fetch(service)[0] == DONE
        assert files_of(OUTPUT) == files_of(announced)
    # A service that knows no such thing, or that fails at it, costs the rest nothing.
    with pcs.Service(SET, BASE) as service:
        service.faults["early"] = "nothing"
        assert fetch(service)[0] == DONE
    expect_kept(SET)


@tap.case
def the_lists_of_both_pck_cas_stand_side_by_side():
    both, _ = dev_set("both")
    other, _ = dev_set("other", fmspcs=("processor",))
    for name in ("", "_issuer_chain"):
        end = "pem" if name else "der"
        (both / f"pck_crl_2{name}.{end}").write_bytes((other / f"pck_crl{name}.{end}").read_bytes())
    assert (both / "pck_crl_2.der").read_bytes() != (both / "pck_crl.der").read_bytes()
    start_with()
    with pcs.Service(both, BASE) as service:
        status, said = fetch(service, "--ca", "both")
        assert status == DONE, said
        assert [r.split("ca=")[1].split("&")[0] for r in service.requests if "ca=" in r] == ["platform", "processor"]
    expect_kept(both)
    # One of them is not what it should be: nothing is replaced.
    with pcs.Service(both, BASE) as service:
        (both / "pck_crl_2_issuer_chain.pem").write_bytes((both / "tcb_signing_chain.pem").read_bytes())
        status, said = fetch(service, "--ca", "both")
        assert status == REFUSED and "PCK revocation list" in said, (status, said)


@tap.case
def several_platforms_come_into_one_set():
    start_with(SET)
    with pcs.Service(NEWER, BASE) as service:
        status, said = fetch(service, fmspcs=(FMSPC, "DE7000000001", FMSPC))
        assert status == DONE, said
    assert files_of(OUTPUT) == expected_of(NEWER, (FMSPC, "de7000000001"))


@tap.case
def revocation_lists_may_come_as_hexadecimal_or_pem():
    for form in ("hex", "pem"):
        start_with()
        with pcs.Service(SET, BASE) as service:
            service.faults = {"pckcrl": form, "rootcrl": form}
            status, said = fetch(service)
            assert status == DONE, said
        expect_kept(SET)


@tap.case
def the_roots_list_may_lie_elsewhere():
    start_with()
    with pcs.Service(SET, BASE) as service:
        status, said = fetch(service, "--root-crl-url", service.url + "/elsewhere/root.crl")
        assert status == DONE, said
        assert "/elsewhere/root.crl" in service.requests
    expect_kept(SET)


@tap.case
def a_newer_set_replaces_and_the_same_may_come_again():
    start_with(SET)
    for folder in (SET, NEWER, NEWER):
        with pcs.Service(folder, BASE) as service:
            status, said = fetch(service)
            assert status == DONE, said
        expect_kept(folder)


@tap.case
def an_older_set_never_replaces():
    """collateral_older: what would replace the set is older than it."""
    start_with(SET)
    with pcs.Service(OLDER, BASE) as service:
        status, said = fetch(service)
    assert status == REFUSED and "newer" in said, said
    expect_kept(SET)
    higher, _ = dev_set("higher", issued=NOW - DAY, evaluation=18)
    start_with(higher)
    with pcs.Service(SET, BASE) as service:
        status, said = fetch(service)
    assert status == REFUSED, said
    expect_kept(higher)


@tap.case
def what_is_damaged_is_replaced_by_anything_good():
    start_with(SET)
    for name in files_of(OUTPUT):
        (OUTPUT / name).write_bytes(b"damaged")
    with pcs.Service(OLDER, BASE) as service:
        status, said = fetch(service)
    assert status == DONE, said
    expect_kept(OLDER)


@tap.case
def a_service_that_stalls_costs_its_timeout_and_nothing_else():
    start_with(SET)
    for name in ("tcb", "rootcrl"):
        with pcs.Service(NEWER, BASE) as service:
            service.faults[name] = "stall"
            started = time.monotonic()
            status, said = fetch(service, "--timeout", "1")
            assert status == AGAIN, said
            assert 0.9 < time.monotonic() - started < 15
    expect_kept(SET)


@tap.case
def who_takes_it_over_can_do_no_more_than_fetch():
    start_with(SET)
    library = pathlib.Path(os.environ["HOLDFAST_BUILD"]) / "tests/lib/libtaken_over.so"
    denied, killed = 42, -signal.SIGSYS
    for deed, expected in {"socket": denied, "listen": denied, "fork": denied, "space": denied, "page": denied, "kill": denied,
                           "link": denied, "execute": killed, "trace": killed, "read": killed}.items():
        with pcs.Service(NEWER, BASE) as service:
            done = subprocess.run(command(service), capture_output=True, text=True, timeout=60,
                                  env=environment() | {"LD_PRELOAD": str(library), "HF_TAKEN_OVER": deed})
        assert done.returncode == expected, (deed, done)
    expect_kept(SET)


@tap.case
def all_requests_together_have_a_deadline_too():
    start_with(SET)
    with pcs.Service(NEWER, BASE) as service:
        service.faults["identity"] = "stall"
        status, said = fetch(service, "--timeout", "20", "--total", "1")
    assert status == AGAIN, said
    expect_kept(SET)


@tap.case
def truncated_bodies_and_passing_refusals_may_be_tried_again():
    for name in ("tcb", "identity", "pckcrl", "rootcrl"):
        expect_refusals(name, AGAIN, ["truncate"])
    expect_refusals("tcb", AGAIN, ["429", "500", "503"])


@tap.case
def lasting_refusals_and_wrong_answers_are_told_apart():
    expect_refusals("tcb", REFUSED, ["404", "400", "401", "403", "204", "301"])
    expect_refusals("identity", REFUSED, ["empty", "junk", "no-chain", "two-chains", "bad-chain", "gzip"])
    expect_refusals("pckcrl", REFUSED, ["junk", "no-chain"])
    expect_refusals("rootcrl", REFUSED, ["junk", "gzip"])


@tap.case
def lengths_are_bounded():
    expect_refusals("tcb", REFUSED, ["huge", "huge-header"])
    expect_refusals("rootcrl", REFUSED, ["huge"])


@tap.case
def redirects_stay_with_tls_and_end():
    expect_refusals("tcb", REFUSED, ["to-http", "loop"])
    start_with()
    with pcs.Service(SET, BASE) as service:
        service.faults["tcb"] = "to-https"
        status, said = fetch(service)
        assert status == DONE, said
    expect_kept(SET)


@tap.case
def sets_of_another_authority_are_refused():
    start_with(SET)
    with pcs.Service(ALIEN, BASE) as service:
        status, said = fetch(service)
    assert status == REFUSED and "signature" in said, said
    expect_kept(SET)
    with pcs.Service(NEWER, BASE) as service:
        status, said = fetch(service, root=None)
    assert status == REFUSED, said
    expect_kept(SET)


@tap.case
def expired_and_future_sets_are_refused():
    for at in (NOW + 40 * DAY, NOW - 10 * DAY):
        start_with()
        with pcs.Service(SET, BASE) as service:
            status, said = fetch(service, at=at)
        assert status == AGAIN, said
        expect_kept(None)


@tap.case
def signing_chains_may_differ_while_one_of_them_fits():
    for name in ("tcb", "identity"):
        start_with()
        with pcs.Service(SET, BASE) as service:
            service.other, service.faults[name] = ALIEN, "other-chain"
            status, said = fetch(service)
            assert status == DONE, said
        expect_kept(SET)


@tap.case
def a_server_without_a_trusted_certificate_is_not_believed():
    start_with(SET)
    other = BASE / "other-tls"
    other.mkdir()
    pcs.make_tls(other)
    with pcs.Service(NEWER, other) as service:
        status, said = fetch(service)
        assert status == AGAIN and "certificate" in said, said
        assert service.requests == []
    expect_kept(SET)


@tap.case
def a_service_that_is_not_there_may_come_back():
    start_with(SET)
    with pcs.Service(NEWER, BASE) as service:
        pass
    status, said = fetch(service)
    assert status == AGAIN, said
    expect_kept(SET)


@tap.case
def a_folder_with_something_else_in_it_is_left_alone():
    start_with(SET)
    (OUTPUT / "thesis.tex").write_text("mine")
    before = files_of(OUTPUT)
    with pcs.Service(NEWER, BASE) as service:
        status, said = fetch(service)
        assert status == REFUSED and "thesis.tex" in said, said
        assert files_of(OUTPUT) == before
        start_with(SET)
        OUTPUT.rename(OUTPUT.parent / "real")
        OUTPUT.symlink_to(OUTPUT.parent / "real")
        status, said = fetch(service)
        assert status == REFUSED and "not a folder" in said, said
        assert OUTPUT.is_symlink() and files_of(OUTPUT.parent / "real") == expected_of(SET)
        start_with()
        OUTPUT.write_text("a file")
        status, said = fetch(service)
        assert status == REFUSED and OUTPUT.read_text() == "a file", said


@tap.case
def a_folder_that_cannot_be_written_is_told():
    start_with()
    with pcs.Service(SET, BASE) as service:
        status, said = fetch(service, output=BASE / "missing/collateral")
        assert status == REFUSED, said
        status, said = fetch(service, output=str(OUTPUT) + "/")
        assert status == REFUSED, said


@tap.case
def one_fetch_at_a_time():
    start_with(SET)
    with pcs.Service(NEWER, BASE) as service, open(str(OUTPUT) + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        status, said = fetch(service)
        assert status == AGAIN and "under way" in said, said
    expect_kept(SET)


@tap.case
def killed_at_any_time_it_leaves_a_whole_set():
    for step in range(10):
        start_with(SET)
        with pcs.Service(NEWER, BASE) as service:
            child = subprocess.Popen(command(service), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     env=environment())
            time.sleep(0.02 * step)
            child.kill()
            child.wait()
        assert files_of(OUTPUT) in (expected_of(SET), expected_of(NEWER)), step
        with pcs.Service(NEWER, BASE) as service:
            status, said = fetch(service)
        assert status == DONE, said
        expect_kept(NEWER)


@tap.case
def what_a_killed_fetch_left_half_written_is_cleared():
    start_with(SET)
    fresh = pathlib.Path(str(OUTPUT) + ".new")
    fresh.mkdir()
    for name in ("pck_crl.der", "pck_crl.der.a1B2c3", "qe_identity.json.XXXXXX"):
        (fresh / name).write_bytes(b"half")
    with pcs.Service(NEWER, BASE) as service:
        status, said = fetch(service)
    assert status == DONE, said
    expect_kept(NEWER)
    assert not fresh.exists()


@tap.case
def real_sets_pass_under_intels_root():
    windows = VECTORS / "dcap/collateral/windows.json"
    if not windows.exists():
        raise tap.Skip(f"{windows} is not there")
    for name, window in sorted(json.loads(windows.read_text()).items()):
        at = subprocess.run(["date", "-ud", window["at"], "+%s"], capture_output=True, text=True, check=True)
        start_with()
        with pcs.Service(VECTORS / "dcap/collateral" / name, BASE) as service:
            status, said = fetch(service, fmspcs=window["fmspcs"], at=int(at.stdout), root=None)
            assert status == DONE, (name, said)
        assert files_of(OUTPUT) == files_of(VECTORS / "dcap/collateral" / name), name


@tap.case
def wrong_usage_is_told_in_one_line():
    done = subprocess.run([PROGRAM, "--url", "http://127.0.0.1"], capture_output=True, text=True)
    assert done.returncode == USAGE and len(done.stderr.splitlines()) == 1, done.stderr
    done = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True)
    assert done.returncode == DONE and done.stdout.startswith("usage: holdfast-collateral"), done.stdout


if __name__ == "__main__":
    try:
        code = tap.main()
    finally:
        subprocess.run(["rm", "-rf", BASE], check=True)
    sys.exit(code)
