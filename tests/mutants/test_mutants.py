# SPDX-License-Identifier: BSD-2-Clause
"""Each deliberate fault of the table is noticed, by the test that stands beside it."""

import fcntl
import json
import os
import subprocess
import sys

import pytest

import mutants
from mutants import Tree, builds, cpu_seconds_of, patience

TABLE = mutants.table()
FOLDERS = {"hmcode/" + room for room in ("boot", "host", "world", "trap", "mmu", "core", "ssp")} | {"host-hv/device", "host-hv/run"}
QUICK_FOLDERS = {"hmcode/world", "hmcode/trap", "hmcode/core", "host-hv/device", "host-hv/run"}


class Base:
    """The unbroken tree, made once for all workers, and what each test takes on it."""

    def __init__(self, folder):
        self.folder = folder
        with self.locked("tree"):
            if not (folder / "made").exists():
                Tree.of_the_repository(folder / "tree")
                (folder / "made").touch()
        self.tree = Tree(folder / "tree")

    def locked(self, name, how=fcntl.LOCK_EX):
        lock = (self.folder / f"{name}.lock").open("w")
        fcntl.flock(lock, how)
        return lock

    def copy(self, folder):
        """While nobody builds there."""
        with self.locked("tree", fcntl.LOCK_SH):
            return self.tree.copy(folder)

    def patience(self, test):
        """Tests that build do so one at a time, whichever they are: they share objects."""
        name = test.replace("/", "-")
        with self.locked("tree" if builds(test) else name):
            known = self.folder / f"{name}.json"
            if not known.exists():
                known.write_text(json.dumps(cpu_seconds_of(self.tree, test)))
            return patience(json.loads(known.read_text()))


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "mutants"
    folder.mkdir(exist_ok=True)
    return Base(folder)


def parameters():
    for mutant in TABLE:
        marks = [] if mutant.quick else [pytest.mark.long("mutants")]
        yield pytest.param(mutant, id=mutant.what, marks=marks)


@pytest.mark.parametrize("mutant", parameters())
def test_it_is_caught(base, tmp_path, mutant):
    seconds = base.patience(mutant.test)
    broken = base.copy(tmp_path / "tree")
    broken.break_by(mutant)
    assert not broken.passes(mutant.test, seconds), f"SURVIVES: {mutant.what}"


def test_each_expression_finds_something():
    """Whoever changes what a line breaks learns of it at once, not when all mutants are run."""
    sources = {mutant.file: (mutants.ROOT / mutant.file).read_bytes() for mutant in TABLE}
    same = [mutant.what for mutant in TABLE if mutants.broken(sources[mutant.file], mutant) == sources[mutant.file]]
    assert not same


# Tables of their own, for unit tests that need no copy of the tree.
UNITS = [pytest.param(path, id=path.parent.name) for path in sorted((mutants.ROOT / "tests/unit").glob("*/mutants"))]


def run_unit_mutants(path, out, **environment):
    done = subprocess.run([path], env={**os.environ, "out": str(out), **environment}, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", UNITS)
def test_each_expression_of_a_unit_finds_something(path, tmp_path):
    run_unit_mutants(path, tmp_path, EXPRESSIONS="1")


@pytest.mark.long("mutants")
@pytest.mark.timeout(3500)
@pytest.mark.parametrize("path", UNITS)
def test_mutants_of_a_unit_are_caught(path, tmp_path):
    run_unit_mutants(path, tmp_path)


def test_the_table_is_what_it_claims_to_be():
    quick = [mutant for mutant in TABLE if mutant.quick]
    assert len(TABLE) >= 60
    assert len({mutant.what for mutant in TABLE}) == len(TABLE)
    assert {mutant.kind for mutant in TABLE} <= mutants.KINDS
    assert {mutant.folder for mutant in TABLE} >= FOLDERS
    assert len(quick) <= 10
    assert {mutant.folder for mutant in quick} >= QUICK_FOLDERS
    assert {mutant.kind for mutant in quick} >= {"check", "fence", "bound", "lock"}


def test_each_test_that_is_named_exists():
    """A run that finds no test fails as well, and would pass for one that notices; it does not look among the long ones."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    listed = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only",
                             "tests"], cwd=mutants.ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    known = {f"tests/{node.removeprefix('tests/')}" for node in listed.splitlines()}
    assert not {mutants.node_of(mutant.test) for mutant in TABLE} - known
