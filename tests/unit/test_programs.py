# SPDX-License-Identifier: BSD-2-Clause
"""The C tests of each folder here, built by its Makefile and run on the build machine."""

import functools
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("BUILD", HERE.parents[1] / "build")) / "tests"
SOURCES = sorted(HERE.glob("*/test_*.c"))


@functools.cache
def build(folder):
    return subprocess.run(["make", "-C", str(folder), f"OUT={BUILD / folder.name}"],
                          capture_output=True, text=True)


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: f"{s.parent.name}-{s.stem}")
def test_program(source):
    made = build(source.parent)
    assert made.returncode == 0, made.stderr[-4000:]
    ran = subprocess.run([str(BUILD / source.parent.name / source.stem)], cwd=source.parent,
                         capture_output=True, text=True, timeout=1800)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
    assert "PASSED" in ran.stdout + ran.stderr, "it ran no test"
