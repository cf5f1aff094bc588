# SPDX-License-Identifier: BSD-2-Clause
"""The policies of the ladder, and what holds on each; the boots are shared out over several files."""

import itertools

from hmode.modes import EVENTS
from launcher import M_STAY_LIMIT, WORKLOADS

TOP = ",".join(EVENTS)
# All policies of MODE=ssp; the top one is ssp-hm.
POLICIES = [",".join(policy) or "none"
         for size in range(len(EVENTS)) for policy in itertools.combinations(EVENTS, size)]
# Some that differ in whose the tables are, and in who switches roots.
FEW_POLICIES = ["none", "satp", "inject,flush", "satp,fill"]
# Some that bring about every event, and each of them often.
FEW_WORKLOADS = ["fork", "mprotect", "cow", "pipe"]
# What exits for an event, unless the firmware finishes that kind.
REASONS = {"inject": ["true_fault"], "satp": ["satp"], "flush": ["flush"], "fill": ["hidden_fault"]}


def check_correct(run, workloads=WORKLOADS):
    """Each workload computed what it should, and the firmware never stayed for long."""
    assert run.status == 0, repr(run)
    assert list(run.results) == workloads
    for result in run.results.values():
        assert result["ok"], result
        assert result["longest_m_stay"] <= M_STAY_LIMIT, result


def sum_of(run, reason):
    return sum(result["vm_exits"]["by_reason"][reason] for result in run.results.values())


def trap_sum(run, kind):
    return sum(result["hm_traps"]["by_kind"][kind] for result in run.results.values())


def check_policy(run, policy, workloads=WORKLOADS):
    """It exits for what it leaves to the host, and for nothing else."""
    check_correct(run, workloads)
    finished = policy.split(",")
    for event in EVENTS:
        for reason in REASONS[event]:
            exits = sum_of(run, reason)
            if event == "satp" and event in finished:
                # A switch is an exit while fences wait for the host: hardly ever.
                exits -= min(exits, trap_sum(run, "satp_hit") // 500)
            assert (exits == 0) == (event in finished), (event, reason, run.results)
