# SPDX-License-Identifier: BSD-2-Clause
"""Which tests share a worker: those of a file do, those that are apart do not, and these come last."""

import os
import pathlib
import shutil
import subprocess

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
FRAME = ["pytest.ini", "conftest.py", "boot/launcher.py", "workloads/list"]

# Each of two tests waits until the other one has begun: they pass on two workers alone.
APART = """
import pathlib, time, pytest

pytestmark = pytest.mark.apart

@pytest.mark.parametrize("me, other", [("one", "two"), ("two", "one")])
def test_meets(me, other):
    here = pathlib.Path(__file__).parent
    (here / me).touch()
    end = time.monotonic() + 20
    while not (here / other).exists():
        assert time.monotonic() < end
        time.sleep(0.01)
"""
# The second one passes where the first one was.
TOGETHER = """
import os

def test_first():
    os.environ["FIRST"] = "yes"

def test_second():
    assert os.environ.pop("FIRST") == "yes"
"""


@pytest.fixture(name="pytest_there")
def fixture_pytest_there(tmp_path):
    for name in FRAME:
        (tmp_path / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(TESTS / name, tmp_path / "tests" / name)
    (tmp_path / "tests/test_apart.py").write_text(APART)
    for name in ("some", "others"):
        (tmp_path / f"tests/test_{name}.py").write_text(TOGETHER)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    def run(*words):
        done = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", *words, "tests"], cwd=tmp_path, env=clean,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_what_is_apart_comes_last(pytest_there):
    listed = [line for line in pytest_there("--collect-only").splitlines() if "::" in line]
    assert [line.split("::")[0] for line in listed] == [*["test_others.py"] * 2, *["test_some.py"] * 2,
                                                        *["test_apart.py"] * 2]


def test_files_stay_together_and_what_is_apart_does_not(pytest_there):
    assert "6 passed" in pytest_there("-n", "2", "--dist", "loadgroup")
