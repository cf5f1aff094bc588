# SPDX-License-Identifier: BSD-2-Clause
"""The ladder: whatever part of memory virtualization exits to the host, guests cannot tell."""

import pytest

from ladder import RUNGS, check_rung


@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_gives_correct_results_and_exits_only_for_the_rest(all_workloads, rung):
    check_rung(all_workloads("ssp", "virt", HM=rung), rung)
