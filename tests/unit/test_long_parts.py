# SPDX-License-Identifier: BSD-2-Clause
"""The frame of the long tests: parts run alone, are resumed, and leave a table."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from processes import must_end, started

TESTS = pathlib.Path(__file__).resolve().parents[1]
FRAME = ["pytest.ini", "conftest.py", "boot/launcher.py", "long/parts", "workloads/list"]

SHORT = "def test_short(): pass\n"
LONG = """
import os, pathlib, time, pytest

@pytest.mark.long("first")
def test_passes(): pass

@pytest.mark.long("first")
def test_waits(): assert pathlib.Path(__file__).with_name("ready").exists()

@pytest.mark.long
@pytest.mark.xdist_group("a")
def test_of_the_file(): pass
"""


LASTS = """
import time, pytest
@pytest.mark.long
def test_lasts(): time.sleep(4)
"""


class Tree:
    """A repository of a few tests with the frame."""

    def __init__(self, folder):
        self.folder = folder
        for name in FRAME:
            (folder / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TESTS / name, folder / "tests" / name)
        (folder / "tests/test_short.py").write_text(SHORT)
        (folder / "tests/long/test_storm.py").write_text(LONG)
        (folder / "storm").mkdir()  # as host-hv, a part and a folder
        (folder / ".gitignore").write_text("ready\n__pycache__\n.pytest_cache\ncache\n")
        self.git("init", "-q")
        self.commit()

    def git(self, *words):
        subprocess.run(["git", "-c", "user.name=nobody", "-c", "user.email=nobody@localhost", *words],
                       cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def commit(self):
        self.git("add", ".")
        self.git("commit", "-q", "--allow-empty", "-m", "tests")

    def call(self, *words):
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, env=self.environment())
        return done.returncode, done.stdout + done.stderr

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        return kept | {"HMODE_CACHE": str(self.folder / "cache")}

    def parts(self, *words):
        return self.call("/usr/bin/python3", "tests/long/parts", *words)

    def table(self):
        """(part, result) of each line."""
        _, output = self.parts("--table")
        return [tuple(line.split()[1:3]) for line in output.splitlines()[1:-1]]


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def test_a_plain_run_leaves_long_tests_out(tree):
    status, output = tree.call("/usr/bin/python3", "-m", "pytest", "-q", "tests")
    assert status == 0 and "1 passed, 3 deselected" in output, output


def test_parts_are_listed(tree):
    status, output = tree.parts("--list")
    assert status == 0 and [line.split()[:2] for line in output.splitlines()] == [["first", "2"], ["storm", "1"]]
    status, output = tree.parts("second")
    assert status == 2 and "there is: first storm" in output


def test_what_passed_is_left_out_until_the_next_commit(tree):
    status, output = tree.parts()
    assert status == 1 and "1 failed, 1 passed" in output, output
    assert tree.table() == [("first", "FAILED"), ("storm", "passed")]
    (tree.folder / "tests/long/ready").touch()
    status, output = tree.parts()
    assert status == 0 and "1 passed" in output and "PART    storm" not in output, output
    assert tree.table() == [("first", "FAILED"), ("storm", "passed"), ("first", "passed")]
    assert "PART" not in tree.parts()[1]
    tree.commit()
    assert tree.table() == []
    status, output = tree.parts("first")
    assert status == 0 and "2 passed" in output, output


def test_a_changed_tree_has_no_commit(tree):
    with (tree.folder / "tests/long/test_storm.py").open("a") as file:
        file.write("# changed\n")
    for _ in range(2):
        status, output = tree.parts("storm")
        assert status == 0 and "1 passed" in output, output
    assert tree.table() == [("storm", "passed")] * 2


def test_what_a_part_has_started_ends_with_it(tree):
    """By SIGTERM, as a machine that goes down, or whoever ends make, sends it."""
    named = tree.folder / "named"
    with (tree.folder / "tests/long/test_storm.py").open("a") as file:
        file.write(f"""
@pytest.mark.long("calm")
def test_lasts():
    pathlib.Path({str(named)!r}).write_text(str(os.getpid()))
    time.sleep(600)
""")
    with started(["/usr/bin/python3", "tests/long/parts", "calm"], cwd=tree.folder, stdout=subprocess.DEVNULL,
                 stderr=subprocess.DEVNULL, env=tree.environment()) as running:
        while not (named.exists() and named.read_text()):
            assert running.poll() is None
            time.sleep(0.1)
        running.terminate()
        assert running.wait() == 128 + signal.SIGTERM
    must_end(int(named.read_text()), "what the part has started")


def test_a_test_that_hangs_fails_by_name_and_the_others_run(tree):
    """Else a run ends with all results lost when whoever started it loses patience."""
    (tree.folder / "tests/test_hangs.py").write_text("import time\ndef test_hangs(): time.sleep(600)\n")
    (tree.folder / "tests/test_lasts.py").write_text(LASTS)
    frame = tree.folder / "tests/pytest.ini"
    limit = re.search("^timeout = (.*)$", frame.read_text(), re.M)
    frame.write_text(frame.read_text().replace(limit[0], "timeout = 2"))
    status, output = tree.call("/usr/bin/python3", "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "tests")
    assert status == 1 and "1 failed, 1 passed" in output and "test_hangs" in output, output
    status, output = tree.parts("lasts")
    assert status == 0 and "1 passed" in output, output
