# SPDX-License-Identifier: BSD-2-Clause
"""A host that does anything, at random, on the bare machine: hmcode answers, and nothing else happens."""

import re

import pytest

from launcher import M_STAY_LIMIT, PROFILES

END = re.compile(r"^payload: [1-9]\d* ok, 0 failed", re.M)


def random_host(launch, payloads, **options):
    """One run; `options` with small letters are the payload's."""
    words = " ".join(f"{name}={value}" for name, value in options.items() if name.islower()) + f" ram={128 << 20}"
    machine = {name: value for name, value in options.items() if name.isupper()}
    return launch(**({"MODE": "native", "KERNEL": payloads / "host-random.bin", "APPEND": words, "MEM": "128M",
                      "TIMEOUT": 600} | machine))


def check(run):
    """Neither a word of the payload's nor one of the firmware's."""
    assert not re.findall(r"FAIL .*", run.console), repr(run)
    assert not re.findall(r"fault in the firmware|sbi_trap_error", run.console), repr(run)
    assert END.search(run.console), repr(run)


def counts(run):
    """What the payload counted: calls, refusals, exits by reason."""
    return {what: int(n) for what, n in re.findall(r"^note ([\w ]+?) (\d+)\r?$", run.console, re.M)}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seed", [1, 2])
def test_each_call_is_answered_as_documented(launch, payloads, seed, profile):
    """One hart: which answer is right is known, and so is how long each call may take."""
    run = random_host(launch, payloads, seed=seed, rounds=4000, stay=M_STAY_LIMIT, PROFILE=profile)
    check(run)
    seen = counts(run)
    assert seen["calls refused"] > 1000
    for reason in ["interrupt", "mmio", "sbi", "true_fault", "hidden_fault", "flush", "page_fault"]:
        assert seen[reason] > 0, f"no exit by {reason}\n{run!r}"
    assert seen["satp"] + seen["root_miss"] > 0, repr(run)


@pytest.mark.parametrize("seed", [1, 2])
def test_calls_of_two_harts_race(launch, payloads, seed):
    """Two harts, one of which stops and starts again: when all is destroyed, nothing is missing."""
    run = random_host(launch, payloads, seed=seed, rounds=2048, HARTS=2, ICOUNT=0)
    check(run)
    assert counts(run)["starts of the second hart"] == 8


def test_calls_that_meet_exclude_each_other(launch, payloads):
    """Pairs of calls made at the same moment: each takes place before or after the other (docs/locks.md)."""
    check(random_host(launch, payloads, seed=1, rounds=256, races=2000, HARTS=2, ICOUNT=0))


def test_calls_that_meet_in_turns_exclude_each_other(launch, payloads):
    """The same on one thread by a count of instructions: turns end anywhere in a call, and in the same place each time."""
    check(random_host(launch, payloads, seed=2, rounds=1, races=1500, turns=40, HARTS=2, TIMEOUT=120))
