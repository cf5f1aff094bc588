# SPDX-License-Identifier: BSD-2-Clause
"""The patched guest on every kind of policy and machine, and what a ring survives."""

import os
import pathlib
import re
import subprocess

import pytest

from launcher import BUILD, M_STAY_LIMIT

CACHE = pathlib.Path(os.environ.get("HMODE_CACHE") or pathlib.Path(
    os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hmode")
WORKLOADS = ["fork", "exec", "mmap", "cow", "range"]
FEW = ",".join(WORKLOADS)


def ring(run, name):
    """The kernel's own counters, of one workload or test."""
    found = re.findall(rf"hmwork: {name} ring: (.*)", run.console)
    assert found, repr(run)
    return {key: int(value) for key, value in (word.split("=") for word in found[-1].split())}


# The host's tables with all that it may leave to the firmware, and the firmware's under two mixed policies.
@pytest.mark.parametrize("options", [
    {"MODE": "ssp", "POLICY": "none"}, {"MODE": "ssp", "POLICY": "inject"},
    {"MODE": "ssp", "POLICY": "flush"}, {"MODE": "ssp", "POLICY": "inject,satp,flush"},
    {"MODE": "ssp", "POLICY": "fill"}, {"MODE": "ssp", "POLICY": "inject,fill"},
    {"MODE": "ssp-hm", "WIDTH": "sv48"}, {"MODE": "ssp-hm", "WIDTH": "sv57"},
    {"MODE": "ssp", "PROFILE": "u74"}, {"MODE": "tsp", "PROFILE": "u74"},
    {"MODE": "ssp-hm", "VCPUS": 2, "HARTS": 2}, {"MODE": "ssp", "VCPUS": 2, "HARTS": 2},
], ids=lambda options: " ".join(str(value) for value in options.values()))
def test_the_patched_guest_is_right(launch, options):
    run = launch(GUEST="patched", WORKLOAD=FEW, **options)
    assert run.status == 0, repr(run)
    assert list(run.results) == WORKLOADS
    for name, result in run.results.items():
        assert result["ok"], result
        if "VCPUS" not in options:
            assert result["longest_m_stay"] <= M_STAY_LIMIT, result
            assert ring(run, name)["commits"] > 0
    # With several, a process that was on both flushes by remote fences.
    assert sum(ring(run, name)["commits"] for name in WORKLOADS) > 0


@pytest.mark.parametrize("profile", ["virt", "u74"])
def test_natively_it_is_right_on_two_harts(launch, profile):
    run = launch(MODE="native", GUEST="patched", WORKLOAD=FEW, HARTS=2, PROFILE=profile)
    assert run.status == 0, repr(run)
    assert all(result["ok"] for result in run.results.values())
    for instructions in (result["instructions"] for result in run.results.values()):
        assert instructions["total"] > 0 and instructions["guest"] is instructions["hm"] is None, instructions


@pytest.mark.parametrize("test", ["stale-fork:2000", "stale-unmap:5000", "stale-protect:5000"])
def test_nothing_stale_is_used_with_two_vcpus(launch, test):
    run = launch(MODE="ssp-hm", GUEST="patched", WORKLOAD="none", ICOUNT=0, VCPUS=2, HARTS=2,
                 APPEND=f"quiet hmwork={test}")
    assert f"hmwork: {test.split(':')[0]} ok" in run.console, repr(run)


@pytest.mark.parametrize("mode", ["ssp-hm", "ssp"])
def test_a_cpu_that_comes_back_has_a_ring(launch, mode):
    run = launch(MODE=mode, GUEST="patched", WORKLOAD="none", VCPUS=2, HARTS=2, APPEND="quiet hmwork=hotplug:10")
    assert run.status == 0 and "hmwork: hotplug ok" in run.console, repr(run)


@pytest.fixture(scope="module")
def initrd_with_kernel(tmp_path_factory):
    """The initramfs with the patched kernel as /kernel: two archives, one after the other."""
    folder = tmp_path_factory.mktemp("initrd")
    (folder / "kernel").symlink_to(CACHE / "current/kernel-patched/Image")
    archive = subprocess.run(["cpio", "-o", "-L", "-H", "newc", "--quiet"], input=b"kernel\n", cwd=folder,
                             capture_output=True, check=True).stdout
    path = folder / "initramfs.cpio"
    path.write_bytes((BUILD / "guest" / "initramfs.cpio").read_bytes() + archive)
    return path


@pytest.mark.parametrize("test, words", [("kexec", ""), ("crash", "crashkernel=160M")])
def test_another_kernel_gets_a_ring_of_its_own(launch, initrd_with_kernel, test, words):
    run = launch(MODE="ssp-hm", GUEST="patched", WORKLOAD="none", INITRD=initrd_with_kernel, ICOUNT=0,
                 APPEND=f"retain_initrd {words} hmwork={test}:1 hmthen=stale-unmap:1000")
    assert len(re.findall("hm: page table changes go through rings", run.console)) == 2, repr(run)
    assert "hmwork: stale-unmap ok" in run.console, repr(run)
    assert ring(run, "stale-unmap")["commits"] >= 2000
