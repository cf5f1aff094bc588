# SPDX-License-Identifier: BSD-2-Clause
"""The newest kernel of Debian's archive, whatever it is today."""

import subprocess

import pytest

from launcher import LAUNCH

SOME = "boot,fork,exec,mmap,mprotect,cow,pipe,sigsegv,shell"

pytestmark = pytest.mark.long("debian-sid")


@pytest.fixture(scope="session")
def newest():
    subprocess.run([str(LAUNCH.with_name("fetch")), "kernel-sid"], check=True)


@pytest.mark.parametrize("profile", ["virt", "u74"])
@pytest.mark.parametrize("mode", ["native", "tsp", "ssp", "ssp-hm"])
def test_the_newest_kernel(launch, newest, mode, profile):
    run = launch(MODE=mode, PROFILE=profile, GUEST="debian-sid", WORKLOAD=SOME)
    assert run.status == 0, repr(run)
    assert sorted(run.results) == sorted(SOME.split(","))
    assert all(result["ok"] for result in run.results.values())
    if mode == "ssp-hm":
        assert all(result["vm_exits"]["memory"] == 0 for result in run.results.values())


@pytest.mark.parametrize("width", ["sv48", "sv57"])
def test_the_newest_kernel_in_wider_modes(launch, newest, width):
    run = launch(MODE="ssp-hm", GUEST="debian-sid", WIDTH=width, WORKLOAD="fork,shell")
    assert run.status == 0, repr(run)
    assert all(result["ok"] for result in run.results.values())
