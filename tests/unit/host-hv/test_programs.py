# SPDX-License-Identifier: BSD-2-Clause
"""host-hv's unit tests: each cmocka test of the C programs here is a test of its own."""

import functools
import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
OUT = HERE.parents[2] / "build/tests/host-hv"
PROGRAMS = sorted(p.stem for p in HERE.glob("test_*.c"))


def names_in(program):
    """One or several in a line, as they fit."""
    source = (HERE / f"{program}.c").read_text()
    for line in re.findall(r"^\t.*", source, re.M):
        yield from re.findall(r"\b(?:cmocka_unit_test\w*|TEST\w*)\((\w+)", line)


def cmocka_tests():
    for program in PROGRAMS:
        for name in names_in(program):
            yield pytest.param(program, name, id=f"{program}-{name}")


@functools.cache
def build():
    cache = os.environ.get("HMODE_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "hmode")
    env = {"OPENSBI_SRC": f"{cache}/current/opensbi"} | os.environ
    result = subprocess.run(["make", "-s", "-C", HERE], env=env, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return result.returncode, result.stdout


@functools.cache
def run(program):
    status, output = build()
    assert status == 0, output
    result = subprocess.run([OUT / program, OUT / "insns.bin"] if program == "test_decode"
                            else [OUT / program], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return result.stdout


@pytest.mark.parametrize("program, name", cmocka_tests())
def test_c(program, name):
    output = run(program)
    assert re.search(rf"^\[ +OK \] {name}$", output, re.M), output
    assert not re.search(rf"^\[  FAILED  \] {name}$", output, re.M), output


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_test_that_runs_is_one_here(program):
    assert set(re.findall(r"^\[ RUN +\] (\w+)$", run(program), re.M)) == set(names_in(program))


def test_dtc_has_nothing_to_say_about_a_guest_tree(tmp_path):
    status, output = build()
    assert status == 0, output
    subprocess.run([OUT / "test_fdt", tmp_path / "guest.dtb"], check=True)
    result = subprocess.run(["dtc", "-I", "dtb", "-O", "dts", tmp_path / "guest.dtb"], text=True,
                            capture_output=True)
    assert result.returncode == 0
    assert result.stderr == ""
    assert "interrupt-controller@c000000" in result.stdout
