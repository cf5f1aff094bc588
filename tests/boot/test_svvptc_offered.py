# SPDX-License-Identifier: BSD-2-Clause
"""Svvptc offered where the hart lacks it: every mode and rung as without it."""

import pytest

from ladder import RUNGS, TOP, check_correct, check_rung


@pytest.mark.parametrize("rung", RUNGS)
def test_every_rung_gives_correct_results_and_exits_only_for_the_rest(all_workloads, rung):
    check_rung(all_workloads("ssp", "u74", HM=rung, SVVPTC=1), rung)


def test_ssp_hm(all_workloads):
    check_rung(all_workloads("ssp-hm", "u74", SVVPTC=1), TOP)


def test_tsp(all_workloads):
    check_correct(all_workloads("tsp", "u74", SVVPTC=1))
