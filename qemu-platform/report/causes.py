# SPDX-License-Identifier: BSD-2-Clause
"""What a row pays for: how often each event came, times what one costs where nothing else happens."""

import collections

# What an event is called in words, and the measurement of `make bench-events` that prices it.  None: none does.
TRAPS = {
    "true_fault": ("faults of the guest's own", "true-fault"),
    "fill": ("fills", "fill"),
    "satp_hit": ("switches to a cached address space", "satp-hit"),
    "satp_miss": ("switches to a new address space", "satp-miss"),
    "sfence_va": ("fences of a page", "fence-page-asid"),
    "sfence_asid": ("fences of an address space", "fence-asid"),
    "sfence_all": ("fences of everything", "fence-asid"),
    "ring": ("commits of the ring", "ring-commit"),
    "remote_fence": ("remote fences", None),
}
EXITS = {
    "pt_write": ("stores to page tables", None),
    "satp": ("switches of address spaces", "satp-hit"),
    "flush": ("fences", "fence-page-asid"),
    "true_fault": ("faults of the guest's own", "true-fault"),
    "hidden_fault": ("hidden faults", "fill"),
    "g_stage_fault": ("first touches of the guest's memory", None),
    "root_miss": ("new address spaces", "satp-miss"),
    "ring": ("commits of the ring", "ring-commit"),
    "remote_fence": ("remote fences", None),
}
# An SBI call that the hypervisor answers.
SHORTEST = "vm-exit"
HM = "ssp-hm"

# what: traps or exits.  borrowed: the price is another event's or another mode's.
Cause = collections.namedtuple("Cause", "words count what price borrowed")


def cost(cause):
    return cause.count * cause.price


def beyond_native(events, mode, name):
    """Instructions of one, beyond those natively; None: it was not measured."""
    if name not in events.get(mode, {}) or name not in events.get("native", {}):
        return None
    return events[mode][name] - events["native"][name]


def is_exit(events, mode, price):
    """Whether this event went to the hypervisor where it was measured: no exit costs half of an SBI call that does, and
    no trap as much."""
    return price is not None and mode in events and price >= events[mode].get(SHORTEST, 0) / 2


def of_exit(events, mode, name):
    """The price, and whether another exit's stands in for it."""
    own = beyond_native(events, mode, name)
    return (own, False) if is_exit(events, mode, own) else (events.get(mode, {}).get(SHORTEST), True)


def of_trap(events, mode, name):
    """Where the event exits in a mode when it comes alone, a trap costs what it does in `ssp-hm`."""
    own = beyond_native(events, mode, name)
    return (beyond_native(events, HM, name), True) if is_exit(events, mode, own) else (own, False)


def of(result, events):
    """What is priced, the dearest first."""
    mode, found = result["mode"], []
    for kinds, counts, price_of, what in ((TRAPS, result["hm_traps"]["by_kind"], of_trap, "traps"),
                                          (EXITS, result["vm_exits"]["by_reason"], of_exit, "exits")):
        for name, (words, event) in kinds.items():
            count, (price, borrowed) = counts.get(name, 0), price_of(events, mode, event)
            if count and price and price > 0:
                found.append(Cause(words, count, what, price, borrowed))
    return sorted(found, key=cost, reverse=True)
