# SPDX-License-Identifier: BSD-2-Clause
"""What the modes are for: fewer exits than write protection makes, then none, and never more instructions."""

import json
import subprocess

import pytest

from ladder import check_correct, sum_of
from launcher import LAUNCH, PROFILES, WORKLOADS

# Where following flushes saves most exits; elsewhere it may come out even (docs/measuring.md).
SAVED = ["fork", "exec", "vfork", "mprotect", "cow", "pipe", "shell", "range"]

# Svvptc the other way round than the profile has it.
SWAPPED = {"virt": {"SVVPTC": 0}, "u74": {"SVVPTC": 1}}

# No transition there at all but the timer's, as many in all modes: a tie, but for the measuring itself.
QUIET = {"chase"}
MEASURING = 4


@pytest.fixture(params=PROFILES)
def profile(request):
    return request.param


@pytest.fixture
def tsp(all_workloads, profile):
    return all_workloads("tsp", profile)


@pytest.fixture
def ssp(all_workloads, profile):
    return all_workloads("ssp", profile)


@pytest.fixture
def ssp_hm(all_workloads, profile):
    return all_workloads("ssp-hm", profile)


def exits(run, workload):
    return run.results[workload]["vm_exits"]["memory"]


def transitions(run, workload):
    return exits(run, workload) + run.results[workload]["hm_traps"]["memory"]


def instructions(run, workload):
    return run.results[workload]["instructions"]["total"]


def added(run, workload):
    counted = run.results[workload]["instructions"]
    return counted["hm"] + counted["host"]


def test_tsp_is_correct_and_exits_for_what_it_should(tsp):
    check_correct(tsp)
    for reason in ("pt_write", "satp", "true_fault", "hidden_fault"):
        assert sum_of(tsp, reason) > 0, reason
    for reason in ("flush", "ring", "pool"):
        assert sum_of(tsp, reason) == 0, reason


@pytest.mark.parametrize("workload", WORKLOADS)
def test_ssp_exits_less_than_tsp(tsp, ssp, workload):
    assert exits(ssp, workload) <= exits(tsp, workload) * (0.9 if workload in SAVED else 1)


def test_ssp_exits_less_than_tsp_over_all(tsp, ssp):
    assert sum(exits(ssp, w) for w in WORKLOADS) < 0.8 * sum(exits(tsp, w) for w in WORKLOADS)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_ssp_hm_hardly_exits(tsp, ssp_hm, workload):
    assert exits(ssp_hm, workload) <= max(exits(tsp, workload) / 100, 10)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_ssp_hm_makes_no_more_transitions_than_tsp(tsp, ssp_hm, workload):
    assert transitions(ssp_hm, workload) <= 1.02 * transitions(tsp, workload)


@pytest.mark.parametrize("workload", [w for w in WORKLOADS if w not in QUIET])
def test_ssp_hm_takes_fewer_instructions_than_tsp(tsp, ssp_hm, workload):
    assert instructions(ssp_hm, workload) < instructions(tsp, workload)


@pytest.mark.parametrize("workload", QUIET)
def test_ssp_hm_adds_no_more_than_tsp_where_neither_does_anything(tsp, ssp_hm, workload):
    assert added(ssp_hm, workload) <= added(tsp, workload) + MEASURING


@pytest.mark.parametrize("swapped", [False, True])
def test_tsp_exits_for_no_more_stores_than_an_observer_counts(all_workloads, profile, swapped, plugins, tmp_path):
    options = SWAPPED[profile] if swapped else {}
    tsp = all_workloads("tsp", profile, **options)
    words = [f"{name}={value}" for name, value in options.items()]
    done = subprocess.run([str(LAUNCH), "count-pt-writes", f"PROFILE={profile}", f"LOG={tmp_path / 'log'}", *words],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=1800)
    assert done.returncode == 0, done
    counts = {c["workload"]: c for c in map(json.loads, done.stdout.splitlines())}
    assert list(counts) == WORKLOADS
    for workload, count in counts.items():
        exits_for_stores = tsp.results[workload]["vm_exits"]["by_reason"]["pt_write"]
        assert exits_for_stores <= count["current"] <= count["active"], workload
