# SPDX-License-Identifier: BSD-2-Clause
"""Ten million steps of the random guest, over modes, harts, QEMUs and seeds; see docs/testing.md for their table."""

import itertools

import pytest

from ladder import POLICIES
from random_guest import attack

IN_ALL = 10_000_000

# Options and steps; strict harts are slow, and so are exits.
ONE_HART = [({"MODE": mode, "PROFILE": profile}, steps)
            for (mode, steps), profile in itertools.product(
                [("native", 200_000), ("tsp", 200_000), ("ssp-hm", 400_000)], ["virt", "u74"])]
LADDER = [({"MODE": "ssp", "POLICY": policy}, 100_000) for policy in POLICIES]
TWO_HARTS = [({"MODE": mode, "HARTS": 2, "VCPUS": 2}, 50_000) for mode in ["native", "tsp", "ssp", "ssp-hm"]]
STRICT = [({"MODE": mode, "QEMU": qemu, "ASIDLEN": bits}, 50_000)
          for mode, qemu, bits in [("native", "strict", 16), ("native", "strict-eager", 6),
                                   ("tsp", "strict", 6), ("ssp", "strict-eager", 16), ("ssp", "strict", 0),
                                   ("ssp-hm", "strict", 0), ("ssp-hm", "strict", 6), ("ssp-hm", "strict", 16),
                                   ("ssp-hm", "strict-eager", 6), ("ssp-hm", "strict-eager", 16)]]

SEEDS = {"stock": range(100, 103), "strict": range(200, 202)}
RUNS = [(options, seed, steps) for options, steps in ONE_HART + LADDER + TWO_HARTS for seed in SEEDS["stock"]]
STRICT_RUNS = [(options, seed, steps) for options, steps in STRICT for seed in SEEDS["strict"]]


def name(run):
    options, seed, _ = run
    return "-".join([*map(str, options.values()), str(seed)]).replace(",", "+")


def test_they_are_as_many_as_is_claimed():
    assert sum(steps for _, _, steps in RUNS) + sum(steps for _, _, steps in STRICT_RUNS) >= IN_ALL


@pytest.mark.long("attacker")
@pytest.mark.parametrize("run", RUNS, ids=map(name, RUNS))
def test_attacker(launch, payloads, run):
    options, seed, steps = run
    attack(launch, payloads, seed, steps, table=True, **options)


@pytest.mark.long("attacker-strict")
@pytest.mark.parametrize("run", STRICT_RUNS, ids=map(name, STRICT_RUNS))
def test_attacker_on_a_strict_hart(launch, payloads, run):
    options, seed, steps = run
    attack(launch, payloads, seed, steps, table=True, **options)
