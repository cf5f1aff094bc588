# SPDX-License-Identifier: BSD-2-Clause
"""The flush ring: whoever drains it, its guest gets the same answers."""

import re

import pytest

from ladder import FEW_POLICIES
from launcher import M_STAY_LIMIT

PAYLOADS = ["ring", "hostile-ring"]


def ring_run(launch, payloads, name, **options):
    run = launch(KERNEL=payloads / f"{name}.bin", MEM="128M", MARKS=1, TIMEOUT=120, **options)
    assert not re.findall(r"FAIL .*", run.console), repr(run)
    assert run.status == 0, repr(run)
    assert run.mark()["longest_m_stay"] <= M_STAY_LIMIT
    return run.mark()


@pytest.mark.parametrize("policy", FEW_POLICIES)
@pytest.mark.parametrize("name", PAYLOADS)
def test_policies_of_the_ladder(launch, payloads, name, policy):
    ring_run(launch, payloads, name, MODE="ssp", POLICY=policy)


@pytest.mark.parametrize("mode, exits, traps, drains", [
    ("ssp-hm", False, True, True), ("ssp", True, False, True), ("tsp", True, False, False),
    ("tsp-in-step", False, True, False)])
def test_a_commit_goes_to_whoever_has_the_tables(launch, payloads, mode, exits, traps, drains):
    mark = ring_run(launch, payloads, "ring", MODE=mode)
    assert (mark["vm_exits"]["by_reason"]["ring"] > 0) == exits
    assert (mark["hm_traps"]["by_kind"]["ring"] > 0) == traps
    assert (mark["ring"]["flushes"] > 0) == drains
