# SPDX-License-Identifier: BSD-2-Clause
"""Builds and runs the unit tests of each part: `make -C tests/unit/PART check`.

A part with a runner of its own beside its tests is left to that.
"""

import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
PARTS = sorted(makefile.parent.name for makefile in HERE.glob("*/Makefile")
               if not list(makefile.parent.glob("test_*.py")))


@pytest.mark.parametrize("part", PARTS)
def test_part_passes_its_unit_tests(part):
    run = subprocess.run(["make", "-C", HERE / part, "check"], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    print("\n".join(line for line in run.stdout.splitlines() if "OK ]" not in line))
    assert run.returncode == 0
    assert re.search(r"\[  PASSED  \] [1-9]\d* test", run.stdout), "no test was run"


def test_there_are_parts_with_unit_tests():
    assert "ssp" in PARTS
