# SPDX-License-Identifier: BSD-2-Clause
"""What boot tests share."""

import fcntl
import functools
import os
import pickle

import pytest

from launcher import Run


@pytest.fixture(scope="session")
def all_workloads(tmp_path_factory):
    """all_workloads(mode, profile, ...): every workload in one boot, made once for all tests of all workers."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    @functools.cache
    def run(mode, profile, **options):
        options |= {"MODE": mode, "PROFILE": profile}
        if mode == "ssp":
            options.setdefault("POLICY", "satp")
        folder = shared / ("all-" + "-".join(f"{name}={options[name]}" for name in sorted(options)))
        folder.mkdir(exist_ok=True)
        done = folder / "run"
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                done.write_bytes(pickle.dumps(Run(folder, options)))
        return pickle.loads(done.read_bytes())

    return run
