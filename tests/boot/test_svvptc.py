# SPDX-License-Identifier: BSD-2-Clause
"""Svvptc against the profile's habit: withheld where the hart has it, offered where it has not."""

import pytest

from ladder import FEW_RUNGS, TOP, check_correct, check_rung

HABIT = {"virt": 1, "u74": 0}


@pytest.fixture(params=HABIT)
def otherwise(all_workloads, request):
    """otherwise(mode, ...): a run that offers what the profile does not, or withholds what it does."""
    return lambda mode, **options: all_workloads(mode, request.param, SVVPTC=1 - HABIT[request.param], **options)


@pytest.mark.parametrize("rung", FEW_RUNGS)
def test_rungs(otherwise, rung):
    check_rung(otherwise("ssp", HM=rung), rung)


def test_ssp_hm(otherwise):
    check_rung(otherwise("ssp-hm"), TOP)


def test_tsp(otherwise):
    check_correct(otherwise("tsp"))
