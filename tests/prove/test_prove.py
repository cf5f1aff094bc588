# SPDX-License-Identifier: BSD-2-Clause
"""The proofs hold, and each of their mutants is refuted; as ordinary tests the harnesses hold as well."""

import importlib.machinery
import importlib.util
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
LOADER = importlib.machinery.SourceFileLoader("prove", str(HERE / "prove"))
prove = importlib.util.module_from_spec(importlib.util.spec_from_loader("prove", LOADER))
LOADER.exec_module(prove)
HARNESSES = prove.table()


def run(*words):
    done = subprocess.run([HERE / "prove", *words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    print(done.stdout)
    return done


def assert_proved(part):
    done = run(f"--{part}")
    assert done.returncode == 0
    proved = re.findall(r"^(\S+): proved, [1-9]\d* properties", done.stdout, re.MULTILINE)
    assert proved == [harness.name for harness in HARNESSES if harness.part == part]


@pytest.mark.apart
def test_what_takes_little_time_is_proved():
    assert_proved("quick")


@pytest.mark.long("prove")
@pytest.mark.timeout(3500)
def test_the_rest_is_proved():
    assert_proved("long")


def test_every_harness_holds_for_random_values():
    done = run("--random")
    assert done.returncode == 0
    assert len(re.findall(r"^\S+: holds, [1-9]\d* of", done.stdout, re.MULTILINE)) == len(HARNESSES)


def test_each_harness_has_a_mutant():
    entries = {(harness.file, harness.entry) for harness in HARNESSES if harness.part != "random"}
    assert entries == {(harness.file, harness.entry) for harness in HARNESSES if harness.mutants}


@pytest.mark.parametrize("mutant", [mutant for harness in HARNESSES for mutant in harness.mutants], ids=lambda mutant: mutant.what)
def test_each_expression_finds_something(mutant, tmp_path):
    prove.mutated(mutant, tmp_path / "hmcode")


def test_a_mutant_that_changes_nothing_is_not_refuted(tmp_path):
    result = prove.cbmc(HARNESSES[0], prove.ROOT / "hmcode", tmp_path / "log", prove.time.monotonic() + 600, prove.REFUTATION)
    assert result.verdict == "SUCCESSFUL"
