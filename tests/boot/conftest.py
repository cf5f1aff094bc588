# SPDX-License-Identifier: BSD-2-Clause
"""What boot tests share."""

import functools
import subprocess

import pytest

from launcher import BUILD, ROOT, Run


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
def all_workloads(tmp_path_factory):
    """all_workloads(mode, profile): every workload in one boot, made once for all tests."""

    @functools.cache
    def run(mode, profile):
        return Run(tmp_path_factory.mktemp("all"), {"MODE": mode, "PROFILE": profile})

    return run


@pytest.fixture(scope="session")
def payloads():
    """The folder of the built payloads."""
    out = BUILD / "payloads"
    subprocess.run(["make", "-s", "-C", str(ROOT / "tests" / "payloads"), f"out={out}"], check=True)
    return out
