# SPDX-License-Identifier: BSD-2-Clause
"""Modes and policies: who shadows the guest's page tables, and which events hmcode ends without an exit."""

import itertools

# The events that a policy lists, in the order of HM_POLICY_* (hm_abi.h).
EVENTS = ["inject", "satp", "flush", "fill"]

# Each mode and its own policy; only in `ssp` may it be another one.
MODES = {
    "native": [],
    "tsp": [],
    "tsp-in-step": [],
    "ssp": ["satp"],
    "ssp-hm": EVENTS,
    "hap": [],
}
NAMES = list(MODES)
# Without hmcode's and host-hv's shadow: the harts translate.
HAP = "hap"
SHADOWED = [name for name in NAMES if name not in ("native", HAP)]
# Beside the ladder.
TSP = ["tsp", "tsp-in-step"]
# Where the shadow keeps some address spaces, so many at most.  In `tsp` each switch is an exit, whatever is kept.
BUFFERED = ["ssp", "ssp-hm"]
ROOTS = 16
# What `make measure` compares if nothing else is asked for, and `make run`.
TABLE = ["native", "tsp", "ssp", "ssp-hm"]
TOUR = [*TABLE, HAP]


def spelled(policy):
    """A policy as options name it."""
    return ",".join(policy) or "none"


def label(mode, policy):
    """As tables and titles name it: with its policy where that is not the mode's own."""
    return mode if sorted(policy) == sorted(MODES[mode]) else f"{mode} {spelled(policy)}"


def told(text):
    """What host-hv calls a policy, as a record has it; None: it is none."""
    if text in SHADOWED:
        return {"mode": text, "hm": MODES[text]}
    events = text.split(",") if isinstance(text, str) and text != "none" else []
    is_policy = isinstance(text, str) and [event for event in EVENTS if event in events] == events
    return {"mode": "ssp", "hm": events} if is_policy else None


def ladder():
    """Every policy there is, from none to all, in the order of the ladder's runs."""
    for answered in itertools.product((False, True), repeat=len(EVENTS)):
        yield [event for event, does in zip(EVENTS, answered) if does]


def for_host(mode, policy):
    """host-hv's boot argument policy=: a mode's name, or the events where they are not the mode's own."""
    return mode if policy == MODES[mode] else spelled(policy)
