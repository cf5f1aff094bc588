# SPDX-License-Identifier: BSD-2-Clause
"""The models hold, and each of their broken variants does not."""

import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent


@pytest.mark.skipif(not shutil.which("spin"), reason="spin is not installed")
def test_models_hold_and_broken_variants_are_refuted():
    run = subprocess.run(["make", "-C", HERE, "check"], text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False)
    print(run.stdout)
    assert run.returncode == 0
    variants = {name for model in HERE.glob("*.pml")
                for name in re.findall(r"^#ifn?def (BREAK_\w+)$", model.read_text(), re.MULTILINE)}
    assert {"BREAK_COMMIT", "BREAK_FLAG_FENCE", "BREAK_CACHED_FENCE"} <= variants
    assert set(re.findall(r"is refuted with (\w+)", run.stdout)) == variants
    assert re.search(r"ring holds: \d{6,} states", run.stdout)
