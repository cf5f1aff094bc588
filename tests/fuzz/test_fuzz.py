# SPDX-License-Identifier: BSD-2-Clause
"""A short run of each fuzzer, the same every time."""

import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent


@pytest.mark.skipif(not shutil.which("clang"), reason="clang is not installed")
def test_the_engine_survives_a_short_fuzzing_run():
    run = subprocess.run(["make", "-C", HERE, "check"], text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False)
    print(run.stdout[-3000:])
    assert run.returncode == 0
    assert re.search(r"Done \d{4,} runs", run.stdout)
