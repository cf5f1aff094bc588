# SPDX-License-Identifier: BSD-2-Clause
"""The built-in workloads on Debian's kernel: correct, counted, and cheap enough."""

import math

import pytest

from hmode import modes
from hmode.abi import REASONS, TRAPS
from ladder import FEW_WORKLOADS
from launcher import M_STAY_LIMIT, PROFILES, WORKLOADS

MODES = modes.NAMES
# hap adds H to the profile `virt` alone; what firmware stays for, it does not know.
PLACES = [(mode, profile) for mode in MODES for profile in PROFILES if (mode, profile) != (modes.HAP, "u74")]

EXIT_REASONS = {reason.key for reason in REASONS}
MEMORY_REASONS = {reason.key for reason in REASONS if reason.memory}
TRAP_KINDS = {kind.key for kind in TRAPS}
MEMORY_KINDS = {kind.key for kind in TRAPS if kind.memory}
KEYS = {"schema", "mode", "hm", "guest", "workload", "profile", "vcpus", "harts", "icount", "ok",
        "vm_exits", "hm_traps", "instructions", "longest_m_stay", "walk_refs"}

# Instructions against native, geometric mean over the workloads on `virt`: a baseline must not be slow by accident.
GEOMETRIC_MEAN_LIMITS = {"tsp": 1.65, "tsp-in-step": 2.13, "ssp": 1.325, "ssp-hm": 1.055, "hap": 1.003}


@pytest.mark.parametrize("mode, profile", PLACES)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_result_is_correct(all_workloads, workload, mode, profile):
    run = all_workloads(mode, profile)
    assert workload in run.results, repr(run)
    assert run.results[workload]["ok"] is True
    assert run.status == 0, repr(run)


@pytest.mark.parametrize("mode, profile", PLACES)
def test_every_key_is_there(all_workloads, mode, profile):
    for result in all_workloads(mode, profile).results.values():
        assert KEYS <= set(result)
        assert EXIT_REASONS == set(result["vm_exits"]["by_reason"])
        assert TRAP_KINDS == set(result["hm_traps"]["by_kind"])
        assert {"total", "guest", "host", "hm"} <= set(result["instructions"])


@pytest.mark.parametrize("mode, profile", PLACES)
def test_sums_agree(all_workloads, mode, profile):
    for result in all_workloads(mode, profile).results.values():
        exits, traps, counted = result["vm_exits"], result["hm_traps"], result["instructions"]
        assert exits["total"] == sum(exits["by_reason"].values())
        assert exits["memory"] == sum(exits["by_reason"][r] for r in MEMORY_REASONS)
        assert traps["total"] == sum(traps["by_kind"].values())
        assert traps["memory"] == sum(traps["by_kind"][k] for k in MEMORY_KINDS)
        assert counted["total"] == counted["guest"] + counted["host"] + counted["hm"]
        assert counted["guest"] > 0


@pytest.mark.parametrize("profile", PROFILES)
def test_native_has_no_transitions(all_workloads, profile):
    for result in all_workloads("native", profile).results.values():
        assert result["vm_exits"]["total"] == result["hm_traps"]["total"] == 0


# Following pointers through memory that is there already needs no new translation.
QUIET = {"chase"}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_no_exit_for_memory(all_workloads, workload, profile):
    result = all_workloads("ssp-hm", profile).results[workload]
    assert result["vm_exits"]["memory"] == 0
    assert result["hm_traps"]["memory"] > 0 or workload in QUIET


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("mode", modes.SHADOWED)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_stays_in_machine_mode_are_short(all_workloads, workload, mode, profile):
    assert 0 < all_workloads(mode, profile).results[workload]["longest_m_stay"] <= M_STAY_LIMIT


@pytest.mark.parametrize("mode", MODES)
def test_two_runs_are_identical(launch, mode):
    """On the kernel that boots soonest."""
    first, second = (launch(MODE=mode, GUEST="patched-off", WORKLOAD=",".join(FEW_WORKLOADS)) for _ in range(2))
    assert list(first.results) == FEW_WORKLOADS, repr(first)
    assert second.result_bytes == first.result_bytes


@pytest.mark.parametrize("workload", WORKLOADS)
def test_each_runs_alone(launch, workload):
    """Its name is no other word of the guest's."""
    run = launch(MODE="native", GUEST="patched-off", WORKLOAD=workload, TIMEOUT=60)
    assert run.status == 0 and set(run.results) == {workload}, repr(run)


@pytest.mark.long("workloads")
@pytest.mark.parametrize("mode", MODES)
def test_two_runs_of_all_workloads_are_identical(all_workloads, launch, mode):
    first = all_workloads(mode, "virt").result_bytes
    assert first and launch(MODE=mode, PROFILE="virt").result_bytes == first


@pytest.mark.parametrize("mode", GEOMETRIC_MEAN_LIMITS)
def test_instructions_against_native(all_workloads, mode):
    native, guest = (all_workloads(m, "virt").results for m in ("native", mode))
    ratios = {w: guest[w]["instructions"]["total"] / native[w]["instructions"]["total"]
              for w in WORKLOADS}
    mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
    assert mean <= GEOMETRIC_MEAN_LIMITS[mode], (mean, ratios)


def test_the_kernels_upkeep_falls_into_no_workload(launch):
    """It comes once a second, wherever that is."""
    run = launch(MODE="native", WORKLOAD="none", APPEND="quiet hmwork=upkeep:1", MEM="128M")
    assert run.status == 0 and "hmwork: upkeep ok" in run.console, repr(run)
