# SPDX-License-Identifier: BSD-2-Clause
"""A short run of each fuzzer, the same every time."""

import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).parent


def run(target):
    done = subprocess.run(["make", "-C", HERE, target], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    print(done.stdout[-6000:])
    assert done.returncode == 0
    return done.stdout


def test_the_engine_survives_a_short_fuzzing_run():
    assert re.search(r"Done \d{4,} runs", run("check-ssp"))


def test_the_firmware_survives_a_short_fuzzing_run():
    assert re.search(r"Done \d{4,} runs", run("check-hmcode"))
