# SPDX-License-Identifier: BSD-2-Clause
"""A guest that does at random what a guest may do: no access ends where no TLB may lead it."""

import pytest

from launcher import PROFILES
from random_guest import attack

STEPS = 30000
# Whose the tables are, and who finishes what: policies that differ in that.
POLICIES = ["none", "satp", "inject,satp", "flush", "inject,flush", "satp,flush", "inject,satp,flush",
            "satp,fill", "flush,fill"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("mode", ["native", "tsp", "tsp-in-step", "ssp-hm"])
def test_every_access_ends_where_it_may(launch, payloads, mode, profile):
    attack(launch, payloads, seed=1, steps=STEPS, MODE=mode, PROFILE=profile)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_access_ends_where_it_may_with_any_policy(launch, payloads, policy):
    attack(launch, payloads, seed=2, steps=STEPS // 2, MODE="ssp", POLICY=policy)


def test_every_access_ends_where_it_may_by_two_stages(launch, payloads):
    attack(launch, payloads, seed=6, steps=STEPS, MODE="hap")


@pytest.mark.parametrize("mode", ["native", "tsp", "tsp-in-step", "ssp", "ssp-hm", "hap"])
def test_two_harts_fence_each_other(launch, payloads, mode):
    attack(launch, payloads, seed=3, steps=8000, MODE=mode, HARTS=2, VCPUS=2)


def test_two_vcpus_on_one_hart(launch, payloads):
    attack(launch, payloads, seed=4, steps=1000, MODE="ssp-hm", HARTS=1, VCPUS=2)


@pytest.mark.parametrize("mode, qemu, bits", [("native", "strict", 16), ("ssp-hm", "strict", 6),
                                              ("ssp", "strict-eager", 16), ("ssp-hm", "strict-eager", 0),
                                              ("tsp", "strict", 16), ("tsp", "strict-eager", 6),
                                              ("hap", "strict", 16), ("hap", "strict-eager", 6)])
def test_every_access_ends_where_it_may_on_a_strict_hart(launch, payloads, mode, qemu, bits):
    attack(launch, payloads, seed=5, steps=10000, MODE=mode, QEMU=qemu, ASIDLEN=bits)
