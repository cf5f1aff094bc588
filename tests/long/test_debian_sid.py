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


@pytest.mark.parametrize("mode", ["native", "tsp", "tsp-in-step", "ssp", "ssp-hm"])
def test_the_newest_kernel_leaves_a_and_d_to_svadu(launch, newest, mode):
    run = launch(MODE=mode, GUEST="debian-sid", SVADU="1", WORKLOAD="fork,exec,cow,shell")
    assert run.status == 0, repr(run)
    assert all(result["ok"] for result in run.results.values())


def faults(launch, svadu):
    run = launch(MODE="ssp-hm", GUEST="debian-sid", SVADU=svadu, WORKLOAD="fork")
    assert run.status == 0, repr(run)
    return run.results["fork"]["hm_traps"]["by_kind"]["true_fault"]


def test_it_takes_fewer_faults_then(launch, newest):
    """By Svade each page of a child is a fault of its own, since the kernel clears A there."""
    assert faults(launch, "1") < 0.75 * faults(launch, "0")
