# SPDX-License-Identifier: BSD-2-Clause
"""An exit that has no route in host-hv, or no reason that it counts as, does not compile."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
HEADER = ROOT / "hmcode/include/hm_abi.h"
CROSS = os.environ.get("CROSS_COMPILE", "riscv64-linux-gnu-")
LAST = "\tX(14, REMOTE_FENCE, remote_fence, REMOTE_FENCE)\n"


def compile_with(folder, source, more=""):
    """What the compiler says of a source of host-hv where the list of exits goes on with `more`."""
    text = HEADER.read_text()
    assert text.count(LAST) == 1
    (folder / "hm_abi.h").write_text(text.replace(LAST, LAST.rstrip("\n") + more + "\n"))
    paths = [folder, *(ROOT / path for path in ("host-hv", "hmcode", "hmcode/ssp", "hmcode/ssp/flat", "hmcode/include"))]
    return subprocess.run([CROSS + "gcc", "-std=gnu11", "-march=rv64imac_zicsr_zifencei", "-mabi=lp64", "-ffreestanding",
                           "-fsyntax-only", "-Wall", "-Wextra", "-Werror", *(f"-I{path}" for path in paths), ROOT / source],
                          capture_output=True, text=True, check=False)


@pytest.mark.parametrize("source", ["host-hv/run/exits.c", "host-hv/run/stats.c"])
def test_the_list_as_it_is_compiles(tmp_path, source):
    done = compile_with(tmp_path, source)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("source, more, missing", [
    ("host-hv/run/exits.c", " X(15, NEW, new, SBI)", "exit_new"),
    ("host-hv/run/stats.c", " X(15, NEW, new, NEW_REASON)", "HM_REASON_NEW_REASON"),
])
def test_an_exit_without_its_entry_does_not_compile(tmp_path, source, more, missing):
    done = compile_with(tmp_path, source, more)
    assert done.returncode != 0
    assert missing in done.stderr


def test_a_number_given_twice_does_not_compile(tmp_path):
    done = compile_with(tmp_path, "host-hv/run/exits.c", " X(14, AGAIN, sbi, SBI)")
    assert done.returncode != 0, "two exits of one number share a route"
