# SPDX-License-Identifier: BSD-2-Clause
"""The ladder: whatever part of memory virtualization exits to the host, guests cannot tell."""

import pytest

from ladder import FEW_POLICIES, POLICIES, TOP, check_correct, check_policy

# Svvptc as the profile has it, then offered where the hart lacks it, withheld where the hart has it.
SWAPPED = [("u74", {"SVVPTC": 1}), ("virt", {"SVVPTC": 0})]
COLUMNS = [("virt", {}), ("u74", {}), *SWAPPED]


def is_for_each_change(profile, options, policy):
    """Every policy once, and some in each column; the rest is the long part `ladder`."""
    return (profile, options) == COLUMNS[0] or policy in FEW_POLICIES


def cells():
    """Each is a boot of its own."""
    for profile, options in COLUMNS:
        for policy in POLICIES:
            name = "-".join([profile, *(f"{key}={value}" for key, value in options.items()), policy])
            marks = [pytest.mark.apart]
            if not is_for_each_change(profile, options, policy):
                marks.append(pytest.mark.long("ladder"))
            yield pytest.param(profile, options, policy, id=name, marks=marks)


@pytest.mark.parametrize("profile, options, policy", cells())
def test_every_policy_gives_correct_results_and_exits_only_for_the_rest(all_workloads, profile, options, policy):
    check_policy(all_workloads("ssp", profile, POLICY=policy, **options), policy)


@pytest.mark.parametrize("profile, options", SWAPPED)
def test_ssp_hm_with_svvptc_swapped(all_workloads, profile, options):
    check_policy(all_workloads("ssp-hm", profile, **options), TOP)


@pytest.mark.parametrize("profile, options", SWAPPED)
def test_tsp_with_svvptc_swapped(all_workloads, profile, options):
    check_correct(all_workloads("tsp", profile, **options))
