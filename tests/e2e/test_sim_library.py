#!/usr/bin/env python3
"""The simulator as a library: what is installed of it is enough to compile, link and run a program outside the tree."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["HOLDFAST_SOURCE"])
BUILD = pathlib.Path(os.environ["HOLDFAST_BUILD"])
sys.path.insert(0, str(SOURCE / "tests/lib"))

import tap  # noqa: E402


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, **options)
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-800:]}{done.stderr[-800:]}"
    return done.stdout


@tap.case
def a_program_is_built_with_what_is_installed_and_runs():
    with tempfile.TemporaryDirectory(prefix="holdfast-library-") as name:
        root = pathlib.Path(name)
        run("meson", "install", "-C", str(BUILD), "--no-rebuild", "--tags", "sim-library,devel", "--destdir", name)
        (pc,) = root.rglob("holdfast-sim.pc")
        (library,) = root.rglob("libholdfast-sim.so")
        found = os.environ | {"PKG_CONFIG_LIBDIR": str(pc.parent), "PKG_CONFIG_SYSROOT_DIR": name}
        flags = run("pkg-config", "--cflags", "--libs", "holdfast-sim", env=found).split()
        source = root / "late_answer.c"
        shutil.copy(SOURCE / "contrib/examples/late_answer.c", source)
        run("cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", str(source), *flags, "-o", str(root / "late_answer"))
        runs = [run(str(root / "late_answer"), seed, env=os.environ | {"LD_LIBRARY_PATH": str(library.parent)})
                for seed in ("7", "7", "8")]
        assert runs[0] == runs[1] and "in peace" in runs[0] and "late answers" in runs[0], runs[0]
        peace, late = (float(line.split()[-2]) for line in runs[0].splitlines()[:2])
        assert 0 < peace < late, runs[0]
        exported = run("nm", "-D", "--defined-only", str(library))
        assert " hf_world_new" in exported and " hf__" not in exported
        for header in ("sim/world.h", "sim/settings.h"):
            text = f'#include "{header}"\nint main(void) {{ return 0; }}\n'
            subprocess.run(["cc", "-std=gnu11", "-fsyntax-only", "-x", "c", "-", *flags], input=text, text=True, check=True)


if __name__ == "__main__":
    if "asan" in subprocess.run(["ldd", BUILD / "sim/holdfast-sim"], capture_output=True, text=True, check=True).stdout:
        print("1..0 # SKIP a program without the sanitizer cannot load a library with it")
        sys.exit(0)
    sys.exit(tap.main())
