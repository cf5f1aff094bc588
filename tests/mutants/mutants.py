# SPDX-License-Identifier: BSD-2-Clause
"""Deliberate faults in a copy of firmware and host-hv, and the test that notices each.

table has a line for each: what is broken|kind|file|sed expression|test, where a * before the
line marks those that every run of the tests builds.  test is a name of the payload tests, such as
flush-ssp-hm-virt or flush-satp-virt, or a pytest node below tests/.
"""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
KINDS = {"check", "fence", "bound", "lock", "state"}
HOST_POLICIES = {"none", "satp", "inject", "inject,satp"}
# A mutant may loop for ever: each process may take so many times the processor time of the whole test, and some more.
PATIENCE = 3
CPU_SECONDS_MORE = 3
WALL_SECONDS = 600


class Mutant(NamedTuple):
    """One line of the table."""

    what: str
    kind: str
    file: str
    expression: str
    test: str
    quick: bool

    @property
    def folder(self):
        """A room of hmcode or of host-hv"""
        return str(pathlib.PurePath(self.file).parent)


def table(path=HERE / "table"):
    mutants = []
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        what, kind, file, rest = line.removeprefix("* ").split("|", 3)
        expression, test = rest.rsplit("|", 1)
        mutants.append(Mutant(what, kind, file, expression, test, line.startswith("* ")))
    return mutants


def broken(source, mutant):
    """The bytes of a file with the fault."""
    return subprocess.run(["sed", mutant.expression], input=source, check=True, capture_output=True).stdout


def builds(test):
    """Does it build something in the tree that it is of?  Those of QEMU find all built."""
    return not node_of(test).startswith("tests/boot/")


def node_of(test):
    """The pytest node that a name of the table stands for."""
    if "::" in test:
        return f"tests/{test}"
    function = "test_every_fact_holds"
    if test.rsplit("-", 2)[1] in HOST_POLICIES:
        function += "_on_tables_of_the_host"
    return f"tests/boot/test_payloads.py::{function}[{test}]"


class Tree:
    """A copy of the sources with what is built of them; only what changes is built again."""

    def __init__(self, folder):
        self.folder = folder

    @classmethod
    def of_the_repository(cls, folder):
        """The unbroken one."""
        tree = cls(folder)
        for name in ("hmcode", "host-hv", "tests", "qemu-platform", "build/hmcode", "build/host-hv"):
            shutil.copytree(ROOT / name, folder / name, symlinks=True,
                            ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
        shutil.copy2(ROOT / "Makefile", folder / "Makefile")     # the plugins' fixture asks for them
        for name in ("payloads", "guest", "plugins", "workloads"):
            (folder / "build" / name).symlink_to(ROOT / "build" / name)
        tree.build()
        return tree

    def copy(self, folder):
        shutil.copytree(self.folder, folder, symlinks=True)
        return Tree(folder)

    def break_by(self, mutant):
        """ValueError: the expression finds nothing to change."""
        path = self.folder / mutant.file
        before = path.read_bytes()
        changed = broken(before, mutant)
        if changed == before:
            raise ValueError(f"does not apply: {mutant.what}")
        path.write_bytes(changed)
        if path.suffix == ".h":     # what unit tests and fuzzers were built of names the headers of the unbroken tree
            for built in ("build/tests", "build/fuzz"):
                shutil.rmtree(self.folder / built, ignore_errors=True)
        self.build()

    def build(self):
        """A mutant must build: warnings are all that it may have."""
        clean = {name: value for name, value in os.environ.items() if name not in ("BUILD", "OUT", "MAKEFLAGS")}
        cache = clean.get("HMODE_CACHE") or os.path.join(
            clean.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "hmode")
        clean.setdefault("OPENSBI_SRC", f"{cache}/current/opensbi")
        for part in ("hmcode", "host-hv"):
            done = subprocess.run(["make", "-s", "-C", self.folder / part, "WARN="], env=clean,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode:
                raise RuntimeError(done.stdout)

    def passes(self, test, cpu_seconds=None, more=()):
        """Does the test pass here?  Each of its processes may take cpu_seconds; what it builds may have warnings."""
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *more, node_of(test)]
        if cpu_seconds:
            words = ["prlimit", f"--cpu={cpu_seconds}", *words]
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("PYTEST_") and name != "BUILD"} | {"WERROR": ""}
        running = subprocess.Popen(words, cwd=self.folder, env=environment, start_new_session=True, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            self.output, _ = running.communicate(timeout=WALL_SECONDS)
        except subprocess.TimeoutExpired:
            self.output = "the time is over"
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
        if "no tests ran" in self.output or "error: not found" in self.output.lower():
            raise LookupError(f"there is no test {test}:\n{self.output}")
        return running.returncode == 0


def cpu_seconds_of(tree, test):
    """What a test takes of the processor on unbroken code; AssertionError: it does not pass."""
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert tree.passes(test), f"{test} fails without any mutation:\n{tree.output}"
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime


def patience(seconds):
    return round(PATIENCE * seconds) + CPU_SECONDS_MORE
