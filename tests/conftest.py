# SPDX-License-Identifier: BSD-2-Clause
"""What all tests share: long ones, which take part only where they are asked for, and the launcher's fixtures.

@pytest.mark.long("attacker") puts a test into the part `attacker`; without a name the part is
the file's name without `test_`.  docs/testing.md tells how parts are run.
"""

import collections
import os
import pathlib
import re
import subprocess

import pytest

from launcher import BUILD, ROOT, Run

# What was given to make (PART=, say) is none of the options of the launcher's runs.
os.environ.pop("HMODE_GIVEN", None)


# ---- long tests ----

LONG_SECONDS = 1800


def pytest_addoption(parser):
    group = parser.getgroup("long tests")
    group.addoption("--long", action="store_true", help="run long tests as well")
    group.addoption("--part", metavar="NAME", help="run the long tests of this part alone")
    group.addoption("--parts", action="store_true", help="list the parts of the long tests, and run none")
    group.addoption("--passed", metavar="FILE", type=pathlib.Path,
                    help="leave out the tests that this file names, and add those that pass")


def part_of(item):
    """The part that a test belongs to; None: it is none of the long ones."""
    mark = item.get_closest_marker("long")
    if mark is None:
        return None
    return mark.args[0] if mark.args else item.path.stem.removeprefix("test_")


def passed_before(config):
    path = config.getoption("--passed")
    return set(path.read_text().splitlines()) if path and path.exists() else set()


def is_wanted(item, passed):
    part, wanted = part_of(item), item.config.getoption("--part")
    if wanted:
        return part == wanted and item.nodeid not in passed
    return part is None or item.config.getoption("--long")


def list_parts(config, items):
    sizes = collections.Counter(filter(None, map(part_of, items)))
    for part in sorted(sizes):
        config.get_terminal_writer().line(f"part {part} {sizes[part]}")


def give_long_tests_time(items):
    """Those that may take more say so; pytest.ini has the limit of the others."""
    for item in items:
        if part_of(item) is not None:
            item.add_marker(pytest.mark.timeout(LONG_SECONDS))


def is_apart(item):
    return item.get_closest_marker("apart") is not None


def keep_files_together(items):
    """A file's tests share their boots: they go to one worker, except those with groups of their own and those that
    are apart.  These come last, one by one, so that no worker is left alone with a long file at the end."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None and not is_apart(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))
    items.sort(key=is_apart)


@pytest.hookimpl(tryfirst=True)     # xdist reads the groups in the same hook
def pytest_collection_modifyitems(config, items):
    if config.getoption("--parts"):
        list_parts(config, items)
    give_long_tests_time(items)
    if not config.getoption("--part"):
        keep_files_together(items)
    passed = passed_before(config)
    wanted = [] if config.getoption("--parts") else [item for item in items if is_wanted(item, passed)]
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = wanted


# What xdist appends to the name of a test that has a group.
GROUP = re.compile(r"@[^@\]]*$")


class Passed:
    """Adds each test that passes to the file of --passed."""

    def __init__(self, path):
        self.path = path

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.passed:
            with self.path.open("a") as file:
                file.write(GROUP.sub("", report.nodeid) + "\n")


def pytest_configure(config):
    path = config.getoption("--passed")
    if path and not hasattr(config, "workerinput"):     # workers of xdist leave it to the one that started them
        config.pluginmanager.register(Passed(path))


# ---- the launcher ----

@pytest.fixture
def launch(tmp_path):
    """launch(MODE=..., ...): run the launcher once, whatever comes of it."""
    count = 0

    def run(**options):
        nonlocal count
        count += 1
        folder = tmp_path / str(count)
        folder.mkdir()
        return Run(folder, options)

    return run


@pytest.fixture(scope="session")
def payloads():
    """The folder of the built payloads."""
    out = BUILD / "payloads"
    subprocess.run(["make", "-s", "-C", str(ROOT / "tests" / "payloads"), f"out={out}"], check=True)
    return out


@pytest.fixture(scope="session")
def plugins():
    """The folder of QEMU's plugins, built."""
    subprocess.run(["make", "-s", "-C", str(ROOT), "plugins"], check=True)
    return ROOT / "build" / "plugins"
