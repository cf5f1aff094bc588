# SPDX-License-Identifier: BSD-2-Clause
"""The ladder on harts without Sstc and Svvptc, where the guest is not offered it either."""

import pytest

from ladder import RUNGS, check_rung


@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_gives_correct_results_and_exits_only_for_the_rest(all_workloads, rung):
    check_rung(all_workloads("ssp", "u74", HM=rung), rung)
