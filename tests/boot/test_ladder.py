# SPDX-License-Identifier: BSD-2-Clause
"""The ladder: whatever part of memory virtualization exits to the host, guests cannot tell."""

import itertools

import pytest

from launcher import M_STAY_LIMIT

SEATS = ["inject", "satp", "flush", "fill"]
RUNGS = [",".join(rung) or "none"
         for size in range(len(SEATS)) for rung in itertools.combinations(SEATS, size)]
WORKLOADS = "fork,exec,mprotect,cow,pipe,sigsegv"
# What exits for an event, unless the firmware finishes that kind.
REASONS = {"inject": ["true_fault"], "satp": ["satp"], "flush": ["flush"], "fill": ["hidden_fault"]}


def check_rung(run, rung):
    assert run.status == 0, run
    finished = rung.split(",")
    for result in run.results.values():
        assert result["ok"], result
        assert result["longest_m_stay"] <= M_STAY_LIMIT, result
        reasons = result["vm_exits"]["by_reason"]
        for seat in SEATS:
            if seat in finished:
                assert not any(reasons[reason] for reason in REASONS[seat]), (seat, result)
    sums = {reason: sum(r["vm_exits"]["by_reason"][reason] for r in run.results.values())
            for names in REASONS.values() for reason in names}
    for seat in SEATS:
        if seat not in finished:
            assert all(sums[reason] > 0 for reason in REASONS[seat]), (seat, sums)


@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_gives_correct_results_and_exits_only_for_the_rest(launch, rung):
    check_rung(launch(MODE="ssp", HM=rung, WORKLOAD=WORKLOADS), rung)


def test_on_a_profile_without_sstc_and_svvptc(launch):
    check_rung(launch(MODE="ssp", PROFILE="u74", WORKLOAD=WORKLOADS), "satp")
