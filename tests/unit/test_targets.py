# SPDX-License-Identifier: BSD-2-Clause
"""The commands behind the Makefile's test targets are such as the installed pytest understands."""

import os
import pathlib
import shlex
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def commands(target):
    """What `make target` would run of pytest."""
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True)
    return [shlex.split(line) for line in done.stdout.splitlines() if " -m pytest " in line]


@pytest.mark.parametrize("target", ["test", "test-unit", "test-boot", "test-strict"])
def test_a_target_finds_tests(target):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    words, = commands(target)
    done = subprocess.run([*words, "-n", "0", "--collect-only"], cwd=ROOT, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tests collected" in done.stdout


def test_no_option_is_left():
    assert "HMODE_GIVEN" not in os.environ


def test_what_is_given_to_make_is_no_option_of_the_launcher():
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", f"{__file__}::test_no_option_is_left"], cwd=ROOT,
                          env=os.environ | {"HMODE_GIVEN": "PART"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("target, looked_at", [("run", " tour"), ("shell", " shell"), ("options", ""), ("run MODE=ssp", " run"),
                                               ("bench-events", " bench-events"), ("run measure", " tour measure"),
                                               ("bench-hspt", " bench-hspt"), ("all count-pt-writes", " count-pt-writes")])
def test_a_machine_without_python_gets_it_before_the_launcher_runs(target, looked_at):
    done = subprocess.run(["make", "-n", *target.split(), "PYTHON=/nowhere/python3"], cwd=ROOT, capture_output=True, text=True,
                          check=True)
    lines = done.stdout.splitlines()
    assert lines.index("qemu-platform/fetch tools") < lines.index(f"qemu-platform/launch options{looked_at}")


def test_a_machine_without_gdb_gets_it():
    done = subprocess.run(["make", "-n", "gdb", "gdb=/nowhere/gdb"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["qemu-platform/fetch tools", "qemu-platform/launch gdb"]


def test_the_place_of_a_page_is_no_folder_to_build_in():
    done = subprocess.run(["make", "-n", "report", "RUNS=virt", "OUT=/nowhere/page.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    told = [line for line in done.stdout.splitlines() if "/nowhere" in line]
    assert len(told) == 1 and told[0].startswith('OUT="/nowhere/page.md" ') and told[0].endswith(" -m report"), told


@pytest.mark.parametrize("text", ["a $x $$y $(shell echo no)", "100% \\n 'q' \"q\" # h", "a\nb"])
@pytest.mark.parametrize("name", ["ARGS", "CHECK"])
def test_words_for_a_program_reach_the_launcher_to_the_letter(name, text):
    done = subprocess.run(["make", "-s", "--eval", f"show:;@printenv {name}", "show", f"{name}={text}"], cwd=ROOT, capture_output=True,
                          text=True, check=True)
    assert done.stdout == f"{text}\n"
