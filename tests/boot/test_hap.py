# SPDX-License-Identifier: BSD-2-Clause
"""hap, on harts with the H extension: what exits and what does not, pages of the guest's memory, and who is refused."""

import math
import re

import pexpect
import pytest

import test_host_hv as host_hv
from launcher import WORKLOADS, Run

# What shadow paging makes of a guest's own translation.
OF_SHADOWS = ["pt_write", "satp", "flush", "true_fault", "hidden_fault", "root_miss", "ring", "pool"]
H = ",h=true"


def reasons(result):
    return result["vm_exits"]["by_reason"]


@pytest.mark.parametrize("workload", WORKLOADS)
def test_the_guests_own_translation_never_exits(all_workloads, workload):
    result = all_workloads("hap", "virt").results[workload]
    assert [name for name in OF_SHADOWS if reasons(result)[name]] == []
    assert result["hm_traps"]["total"] == reasons(result)["remote_fence"] == 0


def test_memory_exits_once_for_each_page_of_2_mib(all_workloads):
    results = all_workloads("hap", "virt").results
    faults = {name: reasons(result)["g_stage_fault"] for name, result in results.items()}
    assert 0 < faults["boot"] <= 512 // 2
    assert sum(faults.values()) <= 512 // 2


def test_small_pages_of_the_host_exit_more_often(launch):
    run = launch(MODE="hap", HOSTPAGES="4k", WORKLOAD="fork", GUEST="patched-off", MEM="256M")
    boot = re.search(r'"mark":0,.*"g_stage_fault":(\d+)', run.console)
    assert run.status == 0 and run.results["fork"]["ok"], repr(run)
    assert 1000 < int(boot[1]) <= (256 << 20) // 4096


def test_the_largest_pages_are_of_1_gib(launch):
    run = launch(MODE="hap", WORKLOAD="fork", GUEST="patched-off", MEM="2G")
    boot = re.search(r'"mark":0,.*"g_stage_fault":(\d+)', run.console)
    assert run.status == 0 and run.results["fork"]["ok"], repr(run)
    assert int(boot[1]) <= 2


def test_natively_h_alone_changes_nothing(all_workloads, tmp_path, monkeypatch):
    """Instructions without boot, which moves by itself: geometric mean within 0.1 %."""
    monkeypatch.setenv("CPU_H", "1")
    with_h = Run(tmp_path, {"MODE": "native"})
    assert with_h.status == 0, repr(with_h)
    without = all_workloads("native", "virt").results
    ratios = [with_h.results[name]["instructions"]["total"] / without[name]["instructions"]["total"]
              for name in WORKLOADS if name != "boot"]
    assert abs(math.exp(sum(map(math.log, ratios)) / len(ratios)) - 1) < 0.001, ratios


@pytest.mark.parametrize("harts", [1, 2])
def test_two_vcpus_run_on_one_hart_and_on_two(launch, harts):
    """Whether Linux fences remotely depends on where it runs what; test_remote_fences.py fences."""
    run = launch(MODE="hap", VCPUS=2, HARTS=harts, WORKLOAD="fork,cow,pipe")
    assert run.status == 0 and all(result["ok"] for result in run.results.values()), repr(run)
    assert sum(reasons(result)["sbi"] for result in run.results.values()) > 0
    assert all(reasons(result)[name] == 0 for result in run.results.values() for name in OF_SHADOWS)


def test_guests_share_a_hart_and_nothing_else(payloads):
    """Their registers, address spaces and ASIDs are their own; each ends with all facts right."""
    names = ["each-register", "asid", "tables"]
    console = host_hv.run([host_hv.payload(payloads, name) for name in names], "mem=128M policy=hap", extensions=H)
    assert "FAIL" not in console, console
    assert len(re.findall(r"payload: [1-9]\d* ok, 0 failed", console)) == len(names), console
    assert host_hv.ends(console) == {0: "shutdown", 1: "shutdown", 2: "shutdown"}


def test_a_guest_that_reboots_begins_anew(launch, payloads):
    run = launch(MODE="hap", KERNEL=payloads / "hostile-reboots.bin", MEM="128M", REBOOT="restart",
                 TIMEOUT=12)
    assert [record["end"] for record in run.records() if "end" in record].count("reboot") >= 3, repr(run)


def test_hap_is_chosen_at_the_start(payloads):
    words = host_hv.command([host_hv.payload(payloads, "endless-timer")], "mem=128M policy=hap", extensions=H)
    machine = pexpect.spawn(words[0], words[1:], timeout=60, encoding="utf-8")
    machine.expect_exact("note begins")
    host_hv.command_line(machine, "policy 0 ssp", "host-hv: hap is chosen at the start, and stays")
    host_hv.command_line(machine, "stats", "host-hv: vm0: policy hap; ")
    machine.terminate(force=True)


@pytest.mark.parametrize("extensions, why", [
    ("", "policy=hap needs harts with the H extension"),
    (",h=true,sstc=false", "policy=hap needs harts with Sstc"),
    (",h=true,v=true", "policy=hap does not serve harts with v"),
    (",h=true,smaia=true,ssaia=true", "policy=hap does not serve harts with smaia"),
    (",h=true,smstateen=true", "policy=hap does not serve harts with smstateen"),
])
def test_a_hart_that_does_not_do_is_refused_by_name(payloads, extensions, why):
    console = host_hv.run([host_hv.payload(payloads, "csr")], "mem=128M policy=hap", extensions=extensions)
    assert f"host-hv: {why}" in console, console


@pytest.mark.parametrize("option, why", [
    ("policy=hap svadu=1", "option svadu= does not go with policy=hap"),
    ("policy=ssp hostpages=4k", "option hostpages= goes with policy=hap alone"),
    ("policy=hap hostpages=2m", "option hostpages= takes 4k or max"),
])
def test_an_option_that_does_not_go_with_it_is_refused(payloads, option, why):
    console = host_hv.run([host_hv.payload(payloads, "csr")], f"mem=128M {option}", extensions=H)
    assert f"host-hv: {why}" in console, console


@pytest.mark.parametrize("options", [{"QEMU": "hspt"}, {"MISALIGNED": "trap"}])
def test_our_qemu_runs_it_too(launch, options):
    """Its mstatus.MPV can be written, as 10.0.13's cannot by itself; that one is told of."""
    run = launch(MODE="hap", WORKLOAD="fork,pipe", **options)
    assert run.status == 0 and all(result["ok"] for result in run.results.values()), repr(run)
    assert "mstatus.MPV" not in run.console
