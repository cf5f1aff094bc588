# SPDX-License-Identifier: BSD-2-Clause
"""The ladder: whatever part of memory virtualization exits to the host, guests cannot tell."""

import pytest

from ladder import FEW_POLICIES, FEW_WORKLOADS, POLICIES, TOP, check_correct, check_policy

# Svvptc as the profile has it, then offered where the hart lacks it, withheld where the hart has it.
SWAPPED = [("u74", {"SVVPTC": 1}), ("virt", {"SVVPTC": 0})]
COLUMNS = [("virt", {}), ("u74", {}), *SWAPPED]

FEW = {"WORKLOAD": ",".join(FEW_WORKLOADS)}
# The same on the kernel that boots soonest: Linux as it is, since its patches are off.
FEW_SOON = FEW | {"GUEST": "patched-off"}
pytestmark = pytest.mark.apart


def is_for_each_change(column, policy):
    """Every policy once, some on the other profile, and of these the outermost in each further column."""
    number = COLUMNS.index(column)
    return number == 0 or policy in FEW_POLICIES and (number == 1 or policy in (FEW_POLICIES[0], FEW_POLICIES[-1]))


def cells(is_chosen):
    """Each is a boot of its own."""
    for profile, options in COLUMNS:
        for policy in POLICIES:
            if is_chosen((profile, options), policy):
                name = "-".join([profile, *(f"{key}={value}" for key, value in options.items()), policy])
                yield pytest.param(profile, options, policy, id=name)


@pytest.mark.parametrize("profile, options, policy", cells(is_for_each_change))
def test_every_policy_gives_correct_results_and_exits_only_for_the_rest(all_workloads, profile, options, policy):
    few = FEW_SOON if options or policy not in FEW_POLICIES else FEW
    check_policy(all_workloads("ssp", profile, POLICY=policy, **few, **options), policy, FEW_WORKLOADS)


@pytest.mark.long("ladder")
@pytest.mark.parametrize("profile, options, policy", cells(lambda *_: True))
def test_every_policy_is_right_on_every_workload(all_workloads, profile, options, policy):
    check_policy(all_workloads("ssp", profile, POLICY=policy, **options), policy)


@pytest.mark.parametrize("profile, options", SWAPPED)
def test_ssp_hm_with_svvptc_swapped(all_workloads, profile, options):
    check_policy(all_workloads("ssp-hm", profile, **FEW_SOON, **options), TOP, FEW_WORKLOADS)


@pytest.mark.parametrize("profile, options", SWAPPED)
def test_tsp_with_svvptc_swapped(all_workloads, profile, options):
    check_correct(all_workloads("tsp", profile, **FEW_SOON, **options), FEW_WORKLOADS)


@pytest.mark.long("ladder")
@pytest.mark.parametrize("profile, options", SWAPPED)
def test_every_workload_with_svvptc_swapped(all_workloads, profile, options):
    check_policy(all_workloads("ssp-hm", profile, **options), TOP)
    check_correct(all_workloads("tsp", profile, **options))
